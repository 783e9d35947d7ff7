import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { StdinSource } from '../../src/sources/stdin.ts';
import { Workspace } from '../helpers.ts';
import { follow, logs, readAll } from './contract.ts';

const RUN = ['run', '--source', 'file', '--path', '-', '--sink', 'directory', '--out', 'out', '--json'];

test('a pipe is cut into logs as a file is, wherever its pieces end', async () => {
  const [one, two] = logs(2);
  const traceback = `${one}\nTraceback (most recent call last):\n  File "é.py", line 1\n\nValueError: no`;
  const bytes = Buffer.from(`${traceback}\n${two}`);
  for (const size of [1, 7, bytes.length]) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
      bytes.subarray(n * size, (n + 1) * size),
    );
    const { entries } = await readAll(new StdinSource(Readable.from(pieces)));
    assert.deepEqual(entries, [traceback, two], `pieces of ${size} bytes`);
  }
});

test('a limit takes the last logs of all that come', async () => {
  const pipe = Readable.from([Buffer.from(`${logs(10).join('\n')}\n`)]);
  assert.deepEqual((await readAll(new StdinSource(pipe), { limit: 3 })).entries, logs(3, 7));
});

test('a log behind which nothing comes is handed on before the pipe ends', async () => {
  const pipe = new PassThrough();
  pipe.write(`${logs(1)[0]}\n  more of it\n`);
  const { entries } = await follow(new StdinSource(pipe), {}, (batches) => batches.length > 0);
  assert.deepEqual(entries, [`${logs(1)[0]}\n  more of it`]);
});

test('a run ends with its pipe, with --continuous too; the same input makes nothing twice', async (t) => {
  const workspace = new Workspace(t);
  const lines = [...logs(500), ...logs(500), ...logs(1)];
  for (const more of [[], ['--continuous']]) {
    const { code } = await workspace.start([...RUN, ...more], {}, `${lines.join('\n')}\n`).ended;
    assert.equal(code, 0);
    const ids = workspace.output('ml-api-logs').map(({ _id }) => _id);
    assert.equal(ids.length, lines.length);
    assert.equal(new Set(ids).size, lines.length);
  }
});

test('what was read when a run is stopped waits in the buffer for the next one', async (t) => {
  const workspace = new Workspace(t);
  const lines = logs(200);
  const first = workspace.start([...RUN, '--continuous', '--listen', '127.0.0.1:0'], {}, null);
  await first.says(/listening|http:/);
  first.child.stdin!.write(lines.join('\n'));
  await delay(500);
  assert.equal((await first.stop()).code, 0);
  assert.equal((await workspace.start(RUN, {}, '').ended).code, 0);
  assert.deepEqual(
    workspace.output('ml-api-logs').map(({ message }) => message),
    lines.map((_, n) => `log ${n}`),
  );
});

test('what is packed, UTF-16, or named beside files is refused with what to do', async (t) => {
  const refused = async (bytes: Buffer): Promise<void> => {
    await readAll(new StdinSource(Readable.from([bytes])));
  };
  await assert.rejects(refused(gzipSync('x')), /stdin can't be read: it is packed by gzip: .*zcat/);
  await assert.rejects(refused(Buffer.from('\ufeffone log', 'utf16le')), /UTF-16: .*iconv/);
  const { code, stderr } = await new Workspace(t).run([...RUN, '--path', 'api.log']);
  assert.equal(code, 2);
  assert.match(stderr, /- is stdin, which is read alone/);
});
