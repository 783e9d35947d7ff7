import assert from 'node:assert/strict';
import { appendFileSync, closeSync, mkdirSync, openSync, statSync, truncateSync, writeSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../helpers.ts';
import { LogFolder } from '../sources/log-folder.ts';
import { answering } from './faults.ts';
import type { Line } from './lines.ts';
import { assertAllThere, long, Rig } from './rig.ts';

/** A sidecar that follows a file, an Elasticsearch behind a proxy, and an oracle that knows each line. */
class FileRig {
  readonly rig: Rig;
  readonly folder: LogFolder;

  private constructor(t: TestContext, rig: Rig) {
    this.rig = rig;
    mkdirSync(rig.path('logs'));
    this.folder = new LogFolder(t, rig.path('logs'));
  }

  /** Starts the sidecar on a file of `lines` lines, and waits until they are stored. */
  static async start(t: TestContext, lines: number): Promise<FileRig> {
    const files = new FileRig(t, await Rig.start(t));
    files.write(lines);
    files.run();
    await files.stored();
    return files;
  }

  run = (): unknown => this.rig.run(['--continuous', '--source', 'file', '--path', this.folder.path]);

  /** Appends lines, to an open file where one is given. */
  write(count: number, file?: number): void {
    const { lines, oracle } = this.rig;
    const written: Line[] = Array.from({ length: count }, (_, n) =>
      n % 5 === 0 ? lines.call() : lines.note(),
    );
    const text = written.map((line) => `${line.text}\n`).join('');
    if (file === undefined) appendFileSync(this.folder.path, text);
    else writeSync(file, text);
    oracle.sent.push(...written);
  }

  /** Waits until each line that was written is stored, once. */
  async stored(): Promise<void> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      // Until the sidecar has made the indices, there is nothing to ask.
      let reason: unknown;
      const verdict = await this.rig.oracle.verdict().catch((error: unknown) => {
        reason = error;
      });
      assert.ok(!this.rig.isGone, `the sidecar ended:\n${this.rig.said}`);
      if (verdict?.missing.length === 0) return assertAllThere(verdict);
      const missing = verdict?.missing.slice(0, 5).join('\n') ?? reason;
      assert.ok(Date.now() < deadline, `missing, for instance:\n${missing}\n${this.rig.said}`);
      await delay(500);
    }
  }

  /** Each line is stored once, also when all had time to be read twice. */
  async settled(): Promise<void> {
    await this.stored();
    await delay(500);
    assert.equal((await this.rig.sidecar.stop()).code, 0, this.rig.said);
    assertAllThere(await this.rig.oracle.verdict());
  }
}

for (const rotate of ['rename', 'copyAndTruncate'] as const)
  test(`two rotations (${rotate}) while the sidecar is held up lose nothing`, {
    timeout: 120_000,
  }, async (t) => {
    const files = await FileRig.start(t, 50);
    const { child } = files.rig.sidecar;
    child.kill('SIGSTOP');
    for (let n = 0; n < 2; n++) {
      files.write(30);
      files.folder[rotate]();
    }
    files.write(30);
    child.kill('SIGCONT');
    await files.settled();
    assert.doesNotMatch(files.rig.said, /may be gone/);
  });

test('a file that is deleted and made again, on the same inode, is read from its start', {
  timeout: 120_000,
}, async (t) => {
  const files = await FileRig.start(t, 50);
  await files.rig.kill();
  const { ino } = statSync(files.folder.path);
  files.folder.delete();
  files.write(80);
  t.diagnostic(statSync(files.folder.path).ino === ino ? 'the same inode' : 'another inode');
  files.run();
  await files.settled();
});

test('a file whose end was cut off goes on from there', { timeout: 120_000 }, async (t) => {
  const files = await FileRig.start(t, 50);
  truncateSync(files.folder.path, statSync(files.folder.path).size >> 1);
  await files.rig.sidecar.says(/was cut to \d+ bytes/);
  files.write(50);
  await files.settled();
});

test('two writers, one of them still to the rotated file', { timeout: 120_000 }, async (t) => {
  const files = await FileRig.start(t, 20);
  const old = openSync(files.folder.path, 'a');
  files.folder.rename();
  for (let n = 0; n < 10; n++) {
    files.write(5, old);
    files.write(5);
    await delay(100);
  }
  closeSync(old);
  await files.settled();
});

test('rotations and packing while Elasticsearch is away lose nothing', { timeout: 120_000 }, async (t) => {
  const files = await FileRig.start(t, 100);
  files.rig.proxy.every = answering(503);
  files.write(200);
  await files.rig.sidecar.says(/can't be reached/);
  for (const rotate of ['rename', 'copyAndTruncate', 'rename'] as const) {
    files.folder[rotate]();
    files.folder.pack(2);
    files.write(100);
    await delay(300);
  }
  files.rig.proxy.every = undefined;
  await files.settled();
  assert.doesNotMatch(files.rig.said, /may be gone/);
});

const DAYS = long ? 5 : 1;

test('a day of rotations in fast motion, the sidecar killed at random: each line once', {
  timeout: 600_000,
}, async (t) => {
  // A first run passes over what was rotated before it.
  const files = await FileRig.start(t, 1);
  await eventually('a journal', () => files.rig.journalPath);
  let kills = 0;
  for (let hour = 0; hour < 24 * DAYS; hour++) {
    for (let burst = 0; burst < 4; burst++) {
      files.write(1 + Math.floor(Math.random() * 30));
      await delay(Math.random() * 120);
    }
    // All are kept: a sidecar that is killed again while it starts gets far behind.
    if (hour % 2 === 0) files.folder.rename(24 * DAYS);
    else files.folder.copyAndTruncate(24 * DAYS);
    // As logrotate does it with delaycompress.
    files.folder.pack(2);
    if (Math.random() < 0.4) {
      await files.rig.kill();
      kills++;
      files.run();
    }
  }
  await files.settled();
  t.diagnostic(`${files.rig.oracle.sent.length} lines, ${24 * DAYS} rotations, ${kills} kills`);
  assert.doesNotMatch(files.rig.said, /may be gone/);
});
