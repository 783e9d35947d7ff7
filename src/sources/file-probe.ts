import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type Check, failed, warning } from '../checks/result.ts';
import { type Contents, NEWEST, OLDEST } from '../component.ts';
import { quote, t } from '../terminal/messages.ts';
import { reasonOf } from '../util/errors.ts';
import { type Look, lookAt } from './file-look.ts';
import { findPlaces } from './file-paths.ts';
import { cutLogs, entriesOf } from './log-lines.ts';

/** How much of a file is looked at, at its start and at its end. */
const PROBED_BYTES = 256 << 10;
const NEWLINE = 0x0a;

/** What the files that these patterns name hold, and what stands in the way of reading them. */
export async function probeFiles(patterns: readonly string[]): Promise<Contents | Check> {
  const looks: Look[] = [];
  let rotated = 0;
  const another = t('Give another with file.path');
  try {
    for (const place of await findPlaces(patterns)) {
      if (!place.isNamed) rotated++;
      else looks.push(await lookAt(place, undefined));
    }
  } catch (error) {
    return failed('file', t('a log file could not be read: {why}', { why: reasonOf(error) }), another, 3);
  }
  const names = patterns.join(', ');
  if (looks.length === 0) return failed('file', t('no file is named by {names}', { names }), another, 3);
  const wrong = looks.find(({ problem }) => problem !== undefined);
  if (wrong) {
    const [why = '', instead] = wrong.problem!.split(': ');
    const says = t("{path} can't be read: {why}", { path: wrong.path, why });
    const action = instead === undefined ? another : quote(capitalize(instead));
    return looks.length > 1 ? warning('file', says, action) : failed('file', says, action, 2);
  }
  looks.sort((one, other) => one.modifiedMs - other.modifiedMs);
  let count = 0;
  let newest: string[] = [];
  const oldest: string[] = [];
  for (const look of looks) {
    const found = await readEnds(look);
    count += found.count;
    if (oldest.length < OLDEST) oldest.push(...found.first.slice(0, OLDEST - oldest.length));
    newest = [...newest, ...found.last].slice(-NEWEST);
  }
  const notes = [
    ...(looks.length > 1 ? [t('in {count} files', { count: looks.length })] : []),
    ...(rotated > 0
      ? [
          t(
            '{count} rotated beside, of which those that come from now on are read to their end; earlier ones only if file.path names them',
            { count: rotated },
          ),
        ]
      : []),
  ];
  return {
    count,
    unit: 'line',
    newest: newest.reverse(),
    oldest,
    ...(notes.length > 0 ? { note: quote(notes.join('; ')) } : {}),
  };
}

async function readEnds({
  path,
  isPacked,
}: Look): Promise<{ count: number; first: string[]; last: string[] }> {
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  const chunks: Readable = isPacked ? file.pipe(createGunzip()) : file;
  file.on('error', (error) => chunks.destroy(error));
  let count = 0;
  let first = Buffer.alloc(0);
  let last = Buffer.alloc(0);
  for await (const chunk of chunks as AsyncIterable<Buffer>) {
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) count++;
    if (first.length < PROBED_BYTES) first = Buffer.concat([first, chunk.subarray(0, PROBED_BYTES)]);
    last = Buffer.concat([last, chunk.subarray(-PROBED_BYTES)]).subarray(-PROBED_BYTES);
  }
  return { count, first: readLogs(first).slice(0, OLDEST), last: readLogs(last).slice(-NEWEST) };
}

/** The logs in a part of a file; the first and the last may be cut. */
function readLogs(bytes: Buffer): string[] {
  const text = bytes.toString('utf8');
  return cutLogs(text, true).flatMap((log) =>
    entriesOf(log, (start, end) => text.slice(start, end).trimEnd()),
  );
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
