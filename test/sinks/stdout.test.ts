import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually, ndjson, Workspace } from '../helpers.ts';
import { realLines } from '../samples.ts';
import { sinkContract } from './contract.ts';
import { ChildStdoutSink } from './stdout-child.ts';

const CLI = join(import.meta.dirname, '../../src/cli.js');
const RUN = ['run', '--source', 'file', '--path', 'api.log', '--sink', 'stdout'];

/** Starts a command whose stdout nobody reads yet. */
function start(t: TestContext, { folder }: Workspace, command: string, args: readonly string[]) {
  const child = spawn(command, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  t.after(() => child.kill('SIGKILL'));
  return { child, said: () => stderr, exit: new Promise((resolve) => child.on('exit', resolve)) };
}

function workspaceWith(t: TestContext, lines: readonly string[]): Workspace {
  const workspace = new Workspace(t);
  workspace.write('api.log', lines.map((line) => `${line}\n`).join(''));
  return workspace;
}

sinkContract('stdout', async (t) => {
  const lines: string[] = [];
  return {
    prefix: 'test-',
    make: () => new ChildStdoutSink(t, (text) => lines.push(text)),
    read: async (index) =>
      new Map(
        ndjson(lines.join(''))
          .filter(({ route }) => route === index)
          .map(({ id, body }) => [id as string, body as Record<string, unknown>]),
      ),
    rewrites: true,
  };
});

test('stdout holds documents and nothing else', async (t) => {
  const { code, stdout, stderr } = await workspaceWith(t, realLines).run(RUN);
  assert.equal(code, 0, stderr);
  const lines = ndjson(stdout);
  assert.equal(lines.length, 253 + 107 + 107 + 535);
  for (const line of lines) assert.deepEqual(Object.keys(line), ['id', 'route', 'body']);
  const routes = new Set(lines.map(({ route }) => route));
  assert.deepEqual(routes, new Set(['logs', 'message', 'perfs', 'top-func']));
  assert.match(stderr, /Collected: 253 logs/);
});

test('a slow reader gets everything', { timeout: 60_000 }, async (t) => {
  const many = Array.from({ length: 15 }, () => realLines).flat();
  const { child, said, exit } = start(t, workspaceWith(t, many), process.execPath, [CLI, ...RUN, '--quiet']);
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) {
    chunks.push(chunk);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(await exit, 0, said());
  const text = Buffer.concat(chunks).toString();
  assert.ok(text.length > 5 << 20);
  const lines = ndjson(text);
  assert.equal(lines.length, 15 * (253 + 107 + 107 + 535));
  assert.equal(new Set(lines.map(({ id, route }) => `${route} ${id}`)).size, lines.length);
});

test('a reader that goes away ends the run quietly with 3', async (t) => {
  const { child, said, exit } = start(t, workspaceWith(t, realLines), process.execPath, [CLI, ...RUN]);
  child.stdout.destroy();
  assert.equal(await exit, 3, said());
  assert.doesNotMatch(said(), /EPIPE|^ +at /m);
});

test('a run that waits for logs ends when the program that started it has ended', async (t) => {
  const workspace = workspaceWith(t, realLines.slice(0, 1));
  // As under a shipper that was killed: SIGPIPE is ignored, and the pipe has readers still.
  const script = `trap '' PIPE; "${process.execPath}" "${CLI}" ${RUN.join(' ')} --continuous & echo $! >pid; wait`;
  const { child, said } = start(t, workspace, 'sh', ['-c', script]);
  child.stdout.resume();
  await eventually('it runs', () => /Batch #1/.test(said()));
  const pid = Number(readFileSync(join(workspace.folder, 'pid'), 'utf8'));
  child.kill('SIGKILL');
  await eventually('it ends', () => !existsSync(`/proc/${pid}`));
  assert.match(said(), /the program that started this one has ended/);
});

test('a reader that has stopped reading does not keep a run that is told to end', async (t) => {
  const many = Array.from({ length: 40 }, () => realLines).flat();
  const { child, said, exit } = start(t, workspaceWith(t, many), process.execPath, [CLI, ...RUN]);
  await eventually('it has begun to write', () => child.stdout.readableLength > 0 || peek(child));
  child.kill('SIGTERM');
  assert.equal(await exit, 0, said());
  assert.match(said(), /stopped before everything was confirmed.*has stopped reading/);
});

/** Reads a little, so that what follows fills the pipe. */
function peek({ stdout }: ChildProcess): boolean {
  return stdout!.read(1) !== null;
}
