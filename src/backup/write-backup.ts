import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@elastic/elasticsearch';
import { createRequestError, type ElasticsearchOptions } from '../elasticsearch/client.ts';
import { Snapshot, SnapshotGone, type StoredDocument } from '../elasticsearch/snapshot.ts';
import type { Kibana } from '../kibana/kibana-client.ts';
import type { Progress } from '../terminal/progress.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { Lock } from '../util/lock.ts';
import { log } from '../util/log.ts';
import { replaceFile } from '../util/replace-file.ts';
import {
  DASHBOARDS_FILE,
  DATAVIEWS_FILE,
  documentsFile,
  type FileFigures,
  MANIFEST_FILE,
  type Manifest,
  mappingFile,
  sumFigures,
} from './manifest.ts';

/** What an export works with. */
export interface ExportContext {
  client: Client;
  options: ElasticsearchOptions;
  /** Where data views and dashboards are, if anywhere. */
  kibana: Kibana | undefined;
  progress: Progress;
}

/** What an interrupted export needs to continue; kept in the backup until it is whole. */
interface State {
  /** The point in time. */
  pit: string;
  started_at: string;
  elasticsearch_version: string;
  /** Of all indices of the backup, in order; those in `done` are written. */
  indices: string[];
  done: Record<string, { documents: number }>;
  files: Record<string, FileFigures>;
  /** How far the current index is: this much of its file is sound, and `after` is the place behind that. */
  current?: { index: string; documents: number; bytes: number; after: unknown };
}

const STATE_FILE = 'export_state.json';
/** Indices whose point in time is lost begin anew; a server that loses it again and again is in other trouble. */
const MOST_SNAPSHOTS = 3;

/** Settings that belong to one index alone: refused when another is created, or, like `blocks`, in its way. */
const OWN_SETTINGS = [
  'uuid',
  'creation_date',
  'provided_name',
  'version',
  'history',
  'resize',
  'routing',
  'blocks',
];

/**
 * Begins a backup of these indices, or of those behind an alias of that name, in a new folder
 * `backup_YYYYMMDD_HHMMSS` (local time) of `output`, and returns that folder. Throws `SidecarError`.
 */
export async function beginExport(
  { client, options }: ExportContext,
  names: readonly string[],
  output: string,
): Promise<string> {
  const started = new Date();
  const folder = join(output, `backup_${formatStamp(started)}`);
  try {
    const found = await client.indices.get({ index: [...names], ignore_unavailable: true });
    const indices = Object.keys(found).sort();
    if (indices.length === 0)
      throw new SidecarError('config', `there is none of the indices ${names.join(', ')} to export`);
    const { version } = await client.info();
    // By the names that were given: a year of daily indices behind an alias does not fit into the line of a request.
    const isThere = (name: string): boolean =>
      name.includes('*') || indices.some((each) => each === name || found[each]?.aliases?.[name]);
    const snapshot = await Snapshot.open(client, options, names.filter(isThere));
    await mkdir(output, { recursive: true });
    await mkdir(folder, { mode: 0o700 });
    await mkdir(join(folder, 'indexes'));
    const files: Record<string, FileFigures> = {};
    for (const index of indices) {
      const { mappings, settings, aliases } = found[index]!;
      const own = { ...settings?.index } as Record<string, unknown>;
      for (const name of OWN_SETTINGS) delete own[name];
      const text = JSON.stringify({ settings: { index: own }, mappings, aliases }, null, 2);
      files[mappingFile(index)] = await writeWhole(folder, mappingFile(index), `${text}\n`);
    }
    await save(folder, {
      pit: snapshot.id,
      started_at: started.toISOString(),
      elasticsearch_version: version.number,
      indices,
      done: {},
      files,
    });
    return folder;
  } catch (error) {
    if (isFileError(error)) throw explainUnwritable(folder, error);
    throw createRequestError(options, error, `to export ${names.join(', ')}`);
  }
}

/** The newest backup in `output` that was interrupted, if there is one. */
export async function findUnfinishedExport(output: string): Promise<string | undefined> {
  const names = await readdir(output).catch(() => []);
  for (const name of names.sort().reverse()) {
    const folder = join(output, name);
    if (name.startsWith('backup_') && (await stat(join(folder, STATE_FILE)).catch(() => undefined)))
      return folder;
  }
  return undefined;
}

/** Writes what is missing of a begun backup, and returns what it holds. Throws `SidecarError`; it can be called again then. */
export async function finishExport(context: ExportContext, folder: string): Promise<Manifest> {
  const lock = new Lock(join(folder, 'export.lock'), `writes ${folder}. Let it end`);
  await lock.take();
  try {
    return await writeMissing(context, folder);
  } finally {
    await lock.release();
  }
}

