/** What this program must know of the server that it talks to: all differences between servers are data in here. */
export interface Server {
  product: 'Elasticsearch' | 'OpenSearch';
  /** As the server tells it: `8.19.8`; empty where it may not be asked for (privilege `monitor`). */
  version: string;
  /** The cluster's name, if it may be asked for. */
  cluster: string;
  /** An Elastic Cloud serverless project: there are no nodes to be seen, and no health of a cluster. */
  isServerless: boolean;
  /** It knows the field type `flattened`. */
  hasFlattened: boolean;
  /** Numbers that are not indexed can be searched for by their doc values. */
  searchesDocValues: boolean;
  /** It takes documents of more fields than an index may have, and leaves the rest unmapped. */
  ignoresFieldsBeyondLimit: boolean;
  /** A template may name a component that is not there. */
  ignoresMissingComponents: boolean;
  /** What the documents of a point in time are told apart by, in an order that stays the same. */
  tiebreaker: readonly string[];
  pointInTime: PointInTimeApi;
}

/** How a point in time is opened and closed. */
interface PointInTimeApi {
  /** The path to delete at and, behind that of the index, to post to. */
  path: string;
  /** Where the answer has the id. */
  idIn: 'id' | 'pit_id';
  /** The body of the request that closes it. */
  closeWith(id: string): object;
}

const ELASTIC_PIT: PointInTimeApi = { path: '/_pit', idIn: 'id', closeWith: (id) => ({ id }) };

/** https://docs.opensearch.org/latest/search-plugins/searching-data/point-in-time-api/ */
const OPENSEARCH_PIT: PointInTimeApi = {
  path: '/_search/point_in_time',
  idIn: 'pit_id',
  closeWith: (id) => ({ pit_id: [id] }),
};

/** The answer to `GET /`. */
interface Info {
  cluster_name?: string;
  tagline?: string;
  version?: { number?: string; distribution?: string; build_flavor?: string };
}

/** An Elasticsearch that knows all that this program makes use of. */
export const NEWEST_ELASTICSEARCH: Server = elasticsearch({ version: { number: '9.0.0' } });

/**
 * Reads the answer to `GET /`; `undefined` where it is not that of a server this program can work with. `product`: the
 * header `x-elastic-product`, which an answer of Elasticsearch has from 7.14 on, a refusal too.
 */
export function readServer(body: unknown, product: string | undefined): Server | undefined {
  const info = (typeof body === 'object' && body !== null ? body : {}) as Info;
  const { distribution } = info.version ?? {};
  // With compatibility.override_main_response_version, OpenSearch says that it is 7.10.2, and no distribution.
  if (distribution === 'opensearch' || info.tagline?.startsWith('The OpenSearch Project'))
    return openSearch(info);
  if (product !== 'Elasticsearch') return undefined;
  return info.version ? elasticsearch(info) : { ...NEWEST_ELASTICSEARCH, version: '' };
}

function elasticsearch({ version, cluster_name: cluster = '' }: Info): Server {
  const { number = '', build_flavor: flavor } = version ?? {};
  const isServerless = flavor === 'serverless';
  const since = (wanted: string): boolean => isServerless || isAtLeast(number, wanted);
  return {
    product: 'Elasticsearch',
    version: number,
    cluster,
    isServerless,
    hasFlattened: true,
    searchesDocValues: since('8.1'),
    ignoresFieldsBeyondLimit: since('8.13'),
    ignoresMissingComponents: since('8.7'),
    tiebreaker: ['_shard_doc'],
    pointInTime: ELASTIC_PIT,
  };
}

function openSearch({ version, cluster_name: cluster = '' }: Info): Server {
  const number = version?.number ?? '';
  return {
    product: 'OpenSearch',
    version: number,
    cluster,
    isServerless: false,
    // Its `flat_object` refuses strings over 32,766 bytes and takes no `depth_limit`.
    hasFlattened: false,
    searchesDocValues: isAtLeast(number, '2.14'),
    ignoresFieldsBeyondLimit: false,
    ignoresMissingComponents: false,
    // An older one has only the id, for which it loads all ids of an index into memory.
    tiebreaker: isAtLeast(number, '3.3') ? ['_shard_doc'] : ['_id', '_index'],
    pointInTime: OPENSEARCH_PIT,
  };
}

function isAtLeast(version: string, wanted: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/** The server's name and version, for people. */
export function serverName({ product, version, isServerless }: Server): string {
  return isServerless ? `${product} Serverless` : `${product} ${version || '(version unknown)'}`;
}

/** The servers that this program is tested with, for people. */
export const TESTED = 'Elasticsearch 7.17, 8 and 9, and OpenSearch 2.19 and 3';

/** Whether the server is one of those, or may not be asked. */
export function isSupported({ product, version, isServerless }: Server): boolean {
  if (isServerless || version === '') return true;
  const major = Number(version.split('.')[0]);
  return product === 'OpenSearch'
    ? isAtLeast(version, '2.19') && major <= 3
    : isAtLeast(version, '7.17') && major <= 9;
}
