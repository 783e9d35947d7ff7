import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually, TestIndices, TestList, Workspace } from '../helpers.ts';
import { line } from '../samples.ts';
import { elasticsearchUrl, redisUrl } from '../services/env.ts';

/** A plugin of one's own that names the logger of each event, as its neighbour says; `ending` follows it. */
const plugin = (ending = ''): string =>
  `import { logger } from './logger.ts';
   export default { name: 'own', create: () => ({ event: (event: object) => ({ ...event, logger }) }) };${ending}`;
const neighbour = (logger: string): string => `export const logger = '${logger}';`;
const config = (more: object = {}): string =>
  JSON.stringify({ plugins: [{ use: '../own/plugin.ts' }, { use: 'ml-api-logs' }], ...more });

interface Watched {
  workspace: Workspace;
  running: ReturnType<Workspace['start']>;
  list: TestList;
  /** The documents so far. */
  documents(): Record<string, unknown>[];
  /** Pushes a log, and returns the logger that it is stored with. */
  loggerOfNext(): Promise<unknown>;
}

function startWatched(t: TestContext): Watched {
  const workspace = new Workspace(t);
  mkdirSync(join(workspace.folder, 'own'));
  workspace.write('own/plugin.ts', plugin());
  workspace.write('own/logger.ts', neighbour('v0'));
  workspace.write('configs/pipeline.yaml', config());
  const list = new TestList(t);
  const running = workspace.start(
    ['run', '--continuous', '--watch', '--interval', '0.1', '--sink', 'directory', '--out', 'out'],
    { REDIS_URL: redisUrl(), REDIS_LOGS_KEY: list.key },
  );
  const documents = (): Record<string, unknown>[] => {
    try {
      return workspace.output('ml-api-logs');
    } catch {
      return [];
    }
  };
  let pushed = 0;
  const loggerOfNext = async (): Promise<unknown> => {
    const message = `probe ${++pushed}`;
    await list.push([line(message)]);
    const found = await eventually(message, () => documents().find((each) => each.message === message));
    return found.logger;
  };
  return { workspace, running, list, documents, loggerOfNext };
}

