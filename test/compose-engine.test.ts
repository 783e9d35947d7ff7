import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from './helpers.ts';
import { uniqueName } from './services/env.ts';
import { freePort, root } from './services/service.ts';

/** Why docker-compose.yml can't be run here. */
function whyNot(): string | false {
  if (process.env.COMPOSE_TEST === undefined) return 'docker: only `make compose-test` runs containers';
  const { status, error, stderr } = spawnSync('docker', ['compose', 'version'], { encoding: 'utf8' });
  if (error || status !== 0) return `docker compose is not there: ${error?.message ?? stderr.trim()}`;
  const engine = spawnSync('docker', ['info', '--format', '{{.ServerErrors}}'], { encoding: 'utf8' });
  return engine.status !== 0 && `no Docker engine answers: ${engine.stderr.trim()}`;
}

const skip = whyNot();

/** The commands of docs/compose.md, by what they begin with. */
const documented = [
  ...readFileSync(join(root, 'docs/compose.md'), 'utf8').matchAll(/^docker compose [^#\n]*/gm),
].map(([command]) => command.trim());
const documentedCommand = (pattern: RegExp): string => documented.find((command) => pattern.test(command))!;
const UP = documentedCommand(/--profile demo up/);
const DOWN = documentedCommand(/ down$/);
const REMOVE = documentedCommand(/ down --volumes$/);

describeDeployment();

function describeDeployment(): void {
  if (skip) {
    test('docker-compose.yml on an engine', { skip }, () => {});
    return;
  }
  let folder: string;
  let env: NodeJS.ProcessEnv;

  /** Runs a command in the copy of the repository, and answers what it prints. */
  function run(command: string): string {
    const { status, stdout, stderr } = spawnSync('bash', ['-c', command], {
      cwd: folder,
      env,
      encoding: 'utf8',
    });
    assert.equal(status, 0, `${command}: ${status}\n${stdout.slice(-2000)}${stderr.slice(-4000)}`);
    return stdout;
  }
  const inSidecar = (command: string): string =>
    run(`docker compose exec -T sidecar node dist/src/cli.js ${command}`);
  const containers = (): string[] =>
    run('docker compose --profile demo ps --all --quiet').split('\n').filter(Boolean);

  /** What `verify` counts once every log of the list is stored, and none waits: each once. */
  async function verified(): Promise<unknown> {
    const deadline = Date.now() + 120_000;
    for (;;) {
      const { status, stdout, stderr } = spawnSync(
        'bash',
        ['-c', 'docker compose exec -T sidecar node dist/src/cli.js verify --json'],
        { cwd: folder, env, encoding: 'utf8' },
      );
      const found = status === 0 ? JSON.parse(stdout) : undefined;
      if (found?.fates.waiting === 0) return found;
      assert.ok(Date.now() < deadline, `verify: ${status}\n${stdout}${stderr}`);
      await delay(2000);
    }
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ml-log-sidecar-compose-'));
    const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
      .split('\0')
      .filter(Boolean);
    for (const file of files) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      cpSync(join(root, file), join(folder, file));
    }
    writeFileSync(join(folder, '.env'), 'PIPELINE_BATCH_SIZE=37\nREDIS_HOST=elsewhere.invalid\n');
    const ports = ['REDIS', 'ELASTICSEARCH', 'KIBANA', 'SIDECAR'].map((name) => `${name}_HOST_PORT`);
    env = { ...process.env, COMPOSE_PROJECT_NAME: uniqueName('compose') };
    for (const name of ports) env[name] = String(await freePort());
  });
  after(() => {
    const images = `docker image prune --force --filter label=com.docker.compose.project=${env.COMPOSE_PROJECT_NAME}`;
    spawnSync('bash', ['-c', `${REMOVE} --rmi local; ${images}`], { cwd: folder, env });
    rmSync(folder, { recursive: true, force: true });
  });

  test(UP, () => {
    run(UP);
    assert.equal(containers().length, 7);
  });

  test('the ports are those asked for, and logs arrive, each once', async () => {
    for (const [name, path] of [
      ['SIDECAR', '/healthz'],
      ['SIDECAR', '/dashboards'],
      ['ELASTICSEARCH', '/'],
      ['KIBANA', '/api/status'],
    ]) {
      const answer = await fetch(`http://127.0.0.1:${env[`${name}_HOST_PORT`]}${path}`);
      assert.equal(answer.status, 200, `${name} ${path}`);
    }
    const counts = await verified();
    console.log('verify:', JSON.stringify(counts));
  });

  for (const command of documented.filter((each) => each.includes(' exec ')))
    test(command, () => {
      run(command);
    });

  test('.env reaches the sidecar, and the addresses are those of the services', () => {
    const shown = inSidecar('config show');
    assert.match(shown, /batch_size.*37/);
    assert.doesNotMatch(shown, /redis:\/\/elsewhere/);
  });

  test('the image holds what package-lock.json names', () => {
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    const held = JSON.parse(
      run('docker compose exec -T sidecar cat node_modules/.package-lock.json'),
    ).packages;
    for (const name of ['vega', 'vega-lite', '@resvg/resvg-js', 'undici'])
      assert.ok(held[`node_modules/${name}`], name);
    for (const [path, { version }] of Object.entries<{ version: string }>(held))
      assert.equal(version, packages[path]?.version, path);
  });

  test('what is run beside the sidecar has its state: a log whose document is gone is missing', async () => {
    run('docker compose --profile demo stop demo');
    await verified();
    const logs = `http://127.0.0.1:${env.ELASTICSEARCH_HOST_PORT}/ml-api-logs`;
    run(`curl -sf -X POST '${logs}/_refresh'`);
    const [gone] = JSON.parse(run(`curl -sf '${logs}/_search?size=1&sort=timestamp'`)).hits.hits;
    run(`curl -sf -X DELETE '${logs}/_doc/${gone._id}?refresh=true'`);
    const verify = 'docker compose exec -T sidecar node dist/src/cli.js verify --json';
    const { status, stdout, stderr } = spawnSync('bash', ['-c', verify], {
      cwd: folder,
      env,
      encoding: 'utf8',
    });
    assert.equal(status, 1, stdout + stderr);
    assert.equal(JSON.parse(stdout).fates.missing, 1, stdout);
    const source = `-H 'content-type: application/json' -d @-`;
    spawnSync('bash', ['-c', `curl -sf -X PUT '${logs}/_doc/${gone._id}?refresh=true' ${source}`], {
      env,
      input: JSON.stringify(gone._source),
    });
    run(UP);
  });

  test('PNG pictures have words', () => {
    inSidecar('report --output /tmp/charts --format png');
    const listed = run('docker compose exec -T sidecar ls /tmp/charts').split('\n').filter(Boolean);
    assert.ok(listed.includes('latency.png'), listed.join(' '));
    const script = `import("./dist/src/dashboards/png.js").then(({ renderPng }) => {
      const svg = (word) => "<svg xmlns=\\"http://www.w3.org/2000/svg\\" width=\\"60\\" height=\\"20\\">" +
        "<text y=\\"15\\" font-family=\\"system-ui, sans-serif\\">" + word + "</text></svg>";
      console.log(Buffer.compare(renderPng(svg("latency")), renderPng(svg(""))));
    })`;
    assert.notEqual(run(`docker compose exec -T sidecar node -e '${script}'`).trim(), '0');
  });

  for (const name of ['sidecar', 'vector', 'elasticsearch', 'redis']) {
    test(`${name} killed while logs come in: each is stored once`, async () => {
      await delay(5000);
      run(`docker compose kill ${name}`);
      await delay(10_000);
      run(UP);
      await delay(5000);
      console.log(`${name} killed, verify:`, JSON.stringify(await verified()));
    });
  }

  test('another `up` without a change recreates nothing', () => {
    const before = containers().sort();
    for (let again = 0; again < 3; again++) run(UP);
    assert.deepEqual(containers().sort(), before);
  });

  test('another `up` leaves no volume behind, and Kibana as it is; a changed file is in the new image', () => {
    const volumes = (): string => run('docker volume ls --quiet');
    const kept = volumes();
    const kibana = `http://127.0.0.1:${env.KIBANA_HOST_PORT}/api/saved_objects`;
    const dashboard =
      '{"type":"dashboard","id":"ml-log-sidecar-overview","attributes":{"title":"Mine"},"references":[]}';
    writeFileSync(join(folder, 'mine.ndjson'), `${dashboard}\n`);
    run(`curl -sf -H 'kbn-xsrf: test' -F file=@mine.ndjson '${kibana}/_import?overwrite=true'`);
    appendFileSync(join(folder, 'configs/alerts.yaml'), '\n# changed\n');
    run(UP);
    assert.equal(volumes(), kept);
    const asked = `-H 'kbn-xsrf: test' -H 'content-type: application/json' -d '{"type":"dashboard"}'`;
    const dashboards = run(`curl -sf ${asked} '${kibana}/_export'`);
    assert.match(dashboards, /"title":"Mine"/);
    assert.match(run('docker compose exec -T sidecar cat configs/alerts.yaml'), /# changed/);
  });

  test("a plugin of one's own is in the image, and its index is set up and filled", async () => {
    writeFileSync(
      join(folder, 'plugins/mine.ts'),
      `import { defineFields, definePlugin } from 'ml-log-sidecar/plugin';
       const fields = defineFields({ level: { type: 'keyword', from: 'level' } });
       export default definePlugin({
         name: 'ml-api-mine',
         index: { name: 'ml-api-mine', filtered: false, ...fields.index() },
         create: () => ({ documents: (event) => fields.document(event) }),
       });`,
    );
    const path = join(folder, 'configs/pipeline.yaml');
    const config = readFileSync(path, 'utf8');
    writeFileSync(path, config.replace(/^plugins:$/m, '$&\n  - use: ../plugins/mine.ts'));
    run(UP);
    const mine = `http://127.0.0.1:${env.ELASTICSEARCH_HOST_PORT}/ml-api-mine`;
    const { count } = await eventually('documents of the plugin', async () => {
      const answer = (await (await fetch(`${mine}/_count`)).json()) as { count: number };
      return answer.count > 0 && answer;
    });
    console.log("documents of a plugin of one's own:", count);
    // What came before has none: `verify` would ask for them.
    writeFileSync(path, config);
    run(UP);
  });

  test(`${DOWN}: nothing runs on, and the data stays`, async () => {
    const index = `http://127.0.0.1:${env.ELASTICSEARCH_HOST_PORT}/ml-api-logs`;
    const count = (): number =>
      JSON.parse(run(`curl -sf -X POST '${index}/_refresh' >/dev/null && curl -sf '${index}/_count'`)).count;
    run('docker compose --profile demo stop demo');
    await verified();
    const stored = count();
    run(DOWN);
    assert.deepEqual(containers(), []);
    const project = `label=com.docker.compose.project=${env.COMPOSE_PROJECT_NAME}`;
    assert.equal(run(`docker network ls --quiet --filter ${project}`), '');
    run('docker compose up --detach --wait');
    assert.equal(count(), stored);
    console.log('stored before and after down and up:', stored);
    run(REMOVE);
    assert.equal(run(`docker volume ls --quiet --filter ${project}`), '');
  });
}
