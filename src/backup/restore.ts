import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, errors } from '@elastic/elasticsearch';
import { adaptIndex } from '../elasticsearch/adapt.ts';
import { createRequestError, type ElasticsearchOptions, readStatus } from '../elasticsearch/client.ts';
import { serverOf } from '../elasticsearch/transport.ts';
import type { Kibana } from '../kibana/kibana-client.ts';
import { isIndexName } from '../rotation.ts';
import type { ElasticsearchSink } from '../sinks/elasticsearch.ts';
import type { Progress } from '../terminal/progress.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { Lines } from '../util/lines.ts';
import { log } from '../util/log.ts';
import {
  DASHBOARDS_FILE,
  DATAVIEWS_FILE,
  documentsFile,
  mappingFile,
  readManifest,
  verifyBackup,
} from './manifest.ts';
import { type DocumentBatch, readBackupDocuments, readBackupMapping } from './read-backup.ts';

/** What an import works with. */
export interface ImportContext {
  client: Client;
  options: ElasticsearchOptions;
  /** Writes the documents. */
  sink: Pick<ElasticsearchSink, 'writeLines'>;
  /** What the names of this program's indices and aliases begin with: a backup touches no others. */
  prefix: string;
  /** Where data views and dashboards go, if anywhere. */
  kibana: Kibana | undefined;
  progress: Progress;
  /** Told of each document that Elasticsearch refuses. */
  onRefused: (refusal: RefusedDocument) => void;
}

/** A document that Elasticsearch refused. */
export interface RefusedDocument {
  index: string;
  id: string;
  reason: string;
}

/** What became of one index. */
export interface ImportedIndex {
  /** Its name in the backup. */
  from: string;
  stored: number;
  /** Documents whose id was there already; they are left alone. */
  existing: number;
  refused: number;
  /** Why nothing of it could be imported. */
  error?: string;
}

/** What an import did. */
export interface ImportedBackup {
  /** By the name that the index has now. */
  indexes: Record<string, ImportedIndex>;
  /** How many of Kibana's saved objects were put back. */
  kibana?: number;
}

/** Which indices of a backup, and under which names. */
export interface Choice {
  /** Names within the backup; all of them where none is given. Kibana's objects only go with all of them. */
  only: readonly string[];
  /** `FROM=TO`; `ml-api-*=restored-*` renames all that begin so. */
  rename: readonly string[];
}

/** Batches on their way at once: Elasticsearch has work while the next one is read. */
const CONCURRENCY = 3;

/**
 * Restores a backup: indices that are missing are made with their settings and mappings, to those that are there missing
 * fields are added; aliases, and documents under their ids. What is there is left alone, so an import can be repeated. Only
 * indices and aliases whose names begin with the prefix, or which `rename` names, are touched.
 * Everything is verified before anything is written. Throws `SidecarError`; an index that Elasticsearch refuses as a
 * whole costs the others nothing.
 */
export async function importBackup(
  context: ImportContext,
  folder: string,
  choice: Choice,
): Promise<ImportedBackup> {
  const { progress, kibana } = context;
  const manifest = await readManifest(folder);
  const chosen = chooseIndices(Object.keys(manifest.indexes), choice.only);
  const nameOf = createRenamer(choice.rename);
  const targets = new Map(chosen.map((from) => [from, nameOf(from) ?? from]));
  if (new Set(targets.values()).size < targets.size)
    throw new SidecarError('config', '--rename gives two indices one name');
  assertOurs(targets, nameOf, context.prefix);
  const all = choice.only.length === 0 && choice.rename.length === 0;
  const objects = all && kibana && manifest.kibana ? [DATAVIEWS_FILE, DASHBOARDS_FILE] : [];
  const files = [...chosen.flatMap((index) => [mappingFile(index), documentsFile(index)]), ...objects];
  await verifyBackup(folder, manifest, files, (done, total) => progress.show('verifying', done, total));
  const indexes: ImportedBackup['indexes'] = {};
  for (const [from, to] of targets) {
    const result: ImportedIndex = { from, stored: 0, existing: 0, refused: 0 };
    indexes[to] = result;
    try {
      await prepareIndex(context, folder, from, to, nameOf);
    } catch (error) {
      if (!(error instanceof errors.ResponseError) || readStatus(error.statusCode ?? 0) !== 'refused')
        throw createRequestError(context.options, error, `to set up ${to}`);
      result.error = error.body?.error?.reason ?? reasonOf(error);
      continue;
    }
    await importDocuments(context, folder, result, to, manifest.indexes[from]!.documents);
  }
  progress.clear();
  if (objects.length === 0) return { indexes };
  let put = 0;
  for (const path of objects) put += await kibana!.importObjects(await readFile(join(folder, path), 'utf8'));
  return { indexes, kibana: put };
}

