import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { readRedisUrl } from '../../src/sources/redis-config.ts';
import { RedisListSource } from '../../src/sources/redis-list.ts';
import type { Batch, Gap } from '../../src/sources/source.ts';
import type { Json } from '../../src/util/json.ts';
import { setLogLevel } from '../../src/util/log.ts';
import { uniqueName } from '../services/env.ts';
import { startRedis } from '../services/redis.ts';
import type { Service } from '../services/service.ts';

/*
 * What is guaranteed, whatever is done to the list: pushes, cuts, a lower cap, entries taken out or edited anywhere, a list
 * that is away and comes back, an older copy of it, another list under its key and the first one again, crashes of the reader.
 * - Every entry that the list holds when it is read has been handed on.
 * - An entry is handed on twice only if it was unconfirmed at a crash, was taken out of the list (or cut off, long ago) and came
 *   back, or the list has no more than half of its entries in common with what is remembered of it.
 * - Where nothing of a list is left, and it is no shorter than half of what it was, that is told as a gap; a list that has
 *   enough in common with what it was is no gap.
 * - Copies of one line stay apart: as long as a list that is only pushed to has not reached its cap, each is handed on once.
 *   At its cap a list that repeats itself may hide some; none is handed on twice.
 */

const long = process.env.FAULTS_LONG === '1';

/** Drives a source by hand, on a Redis that nobody else reads. */
class Reader {
  readonly #source: RedisListSource;
  readonly #stop = new AbortController();
  readonly #batches: AsyncIterator<Batch>;
  #next: Promise<IteratorResult<Batch>> | undefined;

  constructor(
    key: string,
    url: string,
    position: Json | undefined,
    batchSize: number,
    gaps: Gap[],
    isFull = (): boolean => false,
  ) {
    const where = { address: 'test', ...readRedisUrl(url), type: 'list' as const, patienceMs: 1_000 };
    this.#source = new RedisListSource({ ...where, key, intervalMs: 1 });
    this.#batches = this.#source
      .batches({
        position,
        follow: true,
        batchSize,
        isFull,
        signal: this.#stop.signal,
        onGap: (gap) => void gaps.push(gap),
      })
      [Symbol.asyncIterator]();
  }

