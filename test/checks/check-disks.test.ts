import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDisks } from '../../src/checks/check-disks.ts';

const GB = 2 ** 30;
const PREFIX = 'cluster.routing.allocation.disk';
/** Elasticsearch 9's own. */
const DEFAULTS = {
  [`${PREFIX}.threshold_enabled`]: 'true',
  [`${PREFIX}.watermark.low`]: '85%',
  [`${PREFIX}.watermark.low.max_headroom`]: '200GB',
  [`${PREFIX}.watermark.high`]: '90%',
  [`${PREFIX}.watermark.high.max_headroom`]: '150GB',
  [`${PREFIX}.watermark.flood_stage`]: '95%',
  [`${PREFIX}.watermark.flood_stage.max_headroom`]: '100GB',
};

/** What is said of one disk. */
function check(total: number, free: number, settings: Record<string, string> = {}) {
  const [found] = checkDisks([{ node: 'n', total: total * GB, free: free * GB }], {
    ...DEFAULTS,
    ...settings,
  });
  return found!;
}

test('a disk is judged by the watermark that it is beyond', () => {
  assert.equal(check(100, 16).state, 'ok');
  assert.equal(check(100, 14).state, 'warning');
  assert.match(check(100, 14).says, /14\.0 GB of 100\.0 GB free, beyond the low watermark/);
  assert.deepEqual([check(100, 9).state, check(100, 4).state], ['failed', 'failed']);
  assert.match(check(100, 9).says, /high watermark/);
  assert.match(check(100, 4).says, /flood-stage watermark: indices are read-only/);
  assert.match(check(100, 4).action!, /prune/);
});

test('of a large disk no more than the headroom must be free', () => {
  assert.equal(check(10_000, 201).state, 'ok');
  assert.equal(check(10_000, 199).state, 'warning');
  assert.match(check(10_000, 99).says, /flood-stage/);
});

test('watermarks may be bytes, or ratios; -1 is no headroom; and all may be switched off', () => {
  const low = `${PREFIX}.watermark.low`;
  assert.equal(check(100, 14, { [low]: '10gb' }).state, 'ok');
  assert.equal(check(100, 9.5, { [low]: '10gb', [`${PREFIX}.watermark.high`]: '5gb' }).state, 'warning');
  assert.equal(check(100, 14, { [low]: '0.9' }).state, 'ok');
  assert.equal(check(10_000, 1_400, { [`${low}.max_headroom`]: '-1' }).state, 'warning');
  assert.equal(check(100, 0, { [`${PREFIX}.threshold_enabled`]: 'false' }).state, 'ok');
});
