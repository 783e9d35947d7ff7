/**
 * Writes a day of made-up logs, `samples/day.log`: calls of the recording `samples/api.log`, drawn anew, with other times,
 * ids and inputs. Around noon the API is slow and fails; from then on callers are older, and more of them smoke. Seeded: it
 * is the same day each time.
 *
 *     node dist/demo/make-day.js > samples/day.log
 */
import { readFileSync } from 'node:fs';

const CALLS = 400;
const FROM = Date.parse('2026-11-24T08:00:00Z');
const HOUR = 3_600_000;
const LENGTH = 8 * HOUR;
/** When the API is slow and fails, in hours from the beginning. */
const INCIDENT = [4.2, 4.8] as const;

let state = 20_261_124;
/** The next number from 0 to 1: mulberry32, https://github.com/bryc/code/blob/master/jshash/PRNGs.md */
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
const hex = (digits: number): string =>
  Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');

const messages = readFileSync('samples/api.log', 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => line.split(' - ').slice(3).join(' - '));
const calls = messages.filter((message) => message.includes('API Call'));
const answered = calls.filter((message) => message.includes(' - Status: 200 - ') && message.includes('POST'));
const refused = calls.filter((message) => / - Status: 4\d\d - /.test(message));
const measured = messages.filter((message) => message.startsWith('{"performance_metrics"'));

const lines: { at: number; text: string }[] = [];
function write(at: number, level: string, message: string): void {
  const time = new Date(at).toISOString().slice(0, 19).replace('T', ' ');
  lines.push({ at: Math.floor(at / 1000), text: `${time} - api - ${level} - ${message}` });
}

/** A body whose caller is one of the day's. */
function withCaller(message: string, isLate: boolean): string {
  const age = Math.min(89, Math.round((isLate ? 64 : 50) + 12 * (random() + random() + random() - 1.5)));
  const smokes = random() < (isLate ? 0.8 : 0.4) ? 1 : 0;
  return message.replace(/"AGE": \d+/, `"AGE": ${age}`).replace(/"SMOKING": \d/, `"SMOKING": ${smokes}`);
}

function call(at: number): void {
  const hours = (at - FROM) / HOUR;
  const isIncident = hours > INCIDENT[0] && hours < INCIDENT[1];
  const id = `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
  const named = (message: string): string => message.replace(/^\[[^\]]+\]/, `[${id}]`);
  const luck = random();
  if (luck < (isIncident ? 0.3 : 0.01)) {
    write(at, 'ERROR', 'Erreur lors de la prédiction: no model was free within 1000 ms');
    const failed = withCaller(pick(answered), hours > 4).replace('Status: 200', 'Status: 503');
    write(
      at,
      'ERROR',
      named(failed).replace(/ - Result: .*/, ' - Result: {"detail": "Service Unavailable"}'),
    );
  } else if (luck < (isIncident ? 0.4 : 0.06)) write(at, 'WARNING', named(pick(refused)));
  else {
    const { performance_metrics: metrics } = JSON.parse(pick(measured));
    const factor = (0.85 + 0.3 * random()) * (isIncident ? 4 + 3 * random() : 1);
    for (const key of ['inference_time_ms', 'latency_ms'])
      metrics[key] = Math.round(100 * factor * metrics[key]) / 100;
    // What waits for a model takes no CPU.
    metrics.cpu_time_ms = Math.round(100 * metrics.cpu_time_ms * (0.6 + 0.15 * random())) / 100;
    metrics.memory_mb = Math.round(100 * (metrics.memory_mb + 5 * hours)) / 100;
    metrics.transaction_id = id;
    write(at, 'INFO', JSON.stringify({ performance_metrics: metrics }));
    write(at, 'INFO', named(withCaller(pick(answered), hours > 4)));
  }
}

for (let n = 0; n < CALLS; n++) call(FROM + random() * LENGTH);
for (let at = FROM; at < FROM + LENGTH; at += HOUR / 2)
  write(at, 'INFO', 'Health check effectué - Model: True, Redis: True');
// A sort is stable: lines of one call stay together.
process.stdout.write(
  lines
    .sort((a, b) => a.at - b.at)
    .map(({ text }) => `${text}\n`)
    .join(''),
);