  /** The batches that come until the source has looked again and found nothing. */
  async drain(redis: Redis, looks = 7): Promise<Batch[]> {
    const batches: Batch[] = [];
    for (;;) {
      this.#next ??= this.#batches.next();
      const { done, value } = (await Promise.race([this.#next, this.#idle(redis, looks)])) ?? { done: true };
      if (done) return batches;
      this.#next = undefined;
      batches.push(value as Batch);
    }
  }

  /** Resolves when the list has been asked for so often that at least one look began after now and ended. */
  async #idle(redis: Redis, looks: number): Promise<undefined> {
    const count = async (): Promise<number> =>
      Number(/cmdstat_lrange:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
    const first = await count();
    while ((await count()) < first + looks) await delay(1);
    return undefined;
  }

  /** Ends without a word, as a crash would. */
  async crash(): Promise<void> {
    this.#stop.abort();
    await this.#next?.catch(() => {});
    await this.#source.close();
  }
}

let service: Service;
let redis: Redis;
before(async () => {
  // It tells of every list that is cleared.
  setLogLevel('error');
  service = await startRedis();
  redis = new Redis(service.url);
});
after(async () => {
  redis.disconnect();
  await service.stop();
});

/** What is done to a list between two looks at it. */
type Change =
  | { push: number }
  | { trim: number }
  | { remove: number }
  | { edit: number }
  /** The list is again as it was so many rounds before the last; perhaps with a few more entries. */
  | { restore: number; push: number }
  /** Another list takes its place; 0 and 1 are lists that go on, each where it was. */
  | { turn: 0 | 1; push: number }
  | 'clear';

const count = (max: number): fc.Arbitrary<number> => fc.nat({ max });
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ push: count(12) }) },
  { weight: 1, arbitrary: fc.record({ push: fc.integer({ min: 20, max: 700 }) }) },
  { weight: 1, arbitrary: fc.record({ trim: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 3, arbitrary: fc.record({ remove: count(700) }) },
  { weight: 3, arbitrary: fc.record({ edit: count(700) }) },
  { weight: 2, arbitrary: fc.record({ restore: fc.integer({ min: 1, max: 3 }), push: count(5) }) },
  { weight: 2, arbitrary: fc.record({ turn: fc.constantFrom(0, 1), push: count(5) }) },
  { weight: 1, arbitrary: fc.constant('clear' as const) },
);

interface Round {
  changes: Change[];
  /** The reader is gone before the changes, and another starts after them. */
  crash: boolean;
  /** How many of the batches that wait for it are committed afterwards. */
  commit: number;
}

const round: fc.Arbitrary<Round> = fc.record({
  changes: fc.array(change, { maxLength: 3 }),
  crash: fc.boolean(),
  commit: fc.nat({ max: 20 }),
});

/** Puts the list into the state it is to have, at once. */
async function replace(key: string, list: readonly string[]): Promise<void> {
  const commands = redis.multi().del(key);
  if (list.length > 0) commands.rpush(key, ...list);
  await commands.exec();
}

async function play(rounds: readonly Round[], cap: number, batchSize: number): Promise<void> {
  const key = uniqueName('model');
  let pushes = 0;
  /** Newest first. */
  let list: string[] = [];
  const turns: string[][] = [[], []];
  let turn = 0;
  const past: string[][] = [];
  /** What the reader that is at work has seen, in order; what it saw before the last crash and had confirmed. */
  let seen: string[][] = [];
  const handedOn = new Map<string, number>();
  /** May be handed on again: unconfirmed at a crash, or removed. */
  const excused = new Set<string>();
  let position: Json | undefined;
  let gaps: Gap[] = [];
  let reader = new Reader(key, service.url, position, batchSize, gaps);
  let open: Batch[] = [];

  const apply = (each: Change): void => {
    const before = list;
    if (each === 'clear') list = [];
    else if ('trim' in each) list = list.slice(0, each.trim);
    else if ('remove' in each) list = list.filter((_, at) => at !== each.remove % list.length);
    else if ('edit' in each)
      list = list.map((text, at) => (at === each.edit % list.length ? `edited ${pushes++}` : text));
    else {
      if ('restore' in each) list = past.at(-1 - each.restore) ?? [];
      if ('turn' in each) {
        turns[turn] = list;
        turn = each.turn;
        list = turns[turn]!;
      }
      const texts = Array.from({ length: each.push }, () => `log ${pushes++}`);
      list = [...texts.reverse(), ...list].slice(0, cap);
    }
    const now = new Set(list);
    for (const text of before) if (!now.has(text)) excused.add(text);
  };
  /** Whether so much is in common that it is no coincidence. */
  const isRecognized = (window: readonly string[]): boolean => {
    const now = new Set(list);
    const shared = window.filter((text) => now.has(text)).length;
    return shared >= Math.min(32, (Math.min(window.length, list.length) >> 1) + 1);
  };

  try {
    for (const { changes, crash, commit } of rounds) {
      if (crash) {
        await reader.crash();
        for (const { entries } of open) for (const entry of entries) excused.add(entry as string);
        open = [];
        // What was seen but not confirmed is not known any more.
        seen = [];
      }
      for (const each of changes) apply(each);
      await replace(key, list);
      if (crash) {
        gaps = [];
        reader = new Reader(key, service.url, position, batchSize, gaps);
      }
      const told = gaps.length;
      // An edit is noticed when the whole window is read the next time; so is what comes back between entries that stayed.
      const had = new Set(past.at(-1));
      const stayed = list.map((text) => had.has(text));
      const isEdited =
        changes.some((each) => each !== 'clear' && ('edit' in each || 'remove' in each)) ||
        stayed.slice(stayed.indexOf(true), stayed.lastIndexOf(true)).includes(false);
      const batches = await reader.drain(redis, isEdited ? 40 : 7);
      const fresh = batches.filter(({ known }) => !known).flatMap(({ entries }) => entries as string[]);
      for (const text of fresh) handedOn.set(text, (handedOn.get(text) ?? 0) + 1);
      for (const text of list) assert.ok(handedOn.has(text), `${text} was passed over`);
      const places = fresh.map((text) => list.indexOf(text));
      // An edit further back may be noticed after what was pushed since.
      if (!isEdited)
        assert.deepEqual(
          places,
          places.toSorted((a, b) => b - a),
          'oldest first',
        );
      const before = seen.at(-1) ?? [];
      if (!crash && list.length > 0 && before.length > 0) {
        const isKnown = seen.slice(-1).some(isRecognized);
        for (const text of fresh)
          if (isKnown && handedOn.get(text)! > 1) assert.ok(excused.has(text), `${text} was handed on twice`);
        const isReplaced = !seen.some((window) => window.some((text) => list.includes(text)));
        const isAllFresh = list.every((text) => fresh.includes(text));
        const isAsLong = list.length * 2 >= before.length;
        if (isKnown) assert.equal(gaps.length, told, 'windows that join have no gap between them');
        // A window from before a crash may still be known by the position.
        else if (isReplaced && isAllFresh && isAsLong && past.at(-1)!.length > 0)
          assert.equal(gaps.length, told + 1, 'what may have been trimmed unread is told');
      }
      if (list.length > 0) seen.push(list);
      past.push(list);
      open.push(...batches);
      for (const batch of open.splice(0, commit)) position = batch.position ?? position;
    }
  } finally {
    await reader.crash();
    await redis.del(key);
  }
}

/** An older copy of a list, met after a crash, looks as if the list were written at its other end; then it turns over. */
const OLDER_COPY: [Round[], number, number] = [
  [
    { changes: [{ push: 4 }], crash: false, commit: 0 },
    { changes: [{ push: 2 }], crash: false, commit: 3 },
    { changes: [{ restore: 1, push: 0 }], crash: true, commit: 0 },
    { changes: [{ push: 5 }], crash: false, commit: 0 },
  ],
  5,
  3,
];

/** What was removed in the middle of a list comes back there, with something new at the front. */
const BACK_IN_THE_MIDDLE: [Round[], number, number] = [
  [
    { changes: [{ push: 594 }, { push: 6 }], crash: false, commit: 0 },
    { changes: [{ remove: 39 }], crash: false, commit: 0 },
    { changes: [{ restore: 1, push: 1 }], crash: false, commit: 0 },
    { changes: [], crash: false, commit: 0 },
  ],
  600,
  3,
];

test('whatever happens to the list and to its reader, all is handed on once, or told', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(round, { minLength: 1, maxLength: 10 }),
      fc.constantFrom(5, 40, 600),
      fc.constantFrom(3, 100),
      play,
    ),
    { numRuns: long ? 2_000 : 40, examples: [OLDER_COPY, BACK_IN_THE_MIDDLE] },
  );
});

