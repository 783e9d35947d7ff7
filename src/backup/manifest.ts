import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { reasonOf, SidecarError } from '../util/errors.ts';

/** What proves that a file is the one that was written. */
export interface FileFigures {
  bytes: number;
  /** SHA-256, in hexadecimal. */
  sha256: string;
}

/** `migration_stats.json`: what a backup holds. It is written last, so a backup that has it is whole. */
export interface Manifest {
  /** Version of this layout. */
  format: 1;
  /** ISO 8601, UTC. */
  started_at: string;
  finished_at: string;
  /** Version of the Elasticsearch that the documents come from. */
  elasticsearch_version: string;
  total_documents: number;
  /** By name; their files are `indexes/<name>_mapping.json` and `indexes/<name>_documents.ndjson`. */
  indexes: Record<string, { documents: number }>;
  /** Kibana's saved objects, where there was a Kibana. */
  kibana?: { dataviews: number; dashboards: number };
  /** Every other file of the backup, by its path within it. */
  files: Record<string, FileFigures>;
}

/** The name of a backup's `Manifest`. */
export const MANIFEST_FILE = 'migration_stats.json';
/** Kibana's objects within a backup. */
export const DATAVIEWS_FILE = 'dataviews/dataviews.ndjson';
export const DASHBOARDS_FILE = 'dashboards/dashboards.ndjson';

/** The path, within a backup, of an index's mappings, settings and aliases: a body for `PUT /<name>`. */
export const mappingFile = (index: string): string => `indexes/${index}_mapping.json`;
/** The path, within a backup, of an index's documents: a body for `POST /_bulk`. */
export const documentsFile = (index: string): string => `indexes/${index}_documents.ndjson`;

const count = { type: 'integer', minimum: 0 };
const SCHEMA = {
  type: 'object',
  required: ['format', 'indexes', 'files'],
  properties: {
    format: { const: 1 },
    // Paths are made of these names.
    indexes: {
      type: 'object',
      propertyNames: { pattern: '^[^/\\\\]+$' },
      additionalProperties: { type: 'object', required: ['documents'], properties: { documents: count } },
    },
    files: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        required: ['bytes', 'sha256'],
        properties: { bytes: count, sha256: { type: 'string' } },
      },
    },
  },
};

/** Reads a backup's manifest. Throws `SidecarError` (`config`) where the folder holds no finished backup. */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, MANIFEST_FILE);
  let manifest: unknown;
  try {
    manifest = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const why = missing
      ? 'there is none: give the folder backup_YYYYMMDD_HHMMSS itself, and finish a broken-off export with export --resume'
      : reasonOf(cause);
    throw new SidecarError('config', `${path} can't be read: ${why}`, { cause });
  }
  const ajv = new Ajv();
  if (!ajv.validate(SCHEMA, manifest)) {
    throw new SidecarError('config', `${path} is not what export writes: ${ajv.errorsText()}`);
  }
  return manifest as Manifest;
}

/** The figures of a file's first `bytes`, or of all of it. */
export async function figuresOf(path: string, bytes?: number): Promise<FileFigures> {
  const hash = createHash('sha256');
  let size = 0;
  if (bytes !== 0) {
    const options = bytes === undefined ? {} : { end: bytes - 1 };
    for await (const chunk of createReadStream(path, options) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
    }
  }
  return { bytes: size, sha256: hash.digest('hex') };
}

/**
 * Makes sure that files of a backup are as they were written. Throws `SidecarError` (`config`) that names every file
 * that is not.
 */
export async function verify(
  folder: string,
  { files }: Manifest,
  paths: readonly string[],
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  const wrong: string[] = [];
  const total = paths.reduce((sum, path) => sum + (files[path]?.bytes ?? 0), 0);
  let done = 0;
  for (const path of paths) {
    const expected = files[path];
    onProgress(done, total);
    if (!expected) {
      wrong.push(`${path} is not in ${MANIFEST_FILE}`);
      continue;
    }
    const found = await figuresOf(join(folder, path)).catch((error) => reasonOf(error));
    if (typeof found === 'string') wrong.push(`${path} can't be read: ${found}`);
    else if (found.bytes !== expected.bytes)
      wrong.push(`${path} has ${found.bytes} bytes, not the ${expected.bytes} that were written`);
    else if (found.sha256 !== expected.sha256)
      wrong.push(`${path} was changed: its SHA-256 is ${found.sha256}, not ${expected.sha256}`);
    done += expected.bytes;
  }
  if (wrong.length === 0) return;
  throw new SidecarError(
    'config',
    `the backup ${folder} is damaged; nothing was imported:\n${wrong.map((line) => `  ${line}\n`).join('')}Copy it again, or take whole indices out of it with --only`,
  );
}
