import { type Client, errors, type estypes } from '@elastic/elasticsearch';
import type { IndexDefinition } from '../plugin.ts';
import {
  belongsTo,
  fits,
  listPeriodPatterns,
  listTemplatePatterns,
  type Rotation,
  UNDATED,
} from '../rotation.ts';
import { SidecarError } from '../util/errors.ts';
import { log } from '../util/log.ts';
import type { Trouble } from '../util/retry.ts';
import { adaptIndex } from './adapt.ts';
import { createRefusalError, findRefusal } from './refusal.ts';
import type { Server } from './server.ts';
import { serverOf } from './transport.ts';

/** A request of Elasticsearch's REST API. */
export interface SetupRequest {
  method: 'PUT';
  path: string;
  body: Record<string, unknown>;
}

/** How to set up. */
export interface SetUpOptions {
  /** Other than `none`: an index is one of several periods, and its plain name an alias of them all. */
  rotation: Rotation;
  /**
   * A user who may not write templates is refused; otherwise that is a warning, as templates may be there already.
   */
  strict: boolean;
  signal: AbortSignal;
}

/** Above Elastic's own templates, which have up to 500. */
const PRIORITY = 500;

/** Logs are written once and seldom read: a quarter less on disk (bench/disk.md) is worth some CPU. */
const COMPACT = { 'index.codec': 'best_compression' };

/** A component template with what the user adds to an index: `ml-api-logs@custom`. */
const customOf = (name: string): string => `${name}@custom`;

/** The requests that set up this server while it is empty, in their order. */
export function buildSetupRequests(
  server: Server,
  indices: readonly IndexDefinition[],
  rotation: Rotation,
): SetupRequest[] {
  return indices.flatMap((index): SetupRequest[] => [
    { method: 'PUT', path: `/_index_template/${index.name}`, body: buildTemplate(server, index, rotation) },
    { method: 'PUT', ...buildIndex(server, index, rotation) },
  ]);
}

/**
 * An index that Elasticsearch makes by itself, because a document came for it, is made by this template: a new
 * period, or one that was deleted in the middle of a run. Where a template can't name a component that is not there,
 * `hasCustom` says whether this one is.
 */
function buildTemplate(server: Server, index: IndexDefinition, rotation: Rotation, hasCustom = false) {
  const name = index.name;
  const custom = customOf(name);
  const components = server.ignoresMissingComponents
    ? { composed_of: [custom], ignore_missing_component_templates: [custom] }
    : hasCustom
      ? { composed_of: [custom] }
      : {};
  return {
    index_patterns: listTemplatePatterns(name, rotation),
    // Where one plugin's name begins with another's, both may fit: the longer one must win.
    priority: PRIORITY + name.length,
    ...components,
    template: buildIndex(server, index, rotation).body,
    _meta: { description: 'made by ml-log-sidecar' },
  };
}

/** The index that is there from the start; of periods, the one without a time, for the alias must point somewhere. */
function buildIndex(server: Server, index: IndexDefinition, rotation: Rotation) {
  const name = index.name;
  const rotated = rotation !== 'none';
  const adapted = adaptIndex(server, index);
  const body = {
    ...adapted,
    settings: { ...(server.isServerless ? {} : COMPACT), ...adapted.settings },
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
  { rotation, strict, signal }: SetUpOptions,
): Promise<void> {
  for (;;) {
    try {
      for (const index of indices) {
        await assertFree(client, index.name, rotation);
        await putTemplate(client, index, { rotation, strict });
        await ensureIndex(client, index, rotation);
      }
      return trouble.over();
    } catch (error) {
      if (error instanceof SidecarError) throw error;
      const refusal = findRefusal(error, `${trouble.what} refused to set up the indices`);
      if (refusal) throw createRefusalError(refusal, error);
      if (!(await trouble.wait(error, signal))) throw trouble.unreachable(error);
    }
  }
}

/** An id is known within one index only: with documents of another rotation beside, logs would be doubled. */
async function assertFree(client: Client, name: string, rotation: Rotation): Promise<void> {
  for (const index of Object.keys(await client.indices.get({ index: name, ignore_unavailable: true }))) {
    if (!belongsTo(name, index) || fits(name, index, rotation)) continue;
    throw new SidecarError(
      'config',
      `there is an index ${index}, made with another indices.rotation than "${rotation}". Set it back (INDICES_ROTATION); or empty the indices with clear-indexes, which makes them anew; or give the plugin another \`index:\``,
    );
  }
}

async function putTemplate(
  client: Client,
  index: IndexDefinition,
  { rotation, strict }: Pick<SetUpOptions, 'rotation' | 'strict'>,
): Promise<void> {
  const server = await serverOf(client);
  try {
    const custom = { name: customOf(index.name) };
    const hasCustom =
      !server.ignoresMissingComponents && (await client.cluster.existsComponentTemplate(custom));
    await client.indices.putIndexTemplate({
      name: index.name,
      ...(buildTemplate(server, index, rotation, hasCustom) as Omit<
        estypes.IndicesPutIndexTemplateRequest,
        'name'
      >),
    });
  } catch (error) {
    if (strict || !(error instanceof errors.ResponseError) || error.statusCode !== 403) throw error;
    log.warn(
      `this user may not write the index template ${index.name} (privilege manage_index_templates): run \`setup\` once as one who may, or an index that is deleted, or a new period, gets fields that Elasticsearch guesses`,
    );
  }
}

/**
 * Creates the index if it is missing; to those that are there, periods included, adds missing fields, and reports
 * fields in conflict.
 */
export async function ensureIndex(
  client: Client,
  index: IndexDefinition,
  rotation: Rotation = 'none',
): Promise<void> {
  const name = index.name;
  const rotated = rotation !== 'none';
  const { path, body } = buildIndex(await serverOf(client), index, rotation);
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
  const present = await client.indices.get({ index: rotated ? listPeriodPatterns(name) : name });
  for (const [found, { mappings: there = {}, aliases = {} }] of Object.entries(present)) {
    if (rotated && !belongsTo(name, found)) continue;
    const { conflicts, missing } = compareMappings(body.mappings, there as Record<string, unknown>);
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
