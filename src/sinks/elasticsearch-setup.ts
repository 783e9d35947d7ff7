import { type Client, errors, type estypes } from '@elastic/elasticsearch';
import { reasonOf, SidecarError } from '../errors.ts';
import { log } from '../log.ts';
import type { IndexDefinition } from '../plugins.ts';
import type { Trouble } from '../retry.ts';
import { belongsTo, periodPatterns, UNDATED } from '../rotation.ts';

/** A request of Elasticsearch's REST API. */
export interface SetupRequest {
  method: 'PUT';
  path: string;
  body: Record<string, unknown>;
}

/** How to set up. */
export interface SetUpOptions {
  /** An index is one of several periods, and its plain name an alias of them all. */
  rotated: boolean;
  /** A user who may not write templates is refused; otherwise that is a warning, as templates may be there already. */
  strict: boolean;
  signal: AbortSignal;
}

/** Above Elastic's own templates, which have up to 500. */
const PRIORITY = 500;

/** The requests that set up an empty Elasticsearch, in their order. */
export function setupRequests(indices: readonly IndexDefinition[], rotated: boolean): SetupRequest[] {
  return indices.flatMap((index): SetupRequest[] => [
    { method: 'PUT', path: `/_index_template/${index.name}`, body: templateOf(index, rotated) },
    { method: 'PUT', ...createOf(index, rotated) },
  ]);
}

/**
 * An index that Elasticsearch makes by itself, because a document came for it, is made by this template: a new
 * period, or one that was deleted in the middle of a run.
 */
function templateOf({ name, mappings, settings }: IndexDefinition, rotated: boolean) {
  return {
    index_patterns: rotated ? periodPatterns(name) : [name],
    // Where one plugin's name begins with another's, both may fit: the longer one must win.
    priority: PRIORITY + name.length,
    composed_of: [`${name}@custom`],
    ignore_missing_component_templates: [`${name}@custom`],
    template: {
      ...(settings ? { settings } : {}),
      mappings,
      ...(rotated ? { aliases: { [name]: {} } } : {}),
    },
    _meta: { description: 'made by ml-log-sidecar' },
  };
}

/** The index that is there from the start; of periods, the one without a time, for the alias must point somewhere. */
function createOf({ name, mappings, settings }: IndexDefinition, rotated: boolean) {
  const body = {
    ...(settings ? { settings } : {}),
    mappings,
    ...(rotated ? { aliases: { [name]: {} } } : {}),
  };
  return { path: `/${name}${rotated ? UNDATED : ''}`, body };
}

/**
 * Makes templates and indices as they should be; what is right already stays. Waits for the server as `trouble` does;
 * throws `SidecarError` (`config`) where it refuses, or another index is in the way.
 */
export async function setUp(
  client: Client,
  trouble: Trouble,
  indices: readonly IndexDefinition[],
  { rotated, strict, signal }: SetUpOptions,
): Promise<void> {
  for (;;) {
    try {
      for (const index of indices) {
        await assertFree(client, index.name, rotated);
        await putTemplate(client, index, { rotated, strict });
        await ensureIndex(client, index, rotated);
      }
      return trouble.over();
    } catch (error) {
      if (error instanceof SidecarError) throw error;
      const refusal = refusalOf(error, `${trouble.what} refused to set up the indices`);
      if (refusal) throw new SidecarError('config', refusal, { cause: error });
      await trouble.wait(error, signal);
    }
  }
}

async function assertFree(client: Client, name: string, rotated: boolean): Promise<void> {
  const found = Object.keys(await client.indices.get({ index: name, ignore_unavailable: true }));
  if (rotated && found.includes(name)) {
    throw new SidecarError(
      'config',
      `there is an index "${name}", and with indices.rotation that must be the alias of its periods. Empty it with clear-indexes, which then makes the alias; or keep it, and give the plugin another \`index:\``,
    );
  }
  const period = found.find((index) => index !== name && belongsTo(name, index));
  if (!rotated && period !== undefined) {
    throw new SidecarError(
      'config',
      `"${name}" is the alias of ${period} and perhaps more, so no document can be written to it. Set indices.rotation (INDICES_ROTATION) as it was; or empty them with clear-indexes, which then makes the one index`,
    );
  }
}