test('a changed plugin, what it imports, or configuration is taken up; a broken one is told once, and the run goes on', {
  timeout: 90_000,
}, async (t) => {
  const { workspace, running, loggerOfNext } = startWatched(t);
  assert.equal(await loggerOfNext(), 'v0');
  const takesUp = async (logger: string): Promise<void> => {
    await eventually(logger, async () => (await loggerOfNext()) === logger);
  };
  const refuses = async (why: RegExp, logger: string): Promise<void> => {
    const before = running.stderr.length;
    await eventually(`${why}`, () => why.test(running.stderr.slice(before)));
    assert.equal(await loggerOfNext(), logger);
    assert.equal(running.stderr.slice(before).match(/goes on as before/g)?.length, 1);
  };
  workspace.write('own/logger.ts', neighbour('v1'));
  await takesUp('v1');
  workspace.write('own/plugin.ts', plugin('}'));
  await refuses(/not taken up, and the run goes on as before: plugin "\.\.\/own\/plugin\.ts"/, 'v1');
  workspace.write('own/logger.ts', neighbour('v2'));
  await refuses(/plugin "\.\.\/own\/plugin\.ts"/, 'v1');
  workspace.write('own/plugin.ts', plugin());
  await takesUp('v2');
  workspace.write('configs/pipeline.yaml', config({ pipelin: {} }));
  await refuses(/unknown key pipelin/, 'v2');
  workspace.write('configs/pipeline.yaml', config({ state: { path: 'elsewhere' } }));
  await refuses(/state\.path can't change during a run/, 'v2');
  workspace.write('configs/pipeline.yaml', config({ redis: { host: 'elsewhere' } }));
  workspace.write('.env', 'REDIS_LOGS_KEY=ignored\nINDICES_PREFIX=other-');
  await refuses(/source, sink, or indices\.prefix can't change/, 'v2');
  workspace.write('.env', '');
  workspace.write('configs/pipeline.yaml', config({ plugins: [{ use: 'ml-api-logs' }] }));
  await eventually('the plugin is gone', async () => (await loggerOfNext()) === 'api');
  const { code, stdout } = await running.stop();
  assert.equal(code, 0);
  assert.match(stdout, /Collected: \d+ logs/);
});

test('over twenty changes under load no log is lost, none is doubled, and the total counts them all', {
  timeout: 120_000,
}, async (t) => {
  const { workspace, running, list, documents, loggerOfNext } = startWatched(t);
  assert.equal(await loggerOfNext(), 'v0');
  let written = 0;
  let isOver = false;
  const writing = (async () => {
    while (!isOver) {
      // Copies, too, of which each is a log.
      await list.push([line(`log ${written}`), line('the same again')], 5_000);
      written += 2;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  for (let n = 1; n <= 20; n++) {
    workspace.write('own/logger.ts', neighbour(`v${n}`));
    if (n % 2 === 0) await eventually(`v${n}`, async () => (await loggerOfNext()) === `v${n}`);
    else await new Promise((resolve) => setTimeout(resolve, 30 * n));
  }
  isOver = true;
  await writing;
  const all = await eventually('all is stored', () => {
    const found = documents();
    const logs = found.filter(({ message }) => !String(message).startsWith('probe'));
    return logs.length >= written && found;
  });
  const logs = all.filter(({ message }) => !String(message).startsWith('probe'));
  assert.equal(logs.length, written);
  assert.equal(new Set(all.map(({ _id }) => _id)).size, all.length);
  assert.equal(new Set(logs.map(({ message }) => message)).size, written / 2 + 1);
  const { code, stdout } = await running.stop();
  assert.equal(code, 0);
  assert.match(stdout, new RegExp(`Collected: ${all.length} logs`));
  assert.doesNotMatch(running.stderr, /WARN|ERROR/);
});

test('a plugin that Elasticsearch refuses gives way to the one before it', { timeout: 90_000 }, async (t) => {
  const indices = new TestIndices(t);
  const list = new TestList(t);
  const workspace = new Workspace(t, indices.prefix);
  mkdirSync(join(workspace.folder, 'own'));
  const own = (type: string): string =>
    `export default {
       name: 'own',
       index: { name: '${indices.prefix}own', mappings: { properties: { text: { type: '${type}' } } }, document: {}, filtered: false },
       create: () => ({ documents: ({ message }) => ({ text: message }) }),
     };`;
  workspace.write('own/plugin.mjs', own('keyword'));
  workspace.write(
    'configs/pipeline.yaml',
    JSON.stringify({ indices: { prefix: indices.prefix }, plugins: [{ use: '../own/plugin.mjs' }] }),
  );
  const running = workspace.start(['run', '--continuous', '--watch', '--interval', '0.1'], {
    REDIS_URL: redisUrl(),
    REDIS_LOGS_KEY: list.key,
    ELASTICSEARCH_URL: elasticsearchUrl(),
  });
  await list.push([line('one')]);
  await eventually('one', async () => {
    const there = await indices.client.indices.exists({ index: `${indices.prefix}own` });
    return there && (await indices.count('own')) === 1;
  });
  workspace.write('own/plugin.mjs', own('nosuch').replaceAll(`${indices.prefix}own`, `${indices.prefix}two`));
  await running.says(/goes on as before: .*nosuch/);
  await list.push([line('two')]);
  await eventually('two', async () => (await indices.count('own')) === 2);
  workspace.write('own/plugin.mjs', own('text').replaceAll(`${indices.prefix}own`, `${indices.prefix}two`));
  await running.says(/it is taken up[\s\S]*it is taken up/);
  await list.push([line('three')]);
  await eventually('three', async () => {
    const there = await indices.client.indices.exists({ index: `${indices.prefix}two` });
    return there && (await indices.count('two')) === 1;
  });
  assert.equal((await running.stop()).code, 0);
});

test('without --continuous there is nothing to watch', async (t) => {
  const { code, stderr } = await new Workspace(t).run(['run', '--watch']);
  assert.equal(code, 2);
  assert.match(stderr, /--watch .*--continuous/);
});
