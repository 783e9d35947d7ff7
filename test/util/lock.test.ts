import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Lock } from '../../src/util/lock.ts';

let folder: string;
let path: string;
let children: ChildProcess[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'));
  path = join(folder, 'a.lock');
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

const MODULE = pathToFileURL(join(import.meta.dirname, '../../src/util/lock.js')).href;

/** A process that takes the lock and says `mine`, or why it can't. */
function holder(): ChildProcess {
  const code = `import { Lock } from '${MODULE}';
    new Lock(${JSON.stringify(path)}).take().then(() => { console.log('mine'); setInterval(() => {}, 1000); }, (error) => console.log(error.message));`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  return child;
}

async function saidBy(child: ChildProcess): Promise<string> {
  const [said] = await once(child.stdout!, 'data');
  return String(said).trim();
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Writes the lock of a process that holds it, as its name tells it. */
async function leave(host: string, pid: number, started: number, namespace: number): Promise<string> {
  const file = `${path}.${host}_${pid}_${started}_${namespace}_0123abcd`;
  await writeFile(file, '');
  await writeFile(`${file}.owner`, '');
  return file;
}

const namespace = Number(/\d+/.exec(readlinkSync('/proc/self/ns/pid'))![0]);

async function startOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19]);
}

test('a lock is refused while its holder lives, with its name, and taken over at once when it was killed', async () => {
  const first = holder();
  assert.equal(await saidBy(first), 'mine');
  await assert.rejects(new Lock(path).take(), (error: Error) =>
    error.message.includes(`(process ${first.pid} on ${hostname()})`),
  );
  await kill(first);
  const lock = new Lock(path);
  const began = performance.now();
  await lock.take();
  assert.ok(performance.now() - began < 2_000);
  await lock.release();
  assert.deepEqual(await readdir(folder), []);
});

test('one process can take it once', async () => {
  const lock = new Lock(path);
  await lock.take();
  await assert.rejects(new Lock(path).take(), /another ml-log-sidecar/);
  await lock.release();
  const next = new Lock(path);
  await next.take();
  await next.release();
});

test('a process with the number of the dead holder is not taken for it', async () => {
  // This very process, had it started at another time: what a restarted container looks like.
  await leave(hostname(), process.pid, (await startOf(process.pid)) - 1, namespace);
  const lock = new Lock(path);
  await lock.take();
  await lock.release();
  assert.deepEqual(await readdir(folder), []);
});

test('a holder elsewhere is watched: dead when it does not refresh its lock', async () => {
  await leave('somewhere-else', 1, 5, 7);
  const lock = new Lock(path);
  await lock.take();
  await lock.release();
});

test('a holder elsewhere is watched: alive when it does', async () => {
  const file = await leave(hostname(), 1, 5, namespace + 1);
  const timer = setInterval(() => void utimes(file, new Date(), new Date()), 300);
  try {
    await assert.rejects(new Lock(path).take(), /process 1 on/);
  } finally {
    clearInterval(timer);
  }
});

test('of many that start at one moment, behind a killed one, one gets it', async () => {
  const first = holder();
  await saidBy(first);
  await kill(first);
  const said = await Promise.all(Array.from({ length: 8 }, () => saidBy(holder())));
  assert.equal(said.filter((text) => text === 'mine').length, 1, said.join('\n'));
});
