import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import type { FromSchema, Schema } from '../config/from-schema.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';

/** The name of a backup's `Manifest`. */
export const MANIFEST_FILE = 'migration_stats.json';
/** Kibana's objects within a backup. */
export const DATAVIEWS_FILE = 'dataviews/dataviews.ndjson';
export const DASHBOARDS_FILE = 'dashboards/dashboards.ndjson';

/** The path, within a backup, of an index's mappings, settings and aliases: a body for `PUT /<name>`. */
export const mappingFile = (index: string): string => `indexes/${index}_mapping.json`;
/** The path, within a backup, of an index's documents: a body for `POST /_bulk`. */
export const documentsFile = (index: string): string => `indexes/${index}_documents.ndjson`;

const COUNT = { type: 'integer', minimum: 0 } as const;
const STRING = { type: 'string' } as const;

const FIGURES = {
  type: 'object',
  required: ['bytes', 'sha256'],
  properties: { bytes: COUNT, sha256: { ...STRING, description: 'SHA-256, in hexadecimal.' } },
} as const satisfies Schema;

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: [
    'format',
    'started_at',
    'finished_at',
    'elasticsearch_version',
    'total_documents',
    'indexes',
    'files',
  ],
  properties: {
    format: { const: 1, description: 'Version of this layout.' },
    started_at: { ...STRING, description: 'ISO 8601, UTC.' },
    finished_at: { ...STRING, description: 'ISO 8601, UTC.' },
    elasticsearch_version: { ...STRING, description: 'Of the server that the documents come from.' },
    total_documents: COUNT,
    indexes: {
      type: 'object',
      description: 'By name, of which the paths of their files are made.',
      propertyNames: { pattern: '^[^/\\\\]+$' },
      additionalProperties: { type: 'object', required: ['documents'], properties: { documents: COUNT } },
    },
    kibana: {
      type: 'object',
      description: "Kibana's saved objects, where there was a Kibana.",
      required: ['dataviews', 'dashboards'],
      properties: { dataviews: COUNT, dashboards: COUNT },
    },
    files: {
      type: 'object',
      description: 'Every other file of the backup, by its path within it.',
      additionalProperties: FIGURES,
    },
  },
} as const satisfies Schema;

/** What proves that a file is the one that was written. */
export type FileFigures = FromSchema<typeof FIGURES>;

/** `migration_stats.json`: what a backup holds. It is written last, so a backup that has it is complete. */
export type Manifest = FromSchema<typeof SCHEMA>;

const MOST_MANIFEST_BYTES = 64 << 20;

/** Throws where `path` is not a regular file, as a link or a pipe is not, or has more than `most` bytes. */
export async function assertRegular(path: string, most: number): Promise<void> {
  const file = await lstat(path);
  if (!file.isFile()) throw new Error('it is not a regular file');
  if (file.size > most) throw new Error(`it has ${file.size} bytes, more than ${most}`);
}

/** Reads a backup's manifest. Throws `SidecarError` (`config`) where the folder holds no finished backup. */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, MANIFEST_FILE);
  let manifest: unknown;
  try {
    await assertRegular(path, MOST_MANIFEST_BYTES);
    manifest = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const why = missing
      ? 'there is none: give the folder backup_YYYYMMDD_HHMMSS itself, and finish an interrupted export with export --resume'
      : reasonOf(cause);
    throw new SidecarError('config', `${path} can't be read: ${why}`, { cause });
  }
  const ajv = new Ajv();
  if (!ajv.validate<Manifest>(SCHEMA, manifest)) {
    throw new SidecarError('config', `${path} is not what export writes: ${ajv.errorsText()}`);
  }
  return manifest;
}

/** The figures of a file's first `bytes`, or of all of it. */
export async function sumFigures(path: string, bytes?: number): Promise<FileFigures> {
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
export async function verifyBackup(
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
    const found = await assertRegular(join(folder, path), Number.MAX_SAFE_INTEGER)
      .then(() => sumFigures(join(folder, path)))
      .catch((error) => reasonOf(error));
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
