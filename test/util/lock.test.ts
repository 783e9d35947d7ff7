import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Lock } from '../../src/util/lock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('a lock held by a living process is refused, and the holder named', async () => {
  const path = join(folder, 'a.lock');
  const holder = spawn('sleep', ['60']);
  await writeFile(path, JSON.stringify({ pid: holder.pid, host: hostname() }));
  await assert.rejects(new Lock(path).take(), (error: Error) =>
    error.message.includes(`process ${holder.pid} on ${hostname()}`),
  );
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const lock = new Lock(path);
  await lock.take();
  await lock.release();
  await assert.rejects(stat(path), { code: 'ENOENT' });
});

test('a lock of another host holds while it is fresh, and not once it is stale', async () => {
  const path = join(folder, 'b.lock');
  await writeFile(path, JSON.stringify({ pid: 1, host: 'somewhere-else' }));
  await assert.rejects(new Lock(path).take(), /process 1 on somewhere-else/);
  const longAgo = new Date(Date.now() - 3_600_000);
  await utimes(path, longAgo, longAgo);
  const lock = new Lock(path);
  await lock.take();
  await lock.release();
});

test('a damaged lock is taken over', async () => {
  const path = join(folder, 'c.lock');
  await writeFile(path, '{"pid":');
  const lock = new Lock(path);
  await lock.take();
  await lock.release();
});