/** Pushes of few different lines, which make many copies. */
const copies = fc.array(fc.constantFrom('a', 'a', 'b', 'c'), { maxLength: 12 });

test('copies of few lines stay apart, over crashes, until the list is full; none is handed on twice', async () => {
  const push = fc.record({ texts: copies, crash: fc.boolean() });
  const rounds = fc.array(push, { minLength: 1, maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(rounds, fc.constantFrom(20, 1000), async (pushed, cap) => {
      const key = uniqueName('model');
      const sent: string[] = ['first'];
      const read: string[] = [];
      let position: Json | undefined;
      let reader = new Reader(key, service.url, position, 5, []);
      await redis.lpush(key, 'first');
      const drain = async (): Promise<void> => {
        for (const batch of await reader.drain(redis)) {
          if (!batch.known) read.push(...(batch.entries as string[]));
          position = batch.position ?? position;
        }
      };
      try {
        await drain();
        for (const { texts, crash } of pushed) {
          if (crash) await reader.crash();
          const commands = redis.multi();
          for (const text of texts) commands.lpush(key, text).ltrim(key, 0, cap - 1);
          await commands.exec();
          sent.push(...texts);
          if (crash) reader = new Reader(key, service.url, position, 5, []);
          await drain();
          if (sent.length <= cap) assert.deepEqual(read, sent);
          else assert.ok(read.length <= sent.length);
        }
      } finally {
        await reader.crash();
        await redis.del(key);
      }
    }),
    { numRuns: long ? 1_000 : 25 },
  );
});

test('what goes by while no more can be taken, or from one run to the next, is counted exactly', async () => {
  const CAP = 100;
  const round = fc.record({
    /** So few that each look joins the last. */
    push: fc.nat({ max: 60 }),
    isFull: fc.boolean(),
    /** It ends after as many batches were confirmed. */
    crashAfter: fc.option(fc.integer({ min: 1, max: 12 })),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(round, { minLength: 2, maxLength: 12 }), async (rounds) => {
      const key = uniqueName('model');
      let [pushed, handedOn, isFull] = [0, 0, false];
      const gaps: Gap[] = [];
      const start = (position?: Json): Reader =>
        new Reader(key, service.url, position, 7, gaps, () => isFull);
      let reader = start();
      try {
        for (const round of [...rounds, { push: 1, isFull: false, crashAfter: null }]) {
          ({ isFull } = round);
          const commands = redis.multi();
          for (let n = 0; n < round.push; n++) commands.lpush(key, `log ${pushed++}`).ltrim(key, 0, CAP - 1);
          await commands.exec();
          const batches = (await reader.drain(redis)).filter(({ known }) => !known);
          if (isFull) assert.deepEqual(batches, []);
          else {
            handedOn += batches.flatMap(({ entries }) => entries).length;
            const lost = gaps.reduce((sum, { atLeast }) => sum + atLeast, 0);
            assert.equal(handedOn + lost, pushed, JSON.stringify(gaps));
          }
          const { crashAfter } = round;
          if (crashAfter === null || batches.length === 0) continue;
          await reader.crash();
          handedOn -= batches.slice(crashAfter).flatMap(({ entries }) => entries).length;
          reader = start(batches.slice(0, crashAfter).at(-1)?.position);
        }
        for (const { what } of gaps) assert.match(what, /were trimmed before they could be read/);
      } finally {
        await reader.crash();
        await redis.del(key);
      }
    }),
    { numRuns: long ? 1_000 : 30 },
  );
});
