import type { TestContext } from 'node:test';
import { Client } from '@elastic/elasticsearch';
import { TestIndices, Workspace } from '../helpers.ts';
import { elasticsearchUrl } from '../services/env.ts';

/** The four plugins with the options that ship. */
export function shippedPlugins(prefix: string): Record<string, unknown>[] {
  const rename = { 'ALCOHOL CONSUMING': 'ALCOHOL' };
  return [
    { use: 'ml-api-logs', index: `${prefix}logs` },
    { use: 'ml-api-message', index: `${prefix}message`, options: { rename } },
    { use: 'ml-api-perfs', index: `${prefix}perfs` },
    { use: 'ml-api-top-func', index: `${prefix}top-func` },
  ];
}

/** Lines in a real Elasticsearch, and, in the folder `out`, in the files of the sink `directory`. */
export async function filled(
  t: TestContext,
  lines: readonly string[],
): Promise<{ workspace: Workspace; indices: TestIndices; env: Record<string, string> }> {
  const indices = new TestIndices(t);
  const { prefix } = indices;
  const workspace = new Workspace(t, prefix, { plugins: shippedPlugins(prefix) });
  const env = { ELASTICSEARCH_URL: elasticsearchUrl() };
  workspace.write('api.log', lines.map((line) => `${line}\n`).join(''));
  const run = ['run', '--source', 'file', '--path', 'api.log', '--quiet'];
  for (const args of [run, [...run, '--sink', 'directory', '--out', 'out']]) {
    const { code, stderr } = await workspace.run(args, env);
    if (code !== 0) throw new Error(`filling ended with ${code}: ${stderr}`);
  }
  const client = new Client({ node: elasticsearchUrl() });
  await client.indices.refresh({ index: `${prefix}*` });
  await client.close();
  return { workspace, indices, env };
}

/** What one line of the real API says, read by nothing but this. */
interface Said {
  /** ms since 1970. */
  at: number;
  level: string;
  call?: { method: string; path: string; status: number };
  input?: Record<string, number>;
  prediction?: number;
  probability?: number | undefined;
  metrics?: Record<string, number>;
  functions?: { function: string; file: string; cumulative_time_ms: number; calls: number }[];
}

/** Reads lines of the kind that `realLines` holds, without any code of the program: what charts are compared to. */
export function said(lines: readonly string[]): Said[] {
  return lines.map((line) => {
    const [, time = '', level = '', message = ''] = /^(\S+ \S+) - api - (\S+) - (.*)$/.exec(line) ?? [];
    const one: Said = { at: Date.parse(`${time.replace(' ', 'T')}Z`), level };
    const call = /API Call - (\S+) (\S+) - Status: (\d+) - Time: [\d.]+ms/.exec(message);
    if (call) one.call = { method: call[1]!, path: call[2]!, status: Number(call[3]) };
    const body = /^.*? - Input: (\{.*\}) - Result: (\{"prediction".*\})$/.exec(message);
    if (body && call?.[1] === 'POST' && call[2]!.startsWith('/predict')) {
      const { prediction, probability } = JSON.parse(body[2]!);
      Object.assign(one, { input: JSON.parse(body[1]!), prediction, probability });
    }
    if (message.startsWith('{"performance_metrics"')) {
      const { top_functions, ...metrics } = JSON.parse(message).performance_metrics;
      Object.assign(one, { metrics, functions: top_functions });
    }
    return one;
  });
}
