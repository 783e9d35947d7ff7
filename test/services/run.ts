/**
 * Starts the servers that the tests share, runs the tests, stops the servers.
 *
 *     node dist/test/services/run.js [--only name-pattern] [--coverage] [test/file.test.ts …]
 *
 * TEST_REDIS_URL and TEST_ELASTICSEARCH_URL name servers to use instead of starting some. With CI=true,
 * only tests that need Vector, Fluent Bit or a Docker engine may be skipped.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Coverage } from './coverage.ts';
import { elasticsearchVersion, startElasticsearch } from './elasticsearch.ts';
import { redisVersion, startRedis } from './redis.ts';
import { installed, root, type Service, signalGroup, spawnGroup } from './service.ts';
import type { Skip } from './skip-reporter.ts';

const services: Service[] = [];
let runner: ReturnType<typeof spawnGroup> | undefined;
let interrupted: NodeJS.Signals | undefined;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted ??= signal;
    if (runner) signalGroup(runner, 'SIGTERM');
    else process.exit(128 + constants.signals[signal]);
  });
}

let code = await main().catch((error: Error) => {
  console.error(error.message);
  return 1;
});
await Promise.all(services.map((service) => service.stop()));
if (interrupted) code = 128 + constants.signals[interrupted];
// Not just an exit code: a server that was still coming up when another failed is ended by this.
process.exit(code);

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { only: { type: 'string' }, coverage: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const files = testFiles(positionals);
  const [redis, elasticsearch] = await Promise.all([
    shared('redis', 'TEST_REDIS_URL', startRedis, redisVersion),
    shared('elasticsearch', 'TEST_ELASTICSEARCH_URL', startElasticsearch, elasticsearchVersion),
  ]);
  const env = {
    ...process.env,
    TEST_REDIS_URL: redis,
    TEST_ELASTICSEARCH_URL: elasticsearch,
    ...where('TEST_ELASTICSEARCH_HOME', 'elasticsearch'),
    ...where('TEST_ES_JAVA_HOME', 'jdk'),
    ...where('TEST_GRADIO_PYTHON', 'python'),
  };
  const coverage = values.coverage ? new Coverage() : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'tests-'));
  const skips = join(folder, 'skips');
  const services = join(root, 'dist/test/services');
  const options = [
    ...[
      '--test',
      '--test-concurrency=3',
      '--enable-source-maps',
      `--import=${join(services, 'time-limit.js')}`,
    ],
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    ...[`--test-reporter=${join(services, 'skip-reporter.js')}`, `--test-reporter-destination=${skips}`],
  ];
  if (values.only) options.push(`--test-name-pattern=${values.only}`);
  const status = await runTests([process.execPath, ...options, ...files], { ...env, ...coverage?.env });
  const isCovered = interrupted !== undefined || coverage?.report() !== false;
  const skipped = existsSync(skips) ? readFileSync(skips, 'utf8') : '';
  rmSync(folder, { recursive: true });
  const maySkip = tellSkipped(skipped.split('\n').flatMap((line) => (line === '' ? [] : JSON.parse(line))));
  return status || (isCovered && maySkip ? 0 : 1);
}

/** Prints what was skipped, and why, in one list; `false` where CI must not skip one of them. */
function tellSkipped(skips: readonly Skip[]): boolean {
  const mayBeMissing = /vector|fluent-bit|docker/i;
  const wrong = process.env.CI === 'true' ? skips.filter(({ reason }) => !mayBeMissing.test(reason)) : [];
  if (skips.length > 0) console.log(`\nSkipped, ${skips.length} in all:`);
  const byReason = new Map<string, Skip[]>();
  for (const skip of skips) byReason.set(skip.reason, [...(byReason.get(skip.reason) ?? []), skip]);
  for (const [reason, group] of byReason) {
    console.log(`  ${reason || 'no reason given'}`);
    for (const { file, name } of group)
      console.log(`    ${file.replace(/^dist\//, '').replace(/\.js$/, '')}: ${name}`);
  }
  for (const { name } of wrong) console.error(`must not be skipped where CI=true: ${name}`);
  return wrong.length === 0;
}

/** The URL of one's own server, or of one that is started here. */
async function shared(
  name: string,
  variable: string,
  start: () => Promise<Service>,
  versionOf: (url: string) => Promise<string>,
): Promise<string> {
  const own = process.env[variable];
  if (own) {
    const version = await versionOf(own).catch((error: Error) => {
      throw new Error(`${variable}: no ${name} answers there (${error.message})`);
    });
    console.log(`${name} ${version} at ${variable}`);
    return own;
  }
  const service = await start();
  services.push(service);
  console.log(`${name} ${service.version} on 127.0.0.1:${service.port}`);
  return service.url;
}

/** Nothing where it is not installed: the test that needs it will say so. */
function where(variable: string, what: Parameters<typeof installed>[0]): Record<string, string> {
  try {
    return { [variable]: installed(what, variable) };
  } catch {
    return {};
  }
}

async function runTests(command: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const tests = spawnGroup(command, { env, stdio: 'inherit' });
  runner = tests;
  const code = await new Promise<number>((done, failed) => {
    tests.once('error', failed);
    tests.once('exit', (status) => done(status ?? 1));
  });
  // Interrupted test files still stop their own servers. What a test has left running ends here, too.
  for (let i = 0; interrupted && i < 50 && signalGroup(tests, 0); i++) await sleep(100);
  signalGroup(tests, 'SIGKILL');
  return code;
}

/**
 * The compiled tests of the sources that exist now, so that what an older build left in dist is not run. Given
 * paths, of sources or compiled, only those.
 */
function testFiles(paths: string[]): string[] {
  const sources = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => join('test', path))
    .sort();
  const asked = paths.map((path) =>
    relative(root, resolve(path))
      .replace(/^dist\//, '')
      .replace(/\.js$/, '.ts'),
  );
  for (const path of asked) if (!sources.includes(path)) throw new Error(`no such test: ${path}`);
  const chosen = asked.length > 0 ? asked : sources;
  if (chosen.length === 0) throw new Error('no test files under test/');
  return chosen.map((path) => {
    const compiled = join(root, 'dist', path.replace(/\.ts$/, '.js'));
    if (!existsSync(compiled)) throw new Error(`${path} is not compiled: run npx tsc`);
    return compiled;
  });
}
