import { connect } from 'node:net';
import type { Config } from '../config/config.ts';
import type { Entry } from '../entry.ts';
import type { LogEvent } from '../event.ts';
import { Filter } from '../filter.ts';
import { parseListen } from '../server/listen.ts';
import { GradioError } from '../sources/gradio-errors.ts';
import { plural } from '../terminal/messages.ts';
import { reasonOf } from '../util/errors.ts';
import { type Held, LOOKS } from './held.ts';
import { type Check, failed, failure, ok, span, warning } from './result.ts';

/** A clock may be so much ahead of this machine's, in ms. */
const AHEAD_MS = 90_000;

/**
 * The source: whether it can be reached, what it holds, and what becomes of that. `address` names it; `parse` is
 * that of the pipeline.
 */
export async function checkSource(
  config: Config,
  address: string,
  parse: (entry: Entry) => LogEvent,
): Promise<Check[]> {
  const { source } = config.pipeline;
  if (source === 'http') return [await checkHttp(config)];
  let held: Held;
  try {
    held = await LOOKS[source](config);
  } catch (error) {
    return [sourceFailure(config, address, error)];
  }
  const { count, note, instead } = held;
  const more = note ? `; ${note}` : '';
  if (count === 0) {
    const action = instead ?? 'Does the API write its logs there? Make a call to it and look again';
    return [warning(source, `${address} holds no logs${more}`, action)];
  }
  const newest = held.newest.flatMap((entry) => parsed(entry, parse));
  const last = newest.find(({ written }) => written !== '');
  const first = held.oldest.flatMap((entry) => parsed(entry, parse)).find(({ written }) => written !== '');
  const what = `${address} holds ${plural(count, source === 'file' ? 'line' : 'log')}`;
  return [
    ok(source, `${what}${period(count, first, last)}${more}`),
    ...(last && Date.parse(last.timestamp) - Date.now() > AHEAD_MS ? [ahead(last)] : []),
    checkFilter(config, newest),
  ];
}

function parsed(entry: Entry, parse: (entry: Entry) => LogEvent): LogEvent[] {
  try {
    return [parse(entry)];
  } catch {
    return [];
  }
}

function period(count: number, first: LogEvent | undefined, last: LogEvent | undefined): string {
  if (!first || !last) return '; the ones looked at name no time';
  const from = Date.parse(first.timestamp);
  const to = Date.parse(last.timestamp);
  const perMinute = to > from ? `, ${Math.round((count / (to - from)) * 600_000) / 10} a minute` : '';
  const shown = (time: string): string => time.slice(0, 19).replace('T', ' ');
  return `, ${shown(first.timestamp)} to ${shown(last.timestamp)} UTC${perMinute}; the newest is ${span(Date.now() - to)} old`;
}

function ahead({ timestamp }: LogEvent): Check {
  return warning(
    'clock',
    `the newest log is from ${span(Date.parse(timestamp) - Date.now())} ahead of now`,
    'Its times name no zone: set PIPELINE_TIMEZONE to the one that the API logs in, such as Europe/Paris. Or set the clocks',
  );
}

/** Lines of metrics pass any filter, so they tell nothing about it. */
function checkFilter({ pipeline }: Config, newest: readonly LogEvent[]): Check {
  const { pattern, methods } = pipeline.filter;
  const filter = new Filter(pipeline.filter);
  const judged = newest.filter(
    ({ httpMethod, metrics }) => httpMethod !== undefined || metrics === undefined,
  );
  const passing = judged.filter((event) => filter.passes(event)).length;
  const says = `of the newest ${plural(judged.length, 'log')}, lines of metrics aside, ${passing} pass; the others go to the index of all logs only`;
  if (passing > 0 || judged.length === 0) return ok('filter', says);
  const and = methods.length > 0 ? ` and PIPELINE_FILTER_METHODS (${methods.join()})` : '';
  return warning('filter', says, `Compare PIPELINE_FILTER_PATTERN (${pattern})${and} with the messages`);
}

function sourceFailure({ pipeline, redis }: Config, address: string, error: unknown): Check {
  const { source } = pipeline;
  const reason = reasonOf(error);
  if (error instanceof GradioError)
    return failed(source, `the Space at ${address} could not be read: ${reason}`, error.hint, 3);
  if (source === 'file')
    return failed(source, `${address} could not be read: ${reason}`, 'Give another with file.path', 3);
  if (/NOAUTH|WRONGPASS|NOPERM/.test(reason)) {
    const action = 'Set REDIS_PASSWORD, and REDIS_USERNAME where it has users';
    return failed(source, `${address} refused: ${reason}`, action, 2);
  }
  if (/ECONN|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|closed|timed out|EHOSTUNREACH/i.test(reason)) {
    const [, host, port] = /^(.*):(\d+)/.exec(address) ?? [];
    const command = `redis-cli -h ${host} -p ${port} ${source === 'redis' ? 'LLEN' : 'XLEN'} ${redis.logs_key}`;
    const action = `Is Redis running there, and are REDIS_HOST and REDIS_PORT right? Try: ${command}`;
    return failed(source, `${address} could not be reached: ${reason}`, action, 3);
  }
  return failure(source, error, 'Look at the log of Redis');
}

/** Nothing needs to listen while nothing runs. */
async function checkHttp({ http }: Config): Promise<Check> {
  const { host, port } = parseListen(http.listen, 'HTTP_LISTEN');
  const taken = await new Promise<boolean>((resolve) => {
    const socket = connect({ host, port, timeout: 2_000 });
    const done = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', done(true)).once('error', done(false)).once('timeout', done(false));
  });
  return taken
    ? ok('http', `something takes connections at ${http.listen}, such as a sidecar that runs`)
    : ok('http', `nothing listens at ${http.listen} now; \`run --source http --continuous\` will`);
}
