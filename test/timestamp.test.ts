import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTimestampReader } from '../src/timestamp.ts';
import { SidecarError } from '../src/util/errors.ts';

const utc = createTimestampReader('UTC');
const paris = createTimestampReader('Europe/Paris');

test('a time without a zone is read in the configured one', () => {
  assert.equal(utc('2026-11-24 19:26:39'), '2026-11-24T19:26:39.000Z');
  assert.equal(utc('2026-11-24T19:26:39'), '2026-11-24T19:26:39.000Z');
  assert.equal(paris('2026-11-24 19:26:39'), '2026-11-24T18:26:39.000Z');
  assert.equal(paris('2026-07-14 00:30:00'), '2026-07-13T22:30:00.000Z');
  assert.equal(createTimestampReader('Asia/Kathmandu')('2026-01-01 00:00:00'), '2025-12-31T18:15:00.000Z');
});

test('days on which clocks change are read right before, between and after', () => {
  for (const [written, read] of [
    ['2026-03-29 01:59:59', '2026-03-29T00:59:59.000Z'],
    // The hour that never comes: as by the old clock.
    ['2026-03-29 02:30:00', '2026-03-29T01:30:00.000Z'],
    ['2026-03-29 03:00:00', '2026-03-29T01:00:00.000Z'],
    ['2026-10-25 01:59:59', '2026-10-24T23:59:59.000Z'],
    // The hour that comes twice: the first time.
    ['2026-10-25 02:30:00', '2026-10-25T00:30:00.000Z'],
    ['2026-10-25 03:00:00', '2026-10-25T02:00:00.000Z'],
  ] as const) {
    assert.equal(paris(written), read, written);
  }
  const newYork = createTimestampReader('America/New_York');
  assert.equal(newYork('2026-03-08 01:59:59'), '2026-03-08T06:59:59.000Z');
  assert.equal(newYork('2026-03-08 02:30:00'), '2026-03-08T07:30:00.000Z');
  assert.equal(newYork('2026-03-08 03:00:00'), '2026-03-08T07:00:00.000Z');
  assert.equal(newYork('2026-11-01 01:30:00'), '2026-11-01T05:30:00.000Z');
  assert.equal(newYork('2026-11-01 02:00:00'), '2026-11-01T07:00:00.000Z');
});

test('in any zone, a local time that comes once is read back to its moment', () => {
  const zones = ['UTC', 'Europe/Paris', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata'];
  const readers = new Map(zones.map((zone) => [zone, createTimestampReader(zone)]));
  const moment = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2040, 0) });
  fc.assert(
    fc.property(fc.constantFrom(...zones), moment, (zone, ms) => {
      const local = (at: number): string =>
        new Date(at).toLocaleString('sv-SE', { timeZone: zone, hourCycle: 'h23' });
      // Clocks repeat an hour at the most.
      fc.pre(![1, 2, 4].some((halves) => local(ms - halves * 1_800_000) === local(ms)));
      const again = Date.parse(readers.get(zone)!(local(ms))!);
      assert.equal(again, Math.floor(ms / 1000) * 1000);
    }),
  );
});

test('a named zone counts, whatever is configured', () => {
  for (const read of [utc, paris]) {
    assert.equal(read('2026-11-24T19:26:39Z'), '2026-11-24T19:26:39.000Z');
    assert.equal(read('2026-11-24T19:26:39+02:00'), '2026-11-24T17:26:39.000Z');
    assert.equal(read('2026-11-24 19:26:39 -0530'), '2026-11-25T00:56:39.000Z');
  }
});

test('fractions are kept to the digit, behind a dot or a comma', () => {
  assert.equal(utc('2025-11-22T10:30:45.123456'), '2025-11-22T10:30:45.123456Z');
  assert.equal(utc('2025-11-22 10:30:45,123'), '2025-11-22T10:30:45.123Z');
  assert.equal(utc('2025-11-22 10:30:45.1'), '2025-11-22T10:30:45.100Z');
  assert.equal(paris('2025-11-22 10:30:45.123456789'), '2025-11-22T09:30:45.123456789Z');
  assert.equal(utc('2025-11-22 10:30'), '2025-11-22T10:30:00.000Z');
});

test('what is no time, or no possible one, is refused', () => {
  for (const written of [
    '',
    'now',
    '17324763',
    '24/11/2026 19:26:39',
    '2026-02-30 00:00:00',
    '2026-02-29 00:00:00',
    '2026-13-01 00:00:00',
    '2026-00-01 00:00:00',
    '2026-01-01 24:00:01',
    '2026-01-01 12:60:00',
    '2026-01-01 12:00:75',
    '0050-01-01 00:00:00',
    '2026-01-01T00:00:00+99:99',
    '9999-12-31T23:59:59-01:00',
    '2026-11-24 19:26:39 Europe/Paris',
  ]) {
    assert.equal(utc(written), undefined, written);
  }
  assert.equal(utc('2028-02-29 00:00:00'), '2028-02-29T00:00:00.000Z');
});

test('one reader answers each time for itself', () => {
  const read = createTimestampReader('Europe/Paris');
  assert.equal(read('nothing'), undefined);
  assert.equal(read('2026-11-24 19:26:39'), '2026-11-24T18:26:39.000Z');
  assert.equal(read('2026-11-24 19:26:39'), '2026-11-24T18:26:39.000Z');
  assert.equal(read('nothing'), undefined);
});

test('an unknown zone is refused, with an example of a right one', () => {
  assert.throws(
    () => createTimestampReader('Europe/Lutece'),
    (error) =>
      error instanceof SidecarError &&
      error.code === 'config' &&
      /Europe\/Lutece/.test(error.message) &&
      /Europe\/Paris/.test(error.message),
  );
});
