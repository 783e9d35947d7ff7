import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Redis } from 'ioredis';
import { eventually, ndjson, Workspace } from './helpers.ts';
import { realEntries } from './samples.ts';
import { startRedis } from './services/redis.ts';
import { root } from './services/service.ts';

const LINE = '2026-11-24 19:26:39 - api - INFO - ';
const DOWN = 'http://127.0.0.1:1';

/** `run` from a file of these lines to a folder. */
function fileRun(workspace: Workspace, lines: readonly string[], ...args: string[]): string[] {
  workspace.write('api.log', lines.map((line) => `${line}\n`).join(''));
  return ['run', '--source', 'file', '--path', 'api.log', '--sink', 'directory', '--out', 'out', ...args];
}

test('--help names the commands and the exit codes, and run --help its options', async (t) => {
  const workspace = new Workspace(t);
  const help = await workspace.run(['--help']);
  assert.equal(help.code, 0);
  for (const word of ['run', 'plugins', 'clear-indexes', 'Exit codes'])
    assert.match(help.stdout, new RegExp(word));
  const runHelp = await workspace.run(['run', '--help']);
  assert.equal(runHelp.code, 0);
  for (const word of ['--source', '--sink', '--once', '--continuous', '--json', '--lang']) {
    assert.match(runHelp.stdout, new RegExp(word));
  }
});

test('--version is that of package.json', async (t) => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { code, stdout } = await new Workspace(t).run(['--version']);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: `${version}\n` });
});

