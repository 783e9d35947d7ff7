import type { Client, estypes } from '@elastic/elasticsearch';
import { belongsTo, listPeriodPatterns } from '../rotation.ts';
import { SidecarError } from '../util/errors.ts';
import { log } from '../util/log.ts';

/** An index as it is in Elasticsearch. */
export interface PresentIndex {
  /** The configured name that it belongs to. */
  name: string;
  /** Its own: the configured one, or that of a period. */
  index: string;
}

/**
 * The indices that hold the documents of these configured names, whichever rotation made them; names that have none
 * are left out. Throws `SidecarError` (`config`) where a name is the alias of an index that is not this program's.
 */
export async function findPresentIndices(client: Client, names: readonly string[]): Promise<PresentIndex[]> {
  const present: PresentIndex[] = [];
  for (const name of names) {
    const found = await client.indices.getAlias({
      index: [name, ...listPeriodPatterns(name)],
      ignore_unavailable: true,
      expand_wildcards: 'all',
    });
    for (const [index, { aliases }] of Object.entries(found)) {
      if (belongsTo(name, index)) present.push({ name, index });
      else if (name in aliases) {
        throw new SidecarError(
          'config',
          `"${name}" is an alias of ${index}, which is not an index of this program, so it is left alone. Remove the alias, or configure another \`index:\``,
        );
      }
    }
  }
  return present.sort((a, b) => a.name.localeCompare(b.name) || a.index.localeCompare(b.index));
}

/** How many documents an index, or alias, holds, those written just now too; `query` counts only those that match. */
export async function countDocuments(client: Client, index: string, query?: object): Promise<number> {
  await client.indices.refresh({ index, ignore_unavailable: true });
  const { count } = await client.count({ index, ignore_unavailable: true, ...(query ? { query } : {}) });
  return count;
}

/** The types that fields of indices have; `fields` may end in `*`. */
export async function findFieldTypes(
  client: Client,
  index: string,
  fields: string,
): Promise<Record<string, string[]>> {
  // The client's own method puts `fields` into the body, where OpenSearch and Elasticsearch 7 don't look for them.
  const answer = await client.transport.request<estypes.FieldCapsResponse>({
    method: 'GET',
    path: `/${encodeURIComponent(index)}/_field_caps`,
    querystring: { fields, ignore_unavailable: true },
  });
  return Object.fromEntries(
    Object.entries(answer.fields).map(([field, types]) => [field, Object.keys(types)]),
  );
}

/** Whether an index's documents can be told by their `timestamp`; where not, that is warned of. */
export async function isDated(client: Client, index: string): Promise<boolean> {
  const { timestamp: types = [] } = await findFieldTypes(client, index, 'timestamp');
  if (types.length === 1 && types[0] === 'date') return true;
  const is = types.length === 0 ? 'has no field timestamp' : `has a field timestamp that is ${types.join()}`;
  log.warn(`${index} ${is} and not a date, so it is left alone`);
  return false;
}
