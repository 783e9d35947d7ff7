import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Copy, judgeCopies, type Stored } from '../../src/elasticsearch/copies.ts';
import type { JsonObject } from '../../src/util/json.ts';

const LOGS = ['level', 'message'];
const CALL = '[0e36f7df-14b9-4413-a17d-6a9c17edbdfc] API Call - POST /predict - Status: 200 - Time: 1.0ms';
const own = (n: number): string => `${String(n).padStart(32, '0')}`;

function log(id: string, body: JsonObject = {}): Stored {
  const whole = { timestamp: '2026-11-24T19:26:39.000Z', level: 'INFO', message: 'hello', ...body };
  return { index: 'logs', id, body: whole, version: { seqNo: 0, primaryTerm: 1 } };
}

const ids = (copies: readonly Copy[]): string[] =>
  copies.map(({ document, of }) => `${document.id} of ${of}`);

test('a foreign document of a log that is here is a copy, however its time is written', () => {
  const verdict = judgeCopies(
    [
      log(own(1), { message: CALL, transaction_id: 't', status_code: 200 }),
      log('a', { message: CALL, timestamp: '2026-11-24 19:26:39' }),
      log('b', { message: `${CALL} \n`, timestamp: '2026-11-24T19:26:39', data: null, host: 'x' }),
    ],
    LOGS,
  );
  assert.deepEqual(ids(verdict.held), [`a of ${own(1)}`, `b of ${own(1)}`]);
  assert.deepEqual([verdict.foreignOnly, verdict.undecided], [0, 0]);
});

test('copies under ids of this program are real, however many there are', () => {
  const documents = [log(own(1)), log(`${own(1)}-1`), log(`${own(1)}-2`), log(`${own(1)}-2.0`)];
  const { held, plain, repeated, undecided } = judgeCopies(documents, LOGS);
  assert.deepEqual([held, plain, repeated, undecided], [[], [], [], 0]);
});

test('without a transaction id a copy is plain: other logs around must tell', () => {
  const { held, plain } = judgeCopies([log(own(1)), log('a'), log('b')], LOGS);
  assert.deepEqual([held, ids(plain)], [[], [`a of ${own(1)}`, `b of ${own(1)}`]]);
});

test('a document that differs in what both say is another log', () => {
  const here = log(own(1), { message: CALL, data: { a: 1 }, status_code: 200 });
  for (const other of [
    { message: `${CALL}!` },
    { message: CALL, level: 'ERROR' },
    { message: CALL, timestamp: '2026-11-24T19:26:39.000001Z' },
    { message: CALL, timestamp: 1764012399000 },
    { message: CALL, data: { a: 2 } },
    { message: CALL, data: { b: 1 } },
    { message: CALL, status_code: 500 },
    { message: null },
  ]) {
    const { held, plain, foreignOnly } = judgeCopies([here, log('a', other)], LOGS);
    assert.deepEqual([held, plain, foreignOnly], [[], [], 1], JSON.stringify(other));
  }
});

test('of a call that only others hold, one document stays; of other logs, all', () => {
  const call = judgeCopies(
    [log('a', { message: CALL }), log('b', { message: CALL }), log('c', { message: CALL })],
    LOGS,
  );
  assert.deepEqual([ids(call.repeated), call.foreignOnly], [['b of a', 'c of a'], 1]);
  const plain = judgeCopies([log('a'), log('b'), log('c')], LOGS);
  assert.deepEqual([plain.repeated, plain.undecided, plain.foreignOnly], [[], 2, 1]);
});

test('documents of one transaction agree although one names more, or otherwise', () => {
  const identity = ['transaction_id'];
  const body = { transaction_id: 't', input_data: { AGE: 31, ALCOHOL: 1 }, result: { prediction: 1 } };
  const renamed = { transaction_id: 't', input_data: { AGE: 31, 'ALCOHOL CONSUMING': 1 } };
  assert.deepEqual(ids(judgeCopies([log(own(1), body), log('a', renamed)], identity).held), [
    `a of ${own(1)}`,
  ]);
  const older = { transaction_id: 't', input_data: { AGE: 32 } };
  assert.equal(judgeCopies([log(own(1), body), log('a', older)], identity).foreignOnly, 1);
  assert.equal(
    judgeCopies([log(own(1), body), log('a', { input_data: { AGE: 31 } })], identity).foreignOnly,
    1,
  );
});

test('whatever may go has the like that stays, and nothing of this program goes', () => {
  const body = fc.record(
    {
      timestamp: fc.constantFrom('2026-11-24T19:26:39.000Z', '2026-11-24 19:26:39', '2026-11-24T19:26:39.5Z'),
      level: fc.constantFrom('INFO', 'ERROR'),
      message: fc.constantFrom(CALL, 'hello', '', `{"performance_metrics": {"transaction_id": "t"}}`),
      data: fc.constantFrom(null, { a: 1 }, { a: 2 }),
      status_code: fc.constantFrom(200, 500),
    },
    { requiredKeys: ['timestamp'] },
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), body), { maxLength: 12 }), (given) => {
      const documents = given.map(([mine, each], n) => ({
        ...log(mine ? own(n) : `f${n}`),
        body: each as JsonObject,
      }));
      const { held, plain, repeated, undecided, foreignOnly } = judgeCopies(documents, LOGS);
      const copies = [...held, ...plain, ...repeated];
      const gone = new Set(copies.map(({ document }) => document.id));
      assert.equal(gone.size, copies.length, 'each goes once');
      for (const { document, of } of copies) {
        const stays = documents.find(({ id }) => id === of)!;
        assert.ok(document.id.startsWith('f') && !gone.has(of));
        for (const field of ['level', 'message']) assert.equal(document.body[field], stays.body[field]);
      }
      const foreign = documents.filter(({ id }) => id.startsWith('f')).length;
      assert.equal(copies.length + undecided + foreignOnly, foreign, 'each foreign document is told of once');
    }),
  );
});