for (const [args, message] of [
  [['run', '--sorce', 'file'], /--sorce is not an option of this command; did you mean --source\?/],
  [['stats', 'since'], /"since" is not an argument of this command; did you mean --since\?/],
  [['run', '--path'], /--path needs a value/],
  [['stats', '--since', '1h', '--since', '2h'], /--since is given 2 times; give it once/],
  [['drift', '--min-count', 'x'], /--min-count: "x" is not a whole number/],
  [['run', '--methods', 'FOO'], /--methods.*"FOO" is not an HTTP method; write them as POST,GET/],
  [['rum'], /^"rum" is not a command; did you mean run\?\nSee/],
  [['foo', 'bar'], /^"foo" is not a command; the commands are run, .*\nSee/],
  [['alerts', 'chekc'], /^"chekc" is not a command; did you mean check\?\nSee/],
  [['run', '-x'], /^-x is not an option of this command\nSee/],
  [['run', '--from-strt'], /^--from-strt is not an option of this command; did you mean --from-start\?\nSee/],
  [[], /ml-log-sidecar <command>[\s\S]*Commands:/],
  [['alerts'], /alerts check[\s\S]*alerts watch/],
  [['dead-letters'], /dead-letters list[\s\S]*dead-letters replay/],
  [['run', '--once', '--continuous'], /mutually exclusive/],
  [['run', '--source', 'kafka'], /--source: .*one of redis.*kafka/],
  [['run', '--limit', 'few'], /--limit: pipeline\.limit must be a whole number, but is "few"/],
  [['run', '--batch-size', '0'], /--batch-size: pipeline\.batch_size must be >= 1, but is 0/],
  [['run', '--source', 'file'], /give --path/],
  [['run', '--config', 'none.yaml'], /none\.yaml can't be read/],
  [
    ['run', '--pattern', '('],
    /--pattern, PIPELINE_FILTER_PATTERN.*"\(" is not a regular expression: Unterminated group.*is written \\\(/,
  ],
] as const) {
  test(`\`${args.join(' ')}\` is wrong usage: told in words, exit 2`, async (t) => {
    const { code, stdout, stderr } = await new Workspace(t).run(args);
    assert.equal(code, 2);
    assert.match(stderr, message);
    assert.equal(stdout, '');
    assert.doesNotMatch(stderr, /^ +at /m, 'no stack trace');
  });
}

test('-v says more, --log-format json says it for programs', async (t) => {
  const workspace = new Workspace(t);
  const args = fileRun(workspace, [`${LINE}x`], '--quiet');
  assert.match((await workspace.run([...args, '--from-start'])).stderr, /^\S+Z INFO reading all that /);
  const { stderr } = await workspace.run([...args, '-v', '--from-start', '--log-format', 'json']);
  const said = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(Object.keys(said[0]), ['time', 'level', 'message']);
  assert.equal(said[0].level, 'info');
  assert.equal((await workspace.run([...args, '-v'])).code, 0);
});

test('completion prints a script, which asks for commands and options', async (t) => {
  const workspace = new Workspace(t);
  const { code, stdout, stderr } = await workspace.run(['completion']);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /ml-log-sidecar --get-yargs-completions/);
  const next = async (...words: string[]): Promise<string[]> =>
    (await workspace.run(['--get-yargs-completions', 'ml-log-sidecar', ...words])).stdout.split('\n');
  assert.ok((await next('ver')).includes('verify'));
  assert.ok((await next('dead-letters', '')).includes('replay'));
  assert.ok((await next('run', '--lim')).includes('--limit'));
  const options = await next('run', '--v');
  assert.ok(options.includes('--verbose'));
  assert.ok(!options.includes('--v'));
  // What yargs would print it by, beside the command.
  const other = await workspace.run(['complete']);
  assert.deepEqual([other.code, other.stdout], [2, '']);
  assert.match(other.stderr, /^"complete" is not a command; the commands are run, /);
});

test('a flag may be given twice', async (t) => {
  const workspace = new Workspace(t);
  workspace.write('api.log', 'one\n');
  const source = ['--source', 'file', '--path', 'api.log'];
  const twice = await workspace.run(['run', ...source, '--dry-run', '--dry-run']);
  assert.deepEqual(
    [twice.code, twice.stdout.split('\n')[0]],
    [0, '📊 Log pipeline - Dry run: nothing is stored'],
  );
});

test('a wrong value names where it was written, and secrets are not shown', async (t) => {
  const { code, stderr } = await new Workspace(t).run(['run'], {
    REDIS_PORT: '99999',
    ELASTICSEARCH_URL: 'ftp://user:secret@host',
  });
  assert.equal(code, 2);
  assert.match(stderr, /REDIS_PORT \(environment\): redis\.port must be <= 65535, but is 99999/);
  assert.match(stderr, /ELASTICSEARCH_URL \(environment\): elasticsearch\.url must match/);
  assert.doesNotMatch(stderr, /secret/);
});

test('a variable that looks misspelt is warned of, and one of another program is not', async (t) => {
  const workspace = new Workspace(t);
  const { code, stderr } = await workspace.run(fileRun(workspace, [`${LINE}x`]), {
    REDIS_PROT: '6380',
    REDIS_SERVICE_HOST: '10.0.0.1',
  });
  assert.equal(code, 0);
  assert.match(
    stderr,
    /WARN REDIS_PROT \(environment\) is not a variable of this program; did you mean REDIS_PORT\?/,
  );
  assert.doesNotMatch(stderr, /REDIS_SERVICE_HOST/);
});

test('ELASTICSEARCH_INDEX that lacks the prefix names the way, and INDICES_PREFIX is one', async (t) => {
  const workspace = new Workspace(t);
  workspace.write('configs/pipeline.yaml', '');
  const args = fileRun(workspace, [`${LINE}x`]);
  const refused = await workspace.run(args, { ELASTICSEARCH_INDEX: 'my-logs' });
  assert.equal(refused.code, 2);
  assert.match(
    refused.stderr,
    /ELASTICSEARCH_INDEX: "my-logs" must begin with "ml-api-".*INDICES_PREFIX=my-/,
  );
  const { code } = await workspace.run(args, { ELASTICSEARCH_INDEX: 'my-logs', INDICES_PREFIX: 'my-' });
  assert.equal(code, 0);
  assert.equal(workspace.output('my-logs').length, 1);
  const { stdout } = await workspace.run(['plugins', '--json'], { INDICES_PREFIX: 'my-' });
  const indices = JSON.parse(stdout).map(({ index }: { index: string | null }) => index);
  assert.deepEqual(indices.slice(0, 4), ['my-logs', 'my-message', 'my-perfs', 'my-top-func']);
});

test('the sample of the demo makes the documents that it is known for', async (t) => {
  const workspace = new Workspace(t);
  const path = join(root, 'samples/api.log');
  const args = ['run', '--source', 'file', '--path', path, '--sink', 'directory', '--out', 'out'];
  const { code, stdout } = await workspace.run(args);
  assert.equal(code, 0);
  for (const [index, count] of Object.entries({
    'ml-api-logs': 253,
    'ml-api-message': 107,
    'ml-api-perfs': 107,
    'ml-api-top-func': 535,
  })) {
    assert.equal(workspace.output(index).length, count);
    assert.match(stdout, new RegExp(`${index}: ${count} documents`));
  }
  const again = await workspace.run(args);
  assert.match(again.stdout, /Already there: 1002 documents/);
  assert.equal(workspace.output('ml-api-logs').length, 253);
});

test('JSON strings, one a line, give the same documents as the Redis list', async (t) => {
  const workspace = new Workspace(t);
  const lines = realEntries.map((entry) => JSON.stringify(entry));
  const { code } = await workspace.run(fileRun(workspace, lines));
  assert.equal(code, 0);
  const messages = workspace.output('ml-api-logs').map(({ message }) => message);
  assert.deepEqual(
    messages,
    realEntries.map((entry) => entry.split(' - ').slice(3).join(' - ')),
  );
});

test('--json prints one JSON object, and --quiet nothing', async (t) => {
  const workspace = new Workspace(t);
  const { stdout } = await workspace.run(fileRun(workspace, [`${LINE}x`], '--json'));
  const stats = JSON.parse(stdout);
  assert.equal(stats.logs, 1);
  assert.deepEqual(stats.indices['ml-api-logs'], { stored: 1, existing: 0, refused: 0, events: 1 });
  const quiet = await workspace.run(fileRun(workspace, [`${LINE}x`], '--quiet'));
  assert.deepEqual(quiet, { code: 0, signal: null, stdout: '', stderr: '' });
});

for (const flag of ['--json', '--quiet']) {
  test(`--continuous with ${flag} says nothing on the way`, { timeout: 60_000 }, async (t) => {
    const workspace = new Workspace(t);
    const args = fileRun(workspace, [`${LINE}x`, `${LINE}y`], '--continuous', '--interval', '0.1', flag);
    const run = workspace.start(args);
    await eventually('both logs are written', () => written(workspace) === 2);
    const { code, stdout } = await run.stop();
    assert.equal(code, 0);
    if (flag === '--quiet') assert.equal(stdout, '');
    else assert.equal(JSON.parse(stdout).logs, 2);
  });
}

/** How many logs a run has written so far. */
function written({ folder }: Workspace): number {
  const path = join(folder, 'out/ml-api-logs.ndjson');
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
}

test('--lang fr speaks French, and so does a French locale', async (t) => {
  const workspace = new Workspace(t);
  const args = fileRun(workspace, [`${LINE}x`]);
  const french = /Collecte: 1 log récupérés/;
  assert.match((await workspace.run([...args, '--lang', 'fr'])).stdout, french);
  assert.match((await workspace.run(args, { LANG: 'fr_FR.UTF-8' })).stdout, french);
  const english = await workspace.run([...args, '--lang', 'en'], { LANG: 'fr_FR.UTF-8' });
  assert.match(english.stdout, /Collected: 1 log/);
});

test('a log that is too large is a dead letter with the reason, exit 1, and the rest is stored', async (t) => {
  const workspace = new Workspace(t);
  const lines = [`${LINE}before`, `${LINE}${'x'.repeat(2 << 20)}`, `${LINE}after`];
  const { code, stdout } = await workspace.run(fileRun(workspace, lines));
  assert.equal(code, 1);
  assert.match(stdout, /Dead letters: 1, with their reasons in \.\/data\/dead-letters/);
  const messages = workspace.output('ml-api-logs').map(({ message }) => message);
  assert.deepEqual(messages, ['before', 'after']);
  const [letter] = deadLetters(workspace);
  assert.equal(letter?.stage, 'parse');
  assert.match(letter?.reason as string, /the entry has 20\d+ bytes/);
});

test('a plugin that throws costs its own event a dead letter that names it, and nothing else', async (t) => {
  const use = './picky.ts';
  const logs = { use: 'ml-api-logs' };
  const workspace = new Workspace(t, 'ml-api-', { plugins: [{ use }, logs] });
  workspace.write(
    'configs/picky.ts',
    `export default {
      name: 'picky',
      create: () => ({
        event(event: { message: string }) {
          if (event.message === 'bad') throw new Error('I do not like it');
          return event;
        },
      }),
    };`,
  );
  const { code } = await workspace.run(fileRun(workspace, [`${LINE}good`, `${LINE}bad`, `${LINE}fine`]));
  assert.equal(code, 1);
  assert.deepEqual(
    workspace.output('ml-api-logs').map(({ message }) => message),
    ['good', 'fine'],
  );
  const letters = deadLetters(workspace);
  assert.equal(letters.length, 1);
  assert.equal(letters[0]?.at, 'picky');
  // Node 20 can't tell the line of a module that its package.json does not call one.
  assert.match(letters[0]?.reason as string, /^I do not like it \(picky\.ts(:5)?\)$/);
  assert.equal(letters[0]?.entry, `${LINE}bad`);
});

function deadLetters({ folder }: Workspace): Record<string, unknown>[] {
  const day = new Date().toISOString().slice(0, 10);
  return ndjson(readFileSync(join(folder, `data/dead-letters/${day}.ndjson`), 'utf8'));
}

/** What a run says that finds a server down: exit 3, a reason, and what to do. */
async function assertUnreachable(
  t: TestContext,
  args: readonly string[],
  env: Record<string, string>,
  message: RegExp,
): Promise<void> {
  const { code, stderr } = await new Workspace(t).run(['run', '--once', ...args], env);
  assert.equal(code, 3);
  assert.match(stderr, message);
  assert.doesNotMatch(stderr, /^ +at /m, 'no stack trace');
}

test('Redis down: exit 3, and what to do', { timeout: 30_000 }, async (t) => {
  const message =
    /Redis list "api_logs" at 127\.0\.0\.1:1\/0 could not be reached: .*ECONNREFUSED.*REDIS_HOST and REDIS_PORT/;
  const env = { REDIS_HOST: '127.0.0.1', REDIS_PORT: '1' };
  await assertUnreachable(t, ['--sink', 'directory'], env, message);
});

test('Elasticsearch down: exit 3, and what to do', { timeout: 30_000 }, async (t) => {
  const message =
    /Elasticsearch at 127\.0\.0\.1:1 could not be reached: .*ECONNREFUSED.*Is Elasticsearch running there/;
  const path = join(root, 'samples/api.log');
  await assertUnreachable(t, ['--source', 'file', '--path', path], { ELASTICSEARCH_URL: DOWN }, message);
});

test('a folder that can not be made: exit 3, and what to do', async (t) => {
  const path = join(root, 'samples/api.log');
  const args = ['--source', 'file', '--path', path, '--sink', 'directory', '--out', join(path, 'out')];
  await assertUnreachable(
    t,
    args,
    {},
    /api\.log\/out can't be written: ENOTDIR.*Give another folder with --out/,
  );
});

test('a key of another type: exit 2, and what to do', { timeout: 60_000 }, async (t) => {
  const redis = await startRedis();
  t.after(() => redis.stop());
  const workspace = new Workspace(t);
  const args = ['run', '--sink', 'directory', '--out', 'out'];
  const env = { REDIS_URL: redis.url, REDIS_LOGS_KEY: 'text' };
  const client = new Redis(redis.url);
  await client.set('text', 'x');
  const { code, stderr } = await workspace.run(args, env);
  assert.equal(code, 2);
  assert.match(stderr, /the Redis key "text" does not hold a list\. Set REDIS_LOGS_KEY/);
  await client.lpush('list', `${LINE}x`);
  assert.equal((await workspace.run(args, { ...env, REDIS_LOGS_KEY: 'list' })).code, 0);
  await client.quit();
});

test('a continuous run waits for Redis, and reads once it is up', { timeout: 60_000 }, async (t) => {
  const first = await startRedis();
  const { port } = first;
  await first.stop();
  const workspace = new Workspace(t);
  const args = ['run', '--continuous', '--interval', '0.2', '--sink', 'directory', '--out', 'out'];
  const run = workspace.start(args, { REDIS_HOST: '127.0.0.1', REDIS_PORT: `${port}` });
  await run.says(
    /WARN Redis list .* can't be reached: .*Trying again; whatever the list still holds when it is back will be read/,
  );
  const redis = await startRedis({ port });
  t.after(() => redis.stop());
  const client = new Redis(redis.url);
  await client.lpush('api_logs', `${LINE}x`);
  await client.quit();
  await run.says(/Redis list .* is back after/);
  await run.says(/1 log indexed/);
  assert.equal((await run.stop()).code, 0);
  assert.equal(workspace.output('ml-api-logs').length, 1);
});

test('the second SIGINT ends at once', { timeout: 60_000 }, async (t) => {
  const workspace = new Workspace(t);
  // A reader that takes nothing: the first signal would wait for it.
  const lines = Array.from({ length: 20_000 }, (_, n) => `${LINE}log ${n}`);
  const args = fileRun(workspace, lines, '--continuous').map((arg) => (arg === 'directory' ? 'stdout' : arg));
  const run = workspace.start(args);
  run.child.stdout?.pause();
  await run.says(/100 logs indexed/);
  const ended = new Promise((resolve) => run.child.once('exit', (_code, signal) => resolve(signal)));
  run.child.kill('SIGINT');
  const first = await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 500, 'it runs'))]);
  assert.equal(first, 'it runs');
  run.child.kill('SIGINT');
  assert.equal(await ended, 'SIGINT');
  run.child.stdout?.resume();
});

