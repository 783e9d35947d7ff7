import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { RedisListSource } from '../../src/sources/redis-list.ts';
import type { Batch } from '../../src/sources/source.ts';
import type { Json } from '../../src/util/json.ts';
import { setLogLevel } from '../../src/util/log.ts';
import { uniqueName } from '../services/env.ts';
import { startRedis } from '../services/redis.ts';
import type { Service } from '../services/service.ts';

/*
 * What is guaranteed. Call a reading of a window any number of new entries that agrees with the window before it.
 * While one reading only is possible, exactly the new entries are handed on, in order, and those that an
 * earlier run has confirmed are flagged known; where entries were trimmed unread, a gap is reported, unless the
 * list was cleared or cut shorter. Where a window repeats itself so that several readings are possible, the one
 * with the fewest new entries is taken: nothing is handed on twice, and copies may stay unread until an entry
 * that differs makes the window plain; as long as a full list begins as it did, up to its first entry that
 * differs from the newest, nothing new may be noticed at all. A list that comes back as it once was is read on from
 * there, if it shares 32 different entries, or half of what there was and no fewer than 4, with the window before it;
 * not so one that then returns to what it was before that: its entries are taken for new.
 */

const long = process.env.FAULTS_LONG === '1';

/** A pushed entry: its text, and its place among all pushes. */
interface Pushed {
  text: string;
  at: number;
}

/** What the list holds, what was read of it, and what was confirmed: all there is to know. */
class Model {
  readonly cap: number;
  /** Newest first. */
  list: Pushed[] = [];
  pushes = 0;
  /** The window read last, and how long the list was then. */
  window: Pushed[] = [];
  /** Pushes before this one were read. */
  read = 0;
  /** The same for what is confirmed. */
  confirmedWindow: Pushed[] = [];
  confirmed = 0;

  constructor(cap: number) {
    this.cap = cap;
  }

  push(text: string): void {
    this.list = [{ text, at: this.pushes++ }, ...this.list].slice(0, this.cap);
  }

  /** A look at the newest entries shows what it showed before. */
  beginsAsBefore(): boolean {
    const texts = (list: readonly Pushed[]): string[] => list.map(({ text }) => text);
    const [now, then] = [texts(this.list), texts(this.window)];
    const run = then.findIndex((text) => text !== then[0]);
    const looked = run < 0 ? then.length : run + 1;
    return now.length === then.length && now.slice(0, looked).join() === then.slice(0, looked).join();
  }

  /** Every number of new entries that agrees with `before`, from `least`. */
  readings(before: readonly Pushed[], least: number): number[] {
    const found: number[] = [];
    for (let fresh = least; fresh < this.list.length; fresh++) {
      const both = Math.min(this.list.length - fresh, before.length);
      if (both > 0 && before.slice(0, both).every(({ text }, n) => text === this.list[fresh + n]?.text))
        found.push(fresh);
    }
    return found;
  }
}

/** Drives a source by hand, on a Redis that nobody else reads. */
class Reader {
  readonly #source: RedisListSource;
  readonly #stop = new AbortController();
  readonly #batches: AsyncIterator<Batch>;
  #next: Promise<IteratorResult<Batch>> | undefined;

