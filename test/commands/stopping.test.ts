import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

const MODULE = new URL('../../src/commands/stopping.js', import.meta.url).href;

test('two signals that come while the program is busy end it, as two in their time do', async (t) => {
  const busy = `
    import { onStop } from ${JSON.stringify(MODULE)};
    onStop((reason) => console.log(reason));
    setTimeout(() => {}, 60_000);
    process.stdout.write('ready', () => { const since = Date.now(); while (Date.now() - since < 1_000); });`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', busy], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  await delay(100);
  child.kill('SIGINT');
  assert.deepEqual(await ended, [null, 'SIGINT']);
});