test('a log file that can not be read: exit 3, and what to do', async (t) => {
  const workspace = new Workspace(t);
  mkdirSync(join(workspace.folder, 'logs'));
  for (const path of ['logs', 'missing.log']) {
    const { code, stderr } = await workspace.run([
      'run',
      '--source',
      'file',
      '--path',
      path,
      '--sink',
      'directory',
    ]);
    assert.equal(code, 3);
    assert.match(stderr, /the log file .* can't be read: .*Give another with --path/);
  }
});

test('a run loads neither what draws nor what reaches Elasticsearch, if it does neither', async (t) => {
  const workspace = new Workspace(t);
  const hook = `import { appendFileSync } from 'node:fs';
    export async function resolve(name, context, next) {
      const found = await next(name, context);
      appendFileSync('loaded', found.url + '\\n');
      return found;
    }`;
  const url = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
  const register = `import { register } from 'node:module'; register(${JSON.stringify(url(hook))});`;
  const { code } = await workspace.run(fileRun(workspace, [`${LINE}x`]), {
    NODE_OPTIONS: `--import ${url(register)}`,
  });
  assert.equal(code, 0);
  const loaded = readFileSync(join(workspace.folder, 'loaded'), 'utf8');
  assert.match(loaded, /node_modules\/yargs/);
  assert.doesNotMatch(loaded, /node_modules\/(vega|@elastic|prom-client|ioredis)/);
});
