/**
 * The limit of the transform: `node by-hand.js FILE` makes the documents that the plugins make of the lines of
 * [`data.ts`](data.ts), as a program that knows these lines and no others would, and prints them as the sink `stdout` does.
 * It gives no identity, counts no copies, checks nothing, runs no plugins and keeps no position.
 */
import { createReadStream, writeSync } from 'node:fs';

type Fields = Record<string, unknown>;
interface Metrics extends Fields {
  transaction_id: string;
  top_functions: Fields[];
}

const CALL =
  /^\[(\S+)\] (?:API Call - )?([A-Z]+) (\S+) - (?:Status: )?(\d{3}) - (?:Time: )?([\d.]+)ms - (?:Input: (\{.*\}) - Result: (\{.*\})$)?/;
const RENAMED: Record<string, string> = { 'ALCOHOL CONSUMING': 'ALCOHOL' };

let out = '';

function add(route: string, body: Fields): void {
  out += `{"route":"${route}","body":${JSON.stringify(body)}}\n`;
}

function addMetrics(timestamp: string, metrics: Metrics): void {
  const { transaction_id, top_functions, inference_time_ms, cpu_time_ms, memory_mb } = metrics;
  const { memory_delta_mb, function_calls, latency_ms } = metrics;
  const measured = { inference_time_ms, cpu_time_ms, memory_mb, memory_delta_mb, function_calls, latency_ms };
  add('perfs', { timestamp, transaction_id, ...measured });
  for (const {
    function: function_name,
    file,
    line,
    cumulative_time_ms,
    total_time_ms,
    calls,
  } of top_functions)
    add('top-func', {
      timestamp,
      transaction_id,
      function_name,
      cumulative_time: cumulative_time_ms,
      total_time: total_time_ms,
      calls,
      filename: file,
      line_number: line,
    });
}

function addPrediction(timestamp: string, transaction_id: string, input: Fields, result: Fields): void {
  const input_data: Fields = {};
  for (const key in input) input_data[RENAMED[key] ?? key.replaceAll(' ', '_')] = input[key];
  add('message', { timestamp, transaction_id, input_data, result });
}

function addText(line: string): void {
  const timestamp = `${line.slice(0, 10)}T${line.slice(11, 19)}.000Z`;
  const [, logger, level] = line.split(' - ', 3);
  const message = line.slice(19 + 3 + logger!.length + 3 + level!.length + 3);
  const head = { timestamp, level, logger, message };
  if (message[0] === '{') {
    const { performance_metrics } = JSON.parse(message) as { performance_metrics: Metrics };
    const { transaction_id } = performance_metrics;
    add('logs', { ...head, transaction_id, data: { transaction_id, performance_metrics } });
    addMetrics(timestamp, performance_metrics);
    return;
  }
  const [, id, http_method, http_path, status, time, input, result] = CALL.exec(message)!;
  const data = { transaction_id: id, input_data: JSON.parse(input!), result: JSON.parse(result!) };
  const call = {
    transaction_id: id,
    http_method,
    http_path,
    status_code: +status!,
    execution_time_ms: +time!,
  };
  add('logs', { ...head, ...call, data });
  addPrediction(timestamp, id!, data.input_data, data.result);
}

function addJson(line: string): void {
  const { timestamp: written, level, message, data } = JSON.parse(line);
  const timestamp = `${written}Z`;
  const head = { timestamp, level, message, transaction_id: data.transaction_id };
  const call = CALL.exec(message);
  if (!call) {
    add('logs', { ...head, data });
    return;
  }
  const [, , http_method, http_path, status, time] = call;
  add('logs', { ...head, http_method, http_path, status_code: +status!, execution_time_ms: +time!, data });
  addPrediction(timestamp, data.transaction_id, data.input_data, data.result);
  addMetrics(timestamp, data.performance_metrics);
}

let rest = '';
for await (const chunk of createReadStream(process.argv[2]!, { encoding: 'utf8', highWaterMark: 1 << 18 })) {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop()!;
  for (const line of lines) line[0] === '{' ? addJson(line) : addText(line);
  const bytes = Buffer.from(out);
  out = '';
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
}
