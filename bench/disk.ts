/**
 * What a million logs take on Elasticsearch's disk: `node dist/bench/disk.js`, with TEST_ELASTICSEARCH_URL to use a server of
 * one's own. Documents of BENCH_LINES logs (100,000 by default) are written into indices as `setup` makes them, and into such
 * as it would make without what saves space, and force-merged. Prints the table of disk.md.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@elastic/elasticsearch';
import { loadConfig } from '../src/config/load.ts';
import { createPluginChain } from '../src/create-pipeline.ts';
import { createElasticsearchClient } from '../src/elasticsearch/client.ts';
import { buildSetupRequests } from '../src/elasticsearch/set-up.ts';
import { serverOf } from '../src/elasticsearch/transport.ts';
import { startElasticsearch } from '../test/services/elasticsearch.ts';
import { CLI, folder, linesFile } from './bed.ts';

interface Body {
  settings: Record<string, unknown>;
  mappings: { properties: Record<string, Record<string, unknown>> };
}

const lines = Number(process.env.BENCH_LINES ?? 100_000);
const own = process.env.TEST_ELASTICSEARCH_URL;
const service = own === undefined ? await startElasticsearch({ jvm: '-Xms1g -Xmx1g' }) : undefined;
const url = own ?? service!.url;
const client: Client = createElasticsearchClient({
  nodes: [url],
  address: new URL(url).host,
  requestTimeoutMs: 120_000,
  patienceMs: 5000,
});
try {
  const output = join(folder, 'documents');
  const [node = '', ...command] = CLI;
  const input = await linesFile('text', lines);
  const args = ['run', '--once', '--source', 'file', '--path', input, '--sink', 'directory', '--out', output];
  execFileSync(node, [...command, ...args, '--quiet'], { cwd: folder, stdio: 'inherit' });
  const { indices } = await createPluginChain(loadConfig({ env: {}, cwd: folder }));
  const requests = buildSetupRequests(await serverOf(client), indices, 'none');
  const rows: string[] = [];
  const totals = [0, 0];
  for (const { name } of indices) {
    const body = requests.find(({ path }) => path === `/${name}`)!.body as unknown as Body;
    const documents = readFileSync(join(output, `${name}.ndjson`), 'utf8')
      .trimEnd()
      .split('\n');
    const sizes = [await sizeOf(documents, unsaved(body)), await sizeOf(documents, body)];
    sizes.forEach((size, n) => {
      totals[n]! += size;
    });
    rows.push(rowOf(name, sizes));
  }
  console.log('| index | without, MB | as `setup` makes it, MB | less |\n| --- | --- | --- | --- |');
  console.log([...rows, rowOf('all', totals)].join('\n'));
} finally {
  await client.close();
  await service?.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** An index as it would be by Elasticsearch's defaults. */
function unsaved({ settings, mappings }: Body): Body {
  const { 'index.codec': _codec, ...others } = settings;
  const properties = Object.fromEntries(
    Object.entries(mappings.properties).map(
      ([name, { norms: _norms, doc_values: _values, index: _index, ...field }]) => [name, field],
    ),
  );
  return { settings: others, mappings: { ...mappings, properties } };
}

/** The size of an index of these documents, in MB for a million logs. */
async function sizeOf(documents: readonly string[], { settings, mappings }: Body): Promise<number> {
  const index = `bench-disk-${process.pid}`;
  await client.indices.create({
    index,
    settings: { ...settings, 'index.number_of_replicas': 0, 'index.refresh_interval': '-1' },
    mappings,
  });
  try {
    for (let at = 0; at < documents.length; at += 5000) {
      const operations = documents.slice(at, at + 5000).flatMap((line) => {
        const { _id, ...document } = JSON.parse(line);
        return [{ create: { _id } }, document];
      });
      const { errors } = await client.bulk({ index, operations });
      if (errors) throw new Error(`a document was refused by ${index}`);
    }
    await client.indices.forcemerge({ index, max_num_segments: 1, flush: true });
    await client.indices.refresh({ index });
    const { _all } = await client.indices.stats({ index, metric: 'store' });
    return (_all.primaries?.store?.size_in_bytes ?? 0) / lines;
  } finally {
    await client.indices.delete({ index });
  }
}

function rowOf(name: string, [before = 0, after = 0]: readonly number[]): string {
  return `| ${name} | ${before.toFixed(0)} | ${after.toFixed(0)} | ${(100 * (1 - after / before)).toFixed(0)} % |`;
}
