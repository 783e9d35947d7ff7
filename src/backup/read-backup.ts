import { readFile } from 'node:fs/promises';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { isObject, parseJson } from '../util/json.ts';
import { readLines } from '../util/lines.ts';
import { assertRegular } from './manifest.ts';

/** What makes an index, as `export` wrote it. */
export interface IndexMapping {
  settings: Record<string, unknown>;
  mappings: Record<string, unknown>;
  aliases: Record<string, object>;
}

const MOST_MAPPING_BYTES = 64 << 20;

/** Reads a `…_mapping.json`. Throws `SidecarError` (`config`) where it is not one. */
export async function readBackupMapping(path: string): Promise<IndexMapping> {
  try {
    await assertRegular(path, MOST_MAPPING_BYTES);
    const { settings, mappings, aliases } = JSON.parse(await readFile(path, 'utf8'));
    if (![settings, mappings, aliases].every(isObject))
      throw new Error('it must hold settings, mappings and aliases');
    return { settings, mappings, aliases };
  } catch (cause) {
    throw new SidecarError('config', `${path} can't be read: ${reasonOf(cause)}. Export the index again`, {
      cause,
    });
  }
}

/** Some documents of a backup. */
export interface DocumentBatch {
  ids: string[];
  /** In bulk form: a `create` action and the document, each with its line's end. */
  lines: string[];
}

const BATCH_DOCUMENTS = 2_000;
const BATCH_CHARS = 2 << 20;

/**
 * The documents of a `…_documents.ndjson`, addressed to `index`. Throws `SidecarError` (`config`) with the line where the
 * file is damaged or cut off.
 */
export async function* readBackupDocuments(path: string, index: string): AsyncGenerator<DocumentBatch> {
  let batch: DocumentBatch = { ids: [], lines: [] };
  let chars = 0;
  let action: { _id: string; routing?: unknown } | undefined;
  let number = 0;
  for await (const line of readLines(path)) {
    number++;
    if (action === undefined) {
      action = parseAction(line, `${path}:${number}`);
      continue;
    }
    const { _id, routing } = action;
    batch.ids.push(_id);
    batch.lines.push(`${JSON.stringify({ create: { _id, routing, _index: index } })}\n${line}\n`);
    chars += line.length;
    action = undefined;
    if (batch.ids.length < BATCH_DOCUMENTS && chars < BATCH_CHARS) continue;
    yield batch;
    batch = { ids: [], lines: [] };
    chars = 0;
  }
  if (batch.ids.length > 0) yield batch;
  if (action !== undefined)
    throw new SidecarError(
      'config',
      `${path} is cut off: its last document, ${action._id}, is missing. What is before it was imported`,
    );
}

function parseAction(line: string, where: string): { _id: string; routing?: unknown } {
  const action = parseJson(line);
  const create = isObject(action) ? action.create : undefined;
  if (isObject(create) && typeof create._id === 'string') return { _id: create._id, routing: create.routing };
  throw new SidecarError(
    'config',
    `${where} is not a bulk action with an id: the backup is damaged. What is before it was imported`,
  );
}
