/**
 * Every server that this program is for: what a sink promises, and every command that talks to it, once. `make test`
 * starts two of them, `make test-servers` (TEST_SERVERS=all, or the beginning of a name) all, one after another. The table in docs/servers.md says
 * what is tested here.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ElasticsearchSink } from '../../src/sinks/elasticsearch.ts';
import { backupIn } from '../commands/backup.ts';
import { clientOptions, type Ended, TestIndices, Workspace } from '../helpers.ts';
import { line } from '../samples.ts';
import { type ElasticsearchVersion, startElasticsearch } from '../services/elasticsearch.ts';
import { elasticsearchUrl } from '../services/env.ts';
import { type OpenSearchVersion, startOpenSearch } from '../services/opensearch.ts';
import { installed, root, type Service } from '../services/service.ts';
import { sinkContract } from '../sinks/contract.ts';

const elasticsearch = (version: ElasticsearchVersion) => () => startElasticsearch({ version });
const openSearch = (version: OpenSearchVersion) => () => startOpenSearch({ version });

const COMMON: Record<string, () => Promise<Service>> = {
  'Elasticsearch 8.19.8': elasticsearch('8.19.8'),
  'OpenSearch 3.8.0': openSearch('3.8.0'),
};
const OTHERS: typeof COMMON = {
  'Elasticsearch 7.17.15': elasticsearch('7.17.15'),
  'Elasticsearch 8.14.1': elasticsearch('8.14.1'),
  'Elasticsearch 9.4.3': elasticsearch('9.4.3'),
  'OpenSearch 2.19.1': openSearch('2.19.1'),
};
const { TEST_SERVERS: wanted } = process.env;
const chosen = Object.fromEntries(
  Object.entries(wanted ? { ...OTHERS, ...COMMON } : COMMON).filter(
    ([name]) => !wanted || wanted === 'all' || name.startsWith(wanted),
  ),
);

const SAMPLE = join(root, 'samples/api.log');
const COUNTS = { logs: 253, message: 107, perfs: 107, 'top-func': 535 };
const TIMEOUT = { timeout: 200_000 };

/** What the table in docs/servers.md has rows for. */
const ROWS = new Set<string>();

/** Why a server can't be started, where Elasticsearch is one's own and so none was installed; `false` where it can. */
function whyNot(name: string): string | false {
  try {
    installed(name.toLowerCase().replace(' ', '-'));
    return false;
  } catch (error) {
    return (error as Error).message;
  }
}