function chooseIndices(names: readonly string[], only: readonly string[]): string[] {
  const unknown = only.filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw new SidecarError(
      'config',
      `--only: the backup has no ${unknown.join(', ')}; it has ${names.join(', ')}`,
    );
  return names.filter((name) => only.length === 0 || only.includes(name));
}

/** Whether a backup may touch what is called so: its name, and those of its aliases, are somebody else's words. */
function isOurs(name: string, prefix: string): boolean {
  return isIndexName(name) && name.startsWith(prefix);
}

function assertOurs(
  targets: ReadonlyMap<string, string>,
  nameOf: (name: string) => string | undefined,
  prefix: string,
): void {
  for (const [from, to] of targets) {
    if (nameOf(from) === undefined ? isOurs(from, prefix) : isIndexName(to)) continue;
    throw new SidecarError(
      'config',
      `the backup's index "${to}" is not one of this program's, whose names begin with "${prefix}" (indices.prefix); nothing was imported. Leave it out with --only, or give it another name with --rename`,
    );
  }
}

/** A function to the new name of an index or alias, `undefined` where no rule speaks of it. Throws `SidecarError`. */
export function createRenamer(rules: readonly string[]): (name: string) => string | undefined {
  const parsed = rules.map((rule) => {
    const [, from, to] = /^([^=*]+\*?)=([^=*]+\*?)$/.exec(rule) ?? [];
    if (from === undefined || to === undefined || from.endsWith('*') !== to.endsWith('*'))
      throw new SidecarError(
        'config',
        `--rename: "${rule}" is not FROM=TO, such as ml-api-logs=restored-logs or ml-api-*=restored-*`,
      );
    return { from, to };
  });
  return (name) => {
    for (const { from, to } of parsed) {
      if (name === from) return to;
      const start = from.slice(0, -1);
      if (from.endsWith('*') && name.startsWith(start)) return to.slice(0, -1) + name.slice(start.length);
    }
    return undefined;
  };
}

async function prepareIndex(
  { client, prefix }: ImportContext,
  folder: string,
  from: string,
  to: string,
  nameOf: (name: string) => string | undefined,
): Promise<void> {
  const { aliases, ...body } = await readBackupMapping(join(folder, mappingFile(from)));
  const { mappings, settings = {} } = adaptIndex(await serverOf(client), body);
  if (await client.indices.exists({ index: to })) await client.indices.putMapping({ index: to, ...mappings });
  else await client.indices.create({ index: to, settings, mappings });
  const actions = Object.entries(aliases).flatMap(([alias, definition]) => {
    // An alias of the backed-up index that named its copy as well would show every document twice.
    const name = to === from ? alias : nameOf(alias);
    if (name !== undefined && isIndexName(name) && (nameOf(alias) !== undefined || isOurs(name, prefix)))
      return [{ add: { ...definition, index: to, alias: name } }];
    const why = to === from ? `its name does not begin with "${prefix}"` : '--rename says nothing of it';
    log.info(`${to}: the alias ${alias} of ${from} is left out; ${why}`);
    return [];
  });
  if (actions.length > 0) await client.indices.updateAliases({ actions });
}

async function importDocuments(
  { sink, client, progress, onRefused }: ImportContext,
  folder: string,
  result: ImportedIndex,
  index: string,
  total: number,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  const failure = new AbortController();
  const send = async ({ ids, lines }: DocumentBatch): Promise<void> => {
    const outcomes = await sink.writeLines(new Lines(lines), failure.signal);
    outcomes.forEach((outcome, n) => {
      if (outcome === 'stored') result.stored++;
      else if (outcome === 'exists') result.existing++;
      else {
        result.refused++;
        onRefused({ index, id: ids[n]!, reason: outcome.refused });
      }
    });
    progress.show(index, result.stored + result.existing + result.refused, total);
  };
  try {
    for await (const batch of readBackupDocuments(join(folder, documentsFile(result.from)), index)) {
      const sent = send(batch).finally(() => underWay.delete(sent));
      // Its rejection is met by the race below, or by the last wait.
      sent.catch(() => {});
      underWay.add(sent);
      if (underWay.size >= CONCURRENCY) await Promise.race(underWay);
    }
    await Promise.all(underWay);
  } catch (error) {
    failure.abort();
    await Promise.allSettled(underWay);
    throw error;
  }
  await client.indices.refresh({ index });
}