async function writeMissing(context: ExportContext, folder: string): Promise<Manifest> {
  const { client, options, progress, kibana } = context;
  const state = JSON.parse(await readFile(join(folder, STATE_FILE), 'utf8')) as State;
  try {
    let snapshot = new Snapshot(client, options, state.pit);
    for (let snapshots = 1; ; snapshots++) {
      try {
        for (const index of state.indices)
          if (!(index in state.done)) await exportIndex(context, folder, state, snapshot, index);
        break;
      } catch (error) {
        if (!(error instanceof SnapshotGone) || snapshots === MOST_SNAPSHOTS) throw error;
        const left = state.indices.filter((index) => !(index in state.done));
        log.warn(`the point in time is gone; ${left.join(', ')}: begun anew, as they are now`);
        delete state.current;
        snapshot = await Snapshot.open(client, options, left);
        state.pit = snapshot.id;
      }
    }
    progress.clear();
    const objects = kibana && (await exportKibana(kibana, folder, state));
    const manifest: Manifest = {
      format: 1,
      started_at: state.started_at,
      finished_at: new Date().toISOString(),
      elasticsearch_version: state.elasticsearch_version,
      total_documents: Object.values(state.done).reduce((sum, { documents }) => sum + documents, 0),
      indexes: state.done,
      ...(objects ? { kibana: objects } : {}),
      files: state.files,
    };
    await replaceFile(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
    await rm(join(folder, STATE_FILE));
    // Elasticsearch drops it by itself, later.
    await snapshot.close().catch(() => {});
    return manifest;
  } catch (error) {
    progress.clear();
    if (isFileError(error)) throw explainUnwritable(folder, error);
    throw createRequestError(options, error, `to export to ${folder}`);
  }
}

async function exportIndex(
  { progress }: ExportContext,
  folder: string,
  state: State,
  snapshot: Snapshot,
  index: string,
): Promise<void> {
  const query = { term: { _index: index } };
  const path = join(folder, documentsFile(index));
  const total = await snapshot.count(query);
  const begun = state.current?.index === index ? state.current : undefined;
  const sound = begun !== undefined && ((await stat(path).catch(() => undefined))?.size ?? 0) >= begun.bytes;
  let { documents, bytes, after } = sound ? begun : { documents: 0, bytes: 0, after: undefined };
  const file = await open(path, sound ? 'r+' : 'w', 0o600);
  try {
    await file.truncate(bytes);
    const hash = createHash('sha256');
    if (sound)
      for await (const chunk of file.createReadStream({ start: 0, autoClose: false })) hash.update(chunk);
    for await (const page of snapshot.pages(query, after)) {
      const lines = Buffer.from(page.documents.map((document) => formatBulkLines(index, document)).join(''));
      await file.write(lines, 0, lines.length, bytes);
      hash.update(lines);
      documents += page.documents.length;
      bytes += lines.length;
      after = page.after;
      progress.show(index, documents, total);
      await file.datasync();
      state.pit = snapshot.id;
      state.current = { index, documents, bytes, after };
      await save(folder, state);
    }
    await file.sync();
    state.files[documentsFile(index)] = { bytes, sha256: hash.digest('hex') };
  } finally {
    await file.close();
  }
  state.done[index] = { documents };
  delete state.current;
  await save(folder, state);
}

function formatBulkLines(_index: string, { id: _id, routing, source }: StoredDocument): string {
  return `${JSON.stringify({ create: { _index, _id, routing } })}\n${source}\n`;
}

async function exportKibana(
  kibana: Kibana,
  folder: string,
  { files }: State,
): Promise<{ dataviews: number; dashboards: number }> {
  const dataviews = await kibana.exportObjects('index-pattern');
  const dashboards = await kibana.exportObjects('dashboard');
  for (const [path, { text }] of [
    [DATAVIEWS_FILE, dataviews],
    [DASHBOARDS_FILE, dashboards],
  ] as const)
    files[path] = await writeWhole(folder, path, text);
  return { dataviews: dataviews.count, dashboards: dashboards.count };
}

async function writeWhole(folder: string, path: string, text: string): Promise<FileFigures> {
  const full = join(folder, path);
  await mkdir(join(full, '..'), { recursive: true });
  await writeFile(full, text, { mode: 0o600, flush: true });
  return sumFigures(full);
}

async function save(folder: string, state: State): Promise<void> {
  await replaceFile(join(folder, STATE_FILE), JSON.stringify(state));
}

/** `20261124_192605`, in the machine's zone. */
export function formatStamp(date: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
  return `${day}_${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}

function isFileError(error: unknown): boolean {
  // Elasticsearch's client wraps what its connections throw.
  return typeof (error as NodeJS.ErrnoException).syscall === 'string';
}

function explainUnwritable(folder: string, cause: unknown): SidecarError {
  return new SidecarError(
    'unreachable',
    `${folder} can't be written: ${reasonOf(cause)}. Make room there, or give another folder with --output`,
    { cause },
  );
}