  constructor(key: string, url: string, position: Json | undefined, batchSize: number) {
    const where = { address: 'test', url, host: '', port: 0, db: 0, tls: false, patienceMs: 1_000 };
    this.#source = new RedisListSource({ ...where, key, intervalMs: 1 });
    this.#batches = this.#source
      .batches({ position, follow: true, batchSize, signal: this.#stop.signal })
      [Symbol.asyncIterator]();
  }

  /** The batches that come until the source has looked again and found nothing. */
  async drain(redis: Redis): Promise<Batch[]> {
    const batches: Batch[] = [];
    for (;;) {
      this.#next ??= this.#batches.next();
      const { done, value } = (await Promise.race([this.#next, this.#idle(redis)])) ?? { done: true };
      if (done) return batches;
      this.#next = undefined;
      batches.push(value as Batch);
    }
  }

  /** Resolves when the list has been asked for so often that at least one look began after now and ended. */
  async #idle(redis: Redis): Promise<undefined> {
    const looks = async (): Promise<number> =>
      Number(/cmdstat_lrange:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
    const first = await looks();
    while ((await looks()) < first + 7) await delay(1);
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

/** What happens to a list between two looks at it. Few different texts make many copies; the empty one stands for one unlike all others. */
const change = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ push: fc.array(fc.constantFrom('a', 'b', '', ''), { maxLength: 12 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ push: fc.integer({ min: 20, max: 700 }).map((n) => Array(n).fill('a')) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ push: fc.integer({ min: 20, max: 700 }).map((n) => Array(n).fill('')) }),
  },
  { weight: 1, arbitrary: fc.record({ trim: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 1, arbitrary: fc.constant('clear' as const) },
  { weight: 2, arbitrary: fc.record({ restore: fc.integer({ min: 1, max: 3 }) }) },
);

const round = fc.record({
  changes: fc.array(change, { maxLength: 3 }),
  /** The reader is gone before the changes, and another starts after them. */
  crash: fc.boolean(),
  /** How many of the batches that wait for it are committed afterwards. */
  commit: fc.nat({ max: 20 }),
});

interface Round {
  /** `restore`: the list is again as it was so many rounds before the last. */
  changes: ({ push: string[] } | { trim: number } | 'clear' | { restore: number })[];
  crash: boolean;
  commit: number;
}

async function play(rounds: readonly Round[], cap: number, batchSize: number): Promise<void> {
  const key = uniqueName('model');
  const model = new Model(cap);
  let position: Json | undefined;
  let reader = new Reader(key, service.url, position, batchSize);
  let restarted = true;
  const past: Pushed[][] = [];
  /** Batches that were handed on and wait for their commit: pushes before which they confirm, and the window then. */
  let open: { batch: Batch; upTo: number; window: Pushed[] }[] = [];

  /** All at once: no look falls between two changes. */
  const apply = async (changes: Round['changes']): Promise<void> => {
    const commands = redis.multi();
    for (const each of changes) {
      if (each === 'clear') {
        commands.del(key);
        model.list = [];
      } else if ('trim' in each) {
        commands.ltrim(key, 0, each.trim - 1);
        model.list = model.list.slice(0, each.trim);
      } else if ('restore' in each) {
        model.list = past.at(-1 - each.restore) ?? [];
        commands.del(key);
        if (model.list.length > 0) commands.rpush(key, ...model.list.map(({ text }) => text));
      } else {
        for (const text of each.push) {
          const own = text === '' ? `unique ${model.pushes}` : text;
          model.push(own);
          commands.lpush(key, own).ltrim(key, 0, cap - 1);
        }
      }
    }
    await commands.exec();
  };
  const commit = (count: number): void => {
    for (const { batch, upTo, window } of open.splice(0, count)) {
      position = JSON.parse(JSON.stringify(batch.position ?? position ?? null));
      if (batch.known) continue;
      model.confirmed = upTo;
      model.confirmedWindow = window.filter(({ at }) => at < upTo);
    }
  };
  const read = async (): Promise<void> => {
    const batches = await reader.drain(redis);
    const entries = (known: boolean) =>
      batches.filter((batch) => batch.known === known).flatMap((batch) => batch.entries);
    // What is not noticed stays to be read.
    if (batches.length === 0 && !restarted && model.beginsAsBefore()) return;
    const [before, since] = restarted ? [model.confirmedWindow, model.confirmed] : [model.window, model.read];
    const unread = model.list.filter(({ at }) => at >= since).length;
    const readings = model.readings(before, Math.max(0, model.list.length - before.length));
    const kept = before.filter((entry) => model.list.includes(entry));
    const returned = model.list.filter(
      (entry) => entry.at < since && entry.at > (before.at(-1)?.at ?? 0) && !before.includes(entry),
    ).length;
    const isOlder = kept[0] !== before[0] || kept.at(-1) !== model.list.at(-1);
    // It lacks the newest, reaches further back, or has entries again that it lacked.
    const isRestored = kept.length > 0 && (isOlder || returned > 0);
    const isPlain =
      new Set(kept.map(({ text }) => text)).size >= Math.min(32, Math.max(4, before.length >> 1));
    // Without any reading all is new, but for a list that is back as it once was: of that what stands before the
    // first entry kept, or less where that may be a copy.
    const handedOn = entries(false).length;
    const fresh = readings[0] ?? handedOn;
    if (readings.length === 0 && handedOn < model.list.length) {
      assert.ok(kept.length > 0, 'some was passed over');
      const between = model.list.slice(handedOn, model.list.indexOf(kept[0]!));
      assert.ok(handedOn <= model.list.indexOf(kept[0]!) && between.every(({ text }) => text.length === 1));
    } else if (readings.length === 0)
      assert.ok(!(isRestored && isPlain), 'a list that is back was read anew');
    const texts = model.list.map(({ text }) => text).reverse();
    assert.deepEqual(entries(false), texts.slice(texts.length - fresh), 'what is new, in order');
    assert.deepEqual(entries(true), restarted ? texts.slice(0, texts.length - fresh) : [], 'what is known');
    if (unread === model.list.length || kept.length > 0)
      if (!isRestored || (isPlain && readings.length === 0 && returned === 0))
        assert.ok(fresh <= unread, 'nothing is handed on twice');
    if (readings.length === 1 && kept.length > 0 && !isRestored) assert.equal(fresh, unread);
    const gaps = batches.filter(({ gap }) => gap !== undefined).length;
    const trimmed = model.pushes - since - unread;
    const isShorter = model.list.length < before.length || before.length === 0;
    if (trimmed > 0 && readings.length === 0 && kept.length === 0 && !isShorter)
      assert.equal(gaps, 1, 'what was trimmed unread is a gap');
    if (readings.length > 0) assert.equal(gaps, 0, 'windows that join have no gap between them');
    let left = fresh;
    for (const batch of batches) {
      if (!batch.known) left -= batch.entries.length;
      const upTo = batch.known ? model.confirmed : (model.list[left]?.at ?? 0) + 1;
      open.push({ batch, upTo, window: model.list });
    }
    model.window = model.list;
    model.read = model.pushes;
    restarted = false;
  };

  try {
    for (const { changes, crash, commit: count } of rounds) {
      if (crash) {
        await reader.crash();
        open = [];
        restarted = true;
      }
      await apply(changes);
      if (crash) reader = new Reader(key, service.url, position, batchSize);
      await read();
      past.push(model.list);
      commit(count);
    }
  } finally {
    await reader.crash();
    await redis.del(key);
  }
}

test('whatever happens to the list and to its reader, all is handed on once, or told', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(round, { minLength: 1, maxLength: 10 }),
      fc.constantFrom(5, 40, 600),
      fc.constantFrom(3, 100),
      play,
    ),
    { numRuns: long ? 3_000 : 100 },
  );
});