for (const [name, start] of Object.entries(chosen)) {
  describe(name, { skip: whyNot(name) }, () => {
    let service: Service;
    let url: string;
    before(
      async () => {
        service = await start();
        url = service.url;
      },
      { timeout: 180_000 },
    );
    after(() => service?.stop());

    const sinkOf = (at: string): ElasticsearchSink =>
      new ElasticsearchSink(clientOptions(at, { patienceMs: 500, requestTimeoutMs: 30_000 }));
    sinkContract('elasticsearch', async (t) => {
      const indices = new TestIndices(t, url);
      return { prefix: indices.prefix, make: () => sinkOf(url), read: (index) => indices.documents(index) };
    });

    test('every command', TIMEOUT, async (t) => {
      const indices = new TestIndices(t, url);
      const { client, prefix } = indices;
      const workspace = new Workspace(t, prefix);
      const row = async (
        command: string,
        args: string[],
        expected: RegExp,
        code = 0,
        env: Record<string, string> = { ELASTICSEARCH_URL: url },
      ): Promise<Ended> => {
        const ended = await workspace.run(args, env);
        const said = `${command}:\n${ended.stdout}${ended.stderr}`;
        assert.equal(ended.code, code, said);
        assert.match(`${ended.stdout}${ended.stderr}`, expected, said);
        assert.doesNotMatch(ended.stderr, /WARN|ERROR/, said);
        ROWS.add(command);
        return ended;
      };
      const isOpenSearch = name.startsWith('OpenSearch');

      const { stdout } = await row('setup --dry-run', ['setup', '--dry-run'], /_index_template/);
      assert.equal(/flattened/.test(stdout), !isOpenSearch);
      await row('setup', ['setup'], /logs/);
      const { index_templates: templates } = await client.indices.getIndexTemplate({ name: `${prefix}*` });
      assert.equal(templates.length, 4);
      await row('run', ['run', '--source', 'file', '--path', SAMPLE], /253/);
      assert.deepEqual(await indices.counts(), COUNTS);
      await row('run', ['run', '--source', 'file', '--path', SAMPLE], /253/);
      assert.deepEqual(await indices.counts(), COUNTS);
      const range = { latency_ms: { gte: 0 } };
      const numbers = await client.count({ index: `${prefix}perfs`, query: { range } });
      assert.equal(numbers.count, COUNTS.perfs);
      await row('verify', ['verify', '--source', 'file', '--path', SAMPLE], /253/);
      const version = name.split(' ')[1]!.replaceAll('.', '\\.');
      const checked = ['check', '--source', 'file', '--path', SAMPLE];
      await row('check', checked, new RegExp(`${name.split(' ')[0]} ${version} at`));
      await row('stats', ['stats'], /\b535\b/);
      await row('report', ['report', '--output', 'report.html'], /14 charts/);
      const html = readFileSync(join(workspace.folder, 'report.html'), 'utf8');
      assert.equal(html.match(/<svg /g)?.length, 14);
      const half = '2026-11-24T19:25:00Z/2026-11-24T19:27:00Z';
      const drift = ['drift', '--current', half, '--reference', half, '--min-count', '5'];
      await row('drift', drift, /input_data\.\w+ +\w+ +stable/);
      const at = ['--at', '2026-11-24T19:27:00Z'];
      await row('alerts check', ['alerts', 'check', ...at, '--json'], /"latency"[^}]*"state": ?"ok"/, 2);
      await row('export', ['export', '--output', 'backup'], /535/);
      await row('export --format parquet', ['export', '--format', 'parquet', '--output', 'parquet'], /107/);
      const copies = `${prefix}copy-`;
      const rename = ['--rename', `${prefix}*=${copies}*`];
      const input = backupIn(workspace);
      await row('import', ['import', '--input', input, ...rename], /535/);
      await client.indices.refresh({ index: `${copies}*` });
      const { count } = await client.count({ index: `${copies}*` });
      assert.equal(count, 253 + 107 + 107 + 535);
      const mapping = async (index: string) => Object.values(await client.indices.getMapping({ index }));
      assert.deepEqual(await mapping(`${copies}message`), await mapping(`${prefix}message`));

      const [[, log] = []] = await indices.documents('logs');
      await client.index({ index: `${prefix}logs`, document: log, refresh: true });
      await row('deduplicate', ['deduplicate', '--yes'], /\b1\b/);
      assert.equal(await indices.count('logs'), 253);

      await row('clear-indexes', ['clear-indexes', '--yes'], /535/);
      assert.deepEqual(await indices.counts(), { logs: 0, message: 0, perfs: 0, 'top-func': 0 });

      // An index that refuses a log, and is made anew.
      const index = `${prefix}logs`;
      await client.indices.delete({ index });
      await client.indices.create({ index, mappings: { properties: { level: { type: 'date' } } } });
      workspace.write('one.log', `${line('x')}\n`);
      const ran = await workspace.run(['run', '--source', 'file', '--path', 'one.log'], {
        ELASTICSEARCH_URL: url,
      });
      assert.match(ran.stdout + ran.stderr, /dead letter/);
      await client.indices.delete({ index });
      await row('dead-letters replay', ['dead-letters', 'replay'], /1/);
      assert.equal(await indices.count('logs'), 1);
      await row('prune', ['prune', '--older-than', '2026-11-25', '--yes'], /1 document/);
      assert.equal(await indices.count('logs'), 0);
    });

    test('a backup moves to Elasticsearch 9, and back', TIMEOUT, async (t) => {
      const here = new TestIndices(t, url);
      const there = new TestIndices(t);
      const workspace = new Workspace(t, here.prefix);
      const run = async (args: string[], at: string): Promise<void> => {
        const { code, stdout, stderr } = await workspace.run(args, { ELASTICSEARCH_URL: at });
        assert.equal(code, 0, stdout + stderr);
      };
      await run(['run', '--source', 'file', '--path', SAMPLE], url);
      await run(['export'], url);
      const input = backupIn(workspace);
      const rename = (from: string, to: string): string[] => ['--rename', `${from}*=${to}*`];
      await run(['import', '--input', input, ...rename(here.prefix, there.prefix)], elasticsearchUrl());
      assert.deepEqual(await there.counts(), COUNTS);
      const other = new Workspace(t, there.prefix);
      const exported = await other.run(['export'], { ELASTICSEARCH_URL: elasticsearchUrl() });
      assert.equal(exported.code, 0, exported.stderr);
      const back = new TestIndices(t, url);
      const path = join(other.folder, backupIn(other));
      await run(['import', '--input', path, ...rename(there.prefix, back.prefix)], url);
      assert.deepEqual(await back.counts(), COUNTS);
      assert.deepEqual(await back.documents('message'), await here.documents('message'));
      ROWS.add('import from and into Elasticsearch 9');
    });
  });
}

test('the table in docs/servers.md has a row for each of them', () => {
  const lines = readFileSync(join(root, 'docs/servers.md'), 'utf8').split('\n');
  const cells = (text: string): string[] =>
    text
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const table = lines.filter((text) => text.startsWith('|')).map(cells);
  const head = table.find(([first]) => first === 'command')!;
  for (const command of ROWS) {
    const row = table.find(([first]) => first === `\`${command}\``);
    assert.ok(row, `docs/servers.md has no row for ${command}`);
    for (const name of Object.keys(chosen))
      assert.equal(row[head.indexOf(name)], 'yes', `${command} on ${name}`);
  }
});