async function putTemplate(
  client: Client,
  index: IndexDefinition,
  { rotated, strict }: Pick<SetUpOptions, 'rotated' | 'strict'>,
): Promise<void> {
  try {
    await client.indices.putIndexTemplate({
      name: index.name,
      ...(templateOf(index, rotated) as Omit<estypes.IndicesPutIndexTemplateRequest, 'name'>),
    });
  } catch (error) {
    if (strict || !(error instanceof errors.ResponseError) || error.statusCode !== 403) throw error;
    log.warn(
      `this user may not write the index template ${index.name} (privilege manage_index_templates): run \`setup\` once as one who may, or an index that is deleted, or a new period, gets fields that Elasticsearch guesses`,
    );
  }
}

/**
 * Creates the index if it is missing; to those that are there, periods included, adds missing fields, and reports fields in
 * conflict.
 */
export async function ensureIndex(client: Client, index: IndexDefinition, rotated = false): Promise<void> {
  const { name, mappings } = index;
  const { path, body } = createOf(index, rotated);
  if (!(await client.indices.exists({ index: path.slice(1) }))) {
    try {
      await client.indices.create({ index: path.slice(1), ...body });
      log.debug(`created index ${path.slice(1)}`);
    } catch (error) {
      const raced =
        error instanceof errors.ResponseError && error.message.includes('resource_already_exists_exception');
      if (!raced) throw error;
    }
  }
  const present = await client.indices.get({ index: rotated ? periodPatterns(name) : name });
  for (const [found, { mappings: there = {}, aliases = {} }] of Object.entries(present)) {
    if (rotated && !belongsTo(name, found)) continue;
    const { conflicts, missing } = compareMappings(mappings, there as Record<string, unknown>);
    for (const { field, is, wanted } of conflicts) {
      log.warn(
        `index ${found} was made with another mapping: its field ${field} is ${is}, this program's is ${wanted}. It is left as it is; documents that don't fit become dead letters. Reindex into a new index, or rename this one, to have it right`,
      );
    }
    if (Object.keys(missing).length > 0)
      await client.indices.putMapping({ index: found, properties: missing });
    if (rotated && !(name in aliases)) await client.indices.putAlias({ index: found, name });
  }
}

/** A field whose type is not the one that it should have. */
export interface Conflict {
  field: string;
  is: string;
  wanted: string;
}

/** What of an index's wanted mapping is otherwise in the one it has, and which of its fields are not there at all. */
export function compareMappings(
  wanted: Record<string, unknown>,
  present: Record<string, unknown>,
): { conflicts: Conflict[]; missing: Record<string, estypes.MappingProperty> } {
  const there = fieldTypes(present);
  const conflicts = [...fieldTypes(wanted)].flatMap(([field, type]): Conflict[] => {
    const is = there.get(field);
    return type === 'alias' || is === undefined || is === type ? [] : [{ field, is, wanted: type }];
  });
  const properties = (wanted.properties ?? {}) as Record<string, estypes.MappingProperty>;
  const missing = Object.entries(properties).filter(([field]) => !there.has(field));
  return { conflicts, missing: Object.fromEntries(missing) };
}

/** Every declared field's dotted path and type. */
function fieldTypes(mappings: Record<string, unknown>, path = ''): Map<string, string> {
  const types = new Map<string, string>();
  for (const [name, field] of Object.entries(
    (mappings.properties ?? {}) as Record<string, Record<string, unknown>>,
  )) {
    types.set(path + name, (field.type as string | undefined) ?? 'object');
    for (const [inner, type] of fieldTypes(field, `${path}${name}.`)) types.set(inner, type);
  }
  return types;
}

/** Why an answer is a refusal, which trying again won't change, and what to do; `what`: `Elasticsearch at … refused to …`. */
export function refusalOf(error: unknown, what: string): string | undefined {
  const notElasticsearch =
    'what answers there is no Elasticsearch: check ELASTICSEARCH_URL (or _HOST and _PORT)';
  const refused = `${what}: ${reasonOf(error)}`;
  if (error instanceof errors.ProductNotSupportedError) return `${what}: ${notElasticsearch}`;
  if (!(error instanceof errors.ResponseError)) return undefined;
  const { statusCode = 0, headers } = error;
  if (statusCode < 400 || statusCode >= 500 || statusCode === 429) return undefined;
  if (statusCode === 401)
    return `${refused}. Set ELASTICSEARCH_API_KEY, or ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD`;
  if (statusCode === 403)
    return `${refused}. The user needs the privileges create_index, manage and create_doc on the indices, and manage_index_templates and monitor on the cluster`;
  return headers?.['x-elastic-product'] === 'Elasticsearch' ? refused : `${what}: ${notElasticsearch}`;
}
