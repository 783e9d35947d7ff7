import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { assertAllThere, Rig } from './rig.ts';

/** From now on no file of the sidecar may grow beyond `bytes`: its writes break off there, as on a full disk. */
function limitFiles(rig: Rig, bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', `${rig.sidecar.child.pid}`, `--fsize=${bytes}:`]);
}

test('no room for the journal and the buffer: the run goes on and says so; with room again, a restart doubles nothing', async (t) => {
  const rig = await Rig.start(t);
  rig.run();
  limitFiles(rig, 1_000);
  await rig.push(rig.lines.some(200));
  await rig.drained();
  await rig.sidecar.says(/the buffer can't be written: EFBIG/);
  await rig.sidecar.says(/the journal .* can't be written \(EFBIG/);
  await rig.push(rig.lines.some(100));
  await rig.drained();
  await rig.kill();
  rig.run();
  await rig.push(rig.lines.some(100));
  assertAllThere(await rig.settled());
});

test('the state folder can not be written: the run goes on, a restart doubles nothing', async (t) => {
  const rig = await Rig.start(t);
  rig.workspace.write('state', 'a file where the folder should be');
  await rig.push(rig.lines.some(200));
  rig.run();
  await rig.drained();
  await rig.sidecar.says(/a second process would not be noticed/);
  await rig.sidecar.says(/the buffer can't be written/);
  await rig.kill();
  rig.run();
  await rig.push(rig.lines.some(100));
  assertAllThere(await rig.settled());
});

test('no room for dead letters: the run stops with 3 and nothing of that batch is confirmed; with room, none is lost', async (t) => {
  const rig = await Rig.start(t, {
    config: { dead_letters: { path: 'dead' }, limits: { entry_bytes: 4_000 } },
  });
  rig.run();
  limitFiles(rig, 20_000);
  await rig.push([rig.lines.note(5_000), ...rig.lines.some(150)]);
  await rig.drained();
  await rig.push([...rig.lines.some(30), rig.lines.note(30_000), rig.lines.note(6_000)]);
  const { code, stderr } = await rig.sidecar.ended;
  assert.equal(code, 3);
  assert.match(
    stderr,
    /dead letters can't be written to .*dead: EFBIG.*Make room there; their logs are read again/,
  );
  rig.run();
  await rig.push(rig.lines.some(30));
  assertAllThere(await rig.settled(), 3);
});

test('the folder of dead letters can not be made: the run stops with 3; put right, nothing is lost', async (t) => {
  const rig = await Rig.start(t, {
    config: { dead_letters: { path: 'dead' }, limits: { entry_bytes: 4_000 } },
  });
  const inTheWay = rig.workspace.write('dead', '');
  await rig.push([...rig.lines.some(60), rig.lines.note(5_000), ...rig.lines.some(60)]);
  rig.run();
  const { code, stderr } = await rig.sidecar.ended;
  assert.equal(code, 3);
  assert.match(stderr, /dead letters can't be written/);
  rmSync(inTheWay);
  rig.run();
  assertAllThere(await rig.settled(), 1);
});
