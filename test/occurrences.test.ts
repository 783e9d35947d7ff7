import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Occurrences, type SavedCounts } from '../src/occurrences.ts';
import { parse, realEntries } from './samples.ts';

const key = (n: number): string => n.toString(16).padStart(32, '0');

test('copies stay apart: they are numbered, the oldest first', () => {
  const occurrences = new Occurrences();
  const ids = [1, 2, 1, 1].map((n) => occurrences.identify(key(n), true));
  assert.deepEqual(ids, [key(1), key(2), `${key(1)}-1`, `${key(1)}-2`]);
});

test('every real entry has an id of its own, exact copies too', () => {
  const occurrences = new Occurrences();
  const ids = realEntries.map((entry) => occurrences.identify(parse(entry).id, true));
  assert.equal(new Set(ids).size, realEntries.length);
  assert.ok(new Set(realEntries).size < realEntries.length);
});

test('what is rewound and counted again has the same ids again', () => {
  const log = fc.nat(5).map((n) => ({ key: key(n), dated: n < 3 }));
  fc.assert(
    fc.property(fc.array(log), fc.nat(), (logs, from) => {
      const occurrences = new Occurrences();
      const ids = logs.map((each) => occurrences.identify(each.key, each.dated));
      assert.equal(new Set(ids).size, logs.length);
      const again = logs.slice(from % (logs.length + 1));
      for (const each of again) occurrences.rewind(each.key, each.dated);
      const idsAgain = again.map((each) => occurrences.identify(each.key, each.dated));
      assert.deepEqual(idsAgain, ids.slice(logs.length - again.length));
    }),
  );
});

test('counts that nobody confirmed are not saved', () => {
  const occurrences = new Occurrences();
  const ids = [1, 1, 1].map((n) => occurrences.identify(key(n), true));
  assert.deepEqual(occurrences.save(), {});
  occurrences.confirm(ids[0]!, true);
  occurrences.confirm(ids[1]!, true);
  assert.deepEqual(occurrences.save(), { [key(1)]: 2 });
});

test('a log that names no time is saved at its first copy, one that does at its second', () => {
  const occurrences = new Occurrences();
  occurrences.confirm(occurrences.identify(key(1), true), true);
  occurrences.confirm(occurrences.identify(key(2), false), false);
  assert.deepEqual(occurrences.save(), { [key(2)]: 1 });
});

type Step = { read: number } | { confirm: number } | { crash: number };

test('wherever it is interrupted, a later process gives the ids of one that never was', () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ read: fc.integer({ min: 1, max: 8 }) }),
    fc.record({ confirm: fc.integer({ min: 1, max: 8 }) }),
    fc.record({ crash: fc.nat(12) }),
  );
  // Contents 0 to 3 name their time, 4 to 6 do not.
  const logs = fc.array(fc.nat(6), { minLength: 1, maxLength: 60 });
  const isDated = (content: number): boolean => content < 4;

  fc.assert(
    fc.property(logs, fc.array(step, { maxLength: 40 }), (contents, steps) => {
      const whole = new Occurrences();
      const expected = contents.map((content) => whole.identify(key(content), isDated(content)));

      let occurrences = new Occurrences();
      let read = 0;
      let confirmed = 0;
      const readTo = (to: number): void => {
        for (; read < Math.min(to, contents.length); read++) {
          const content = contents[read]!;
          assert.equal(occurrences.identify(key(content), isDated(content)), expected[read]);
        }
      };
      const confirmTo = (to: number): void => {
        for (; confirmed < Math.min(to, read); confirmed++)
          occurrences.confirm(expected[confirmed]!, isDated(contents[confirmed]!));
      };
      for (const each of steps) {
        if ('read' in each) readTo(read + each.read);
        else if ('confirm' in each) confirmTo(confirmed + each.confirm);
        else {
          const saved = JSON.parse(JSON.stringify(occurrences.save())) as SavedCounts;
          occurrences = new Occurrences(saved);
          // The source starts a little before its position: far enough to meet dated contents seen once.
          const past = contents.slice(0, confirmed);
          const once = past.findIndex(
            (content) => isDated(content) && past.filter((other) => other === content).length === 1,
          );
          const from = Math.max(0, Math.min(confirmed - each.crash, once < 0 ? confirmed : once));
          for (const content of contents.slice(from, confirmed))
            occurrences.rewind(key(content), isDated(content));
          const to = confirmed;
          read = from;
          readTo(to);
          confirmed = from;
          confirmTo(to);
        }
      }
      readTo(contents.length);
    }),
    { numRuns: 1_000 },
  );
});

test('memory is bounded: of contents without end only the newest are remembered', () => {
  const occurrences = new Occurrences();
  for (let n = 0; n < 30_000; n++) {
    for (const dated of [true, true, false]) {
      const content = key(dated ? n : 1e9 + n);
      occurrences.confirm(occurrences.identify(content, dated), dated);
    }
  }
  const saved = occurrences.save();
  assert.ok(Object.keys(saved).length <= 16_000);
  assert.equal(saved[key(29_999)], 2);
  assert.equal(saved[key(1e9 + 29_999)], 1);
});
