import type { Parse } from '../identity.ts';
import { reasonOf } from '../util/errors.ts';
import type { Json } from '../util/json.ts';
import { log } from '../util/log.ts';
import { sleep } from '../util/retry.ts';
import type { Journal } from './journal.ts';
import { applyStep, findStep } from './position-step.ts';
import { type BufferedBatch, ReadBack } from './read-back.ts';
import { type BatchHead, type Segments, writeBatch } from './segments.ts';

/** What waits for the sink. */
export interface BufferState {
  logs: number;
  /** On disk, compressed where the sink is behind. */
  bytes: number;
  /** Age of the oldest log that waits, in ms. */
  oldestMs: number | undefined;
  /** Nothing more is taken until the sink has confirmed some. */
  isFull: boolean;
}

/** Up to this size, in bytes, batches that were just kept go on from memory. */
const IN_MEMORY_BYTES = 1 << 20;
/** It is full when less than this share of it is left: room for what is on its way. */
const RESERVE = 1 / 16;
/** While this many batches are on their way, what is less than a whole batch waits for more, or for an answer. */
const ENOUGH_UNDER_WAY = 2;
const RETRY_MS = 1_000;
const CONFIRM_MS = 5;

/**
 * Keeps what was read from a source that forgets, on disk, until the sink has confirmed it. What was just kept goes on
 * from memory; only when the sink is behind is it read back.
 */
export class DiskBuffer {
  readonly #journal: Journal;
  readonly #segments: Segments;
  readonly #readBack: ReadBack;
  readonly #maxBytes: number;
  readonly #enoughUnderWay: number;
  #queue: { batch: BufferedBatch; bytes: number }[] = [];
  #queued = 0;
  /** The sequence handed on last, and that of which all before is confirmed. */
  #handedOn = 0;
  #waiting = 0;
  #underWay: { sequence: number; logs: number; readAt: number }[] = [];
  /** The sequences given out last, and confirmed last. */
  #last = 0;
  #confirmed = 0;
  #isFull = false;
  #isUnwritable = false;
  #wake: () => void = () => {};

  /** `isGathered`: the sink gathers what it is sent, so that nothing waits here for its answers. */
  constructor(segments: Segments, journal: Journal, parse: Parse, maxBytes: number, isGathered = false) {
    this.#journal = journal;
    this.#segments = segments;
    this.#readBack = new ReadBack(segments, parse);
    this.#maxBytes = maxBytes;
    this.#enoughUnderWay = isGathered ? Number.POSITIVE_INFINITY : ENOUGH_UNDER_WAY;
  }

  get state(): BufferState {
    const oldest = this.#underWay[0]?.readAt ?? this.#queue[0]?.batch.readAt;
    return {
      logs: this.#waiting,
      bytes: this.#segments.size,
      oldestMs: oldest === undefined ? undefined : Date.now() - oldest,
      isFull: this.#isFull,
    };
  }

  /** Finds what an earlier run has left, and tells the journal what it does not know yet. */
  async open(): Promise<void> {
    const journal = this.#journal;
    const { confirmed, sequence: known } = journal.progress;
    const first = await this.#segments.open(confirmed, known, ({ sequence, logs, before, keys, step }) => {
      const counted = Buffer.from(keys, 'base64');
      journal.count(counted);
      let position: Json | undefined;
      try {
        position = step === undefined ? undefined : applyStep(journal.position, step);
      } catch {
        // What is before it was damaged: the source is read again from the last place that is known.
      }
      // A journal that was damaged may not know of all before it.
      journal.advance({ sequence, logs: before + logs - journal.progress.logs, keys: counted, position });
    });
    this.#readBack.logs = first?.before ?? journal.progress.logs;
    this.#waiting = journal.progress.logs - this.#readBack.logs;
    this.#judgeRoom();
    this.#handedOn = this.#confirmed = confirmed;
    this.#last = journal.progress.sequence;
  }

  /**
   * Keeps a batch: it outlives this process when this resolves, and the machine when the journal tells of it, or at once
   * where `isSentOnce`: its source does not hold it any more then. Waits while there is no room, or the disk can't be
   * written; returns `false` where `signal` aborts before it is kept.
   */
  async keep(
    {
      logs,
      unreadable,
      keys,
      position,
      isSentOnce,
    }: Omit<BufferedBatch, 'sequence' | 'readAt'> & {
      keys: Buffer;
      position: Json | undefined;
      isSentOnce: boolean;
    },
    signal: AbortSignal,
  ): Promise<boolean> {
    const journal = this.#journal;
    const { logs: before } = journal.progress;
    const step = position === undefined ? undefined : findStep(journal.position, position);
    const head: BatchHead = {
      sequence: this.#last + 1,
      logs: logs.length,
      before,
      readAt: logs[0]?.readAt ?? Date.now(),
      keys: keys.toString('base64'),
      ...(step ? { step } : {}),
    };
    const body = Buffer.from(JSON.stringify({ logs: logs.map(({ id, entry }) => [id, entry]), unreadable }));
    const isBehind = this.#isBehind(head.sequence - 1);
    const batch = { logs, unreadable, sequence: head.sequence, readAt: head.readAt };
    const isOnDisk = await this.#save(head, body, { isBehind, isSentOnce }, signal);
    if (signal.aborted && !isOnDisk) return false;
    this.#last = head.sequence;
    this.#waiting += logs.length;
    this.#judgeRoom();
    if (!isOnDisk || (!isBehind && this.#queued + body.length <= IN_MEMORY_BYTES)) {
      this.#queue.push({ batch, bytes: body.length });
      this.#queued += body.length;
    }
    this.#wake();
    // Without the disk, it is kept where it came from until the sink has it.
    if (!isOnDisk && !(await this.#isConfirmed(head.sequence, signal))) return false;
    journal.advance({ sequence: head.sequence, logs: logs.length, keys, position });
    return true;
  }

  /** Writes a batch to the disk. Where that fails, and it can go on from memory, it must: answers `false` then. */
  async #save(
    head: BatchHead,
    body: Buffer,
    { isBehind, isSentOnce }: { isBehind: boolean; isSentOnce: boolean },
    signal: AbortSignal,
  ): Promise<boolean> {
    // To compress costs as much CPU as all else here: it is for a backlog that lasts.
    const isBacklog = isBehind && this.#segments.size > this.#segments.segmentBytes;
    const record = writeBatch(head, body, isBacklog);
    while (await this.#hasRoom(record.length, signal)) {
      try {
        // A batch that went on without the disk is known to the journal alone, and what follows tells of steps behind it.
        if (this.#isUnwritable && !(await this.#journal.sync())) throw new Error('nor can the journal');
        await this.#segments.append(head.sequence, record);
        if (isBehind || isSentOnce) await this.#segments.sync();
        this.#isUnwritable = false;
        return true;
      } catch (error) {
        if (!this.#isUnwritable)
          log.error(
            `the buffer can't be written: ${reasonOf(error)}. Make room there; until then each batch waits for the sink`,
          );
        this.#isUnwritable = true;
        if (!isBehind || signal.aborted) return false;
        await sleep(RETRY_MS, signal);
      }
    }
    return false;
  }

  async #isConfirmed(sequence: number, signal: AbortSignal): Promise<boolean> {
    while (this.#confirmed < sequence && !signal.aborted) await sleep(CONFIRM_MS, signal);
    return this.#confirmed >= sequence;
  }

  /** Some that was kept is on disk alone: what follows must be read back behind it. */
  #isBehind(last: number): boolean {
    return (this.#queue.at(-1)?.batch.sequence ?? this.#handedOn) < last;
  }

  async #hasRoom(bytes: number, signal: AbortSignal): Promise<boolean> {
    while (this.#segments.size > 0 && this.#segments.size + bytes > this.#maxBytes) {
      if (signal.aborted) return false;
      if (this.#waiting === 0) await this.close();
      else {
        this.#judgeRoom(bytes);
        await sleep(RETRY_MS / 10, signal);
      }
    }
    return true;
  }

  /** Whether as many bytes as these, or the reserve, would be too much. */
  #judgeRoom(bytes = 0): void {
    const needed = Math.max(bytes, this.#maxBytes * RESERVE);
    const isFull = this.#waiting > 0 && this.#segments.size + needed > this.#maxBytes;
    if (isFull && !this.#isFull)
      log.error(
        `the buffer is full: it may hold ${this.#maxBytes} bytes (buffer.max_bytes). Until the sink has confirmed some, no logs are read, and may be lost at their source`,
      );
    if (!isFull && this.#isFull) log.info('the buffer takes logs again');
    this.#isFull = isFull;
  }

  /**
   * The next batch, of about `count` logs; `undefined` where nothing is to be handed on. Fewer logs than that gather while
   * the sink is busy, unless it gathers them itself, or no more will come (`isEnd`): many small requests at once slow a slow sink further.
   */
  async take(count: number, isEnd: boolean): Promise<BufferedBatch | undefined> {
    if (this.#handedOn >= this.#last || !(isEnd || this.#isWorthTaking(count))) return undefined;
    const first = this.#queue[0];
    if (first && first.batch.sequence === this.#handedOn + 1) return this.#handOn(this.#takeQueued(count));
    const batch = await this.#readBack.next(this.#handedOn, first?.batch.sequence, count);
    return this.#handOn(batch ?? this.#missing());
  }

  /** What stands in for all that was to be read back, where the files are damaged to their end. */
  #missing(): BufferedBatch {
    const [first] = this.#queue;
    const lost = this.#queue.reduce((left, { batch }) => left - batch.logs.length, this.#left);
    return this.#readBack.lose(lost, (first?.batch.sequence ?? this.#last + 1) - 1);
  }

  #isWorthTaking(count: number): boolean {
    return this.#underWay.length < this.#enoughUnderWay || this.#left >= count;
  }

  /** How many logs wait and are not on their way. */
  get #left(): number {
    return this.#underWay.reduce((left, { logs }) => left - logs, this.#waiting);
  }

  /** The first batch of the queue, with those behind it that fit into one of `count` logs. */
  #takeQueued(count: number): BufferedBatch {
    const taken: BufferedBatch[] = [];
    let room = count;
    do {
      const { batch, bytes } = this.#queue.shift()!;
      taken.push(batch);
      this.#queued -= bytes;
      room -= batch.logs.length;
    } while (this.#queue.length > 0 && this.#queue[0]!.batch.logs.length <= room);
    return {
      ...taken[0]!,
      logs: taken.flatMap(({ logs }) => logs),
      unreadable: taken.flatMap(({ unreadable }) => unreadable),
      sequence: taken.at(-1)!.sequence,
    };
  }

  #handOn(batch: BufferedBatch): BufferedBatch {
    this.#handedOn = batch.sequence;
    this.#waiting -= batch.gap?.atLeast ?? 0;
    this.#readBack.logs += batch.logs.length;
    this.#underWay.push({ sequence: batch.sequence, logs: batch.logs.length, readAt: batch.readAt });
    return batch;
  }

  /** The sink has confirmed all batches up to this one. */
  async confirm(sequence: number): Promise<void> {
    while (this.#underWay[0] && this.#underWay[0].sequence <= sequence)
      this.#waiting -= this.#underWay.shift()!.logs;
    this.#confirmed = sequence;
    this.#journal.confirm(sequence);
    // The journal must know of what a segment holds before that goes.
    if (this.#segments.canRelease(sequence) && (await this.#journal.sync()))
      await this.#segments.release(sequence);
    if (this.#isFull) this.#judgeRoom();
    this.#wake();
  }

  /** Ends `wait`. */
  wake(): void {
    this.#wake();
  }

  /** Resolves when it may be that `take` has something, or `signal` aborts. */
  async wait(count: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || (this.#handedOn < this.#last && this.#isWorthTaking(count))) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#wake = done;
      signal.addEventListener('abort', done);
    });
  }

  /** Lets go of files; segments that are confirmed are deleted. */
  async close(): Promise<void> {
    const isSynced = await this.#journal.sync();
    await this.#segments.close(isSynced ? this.#journal.progress.confirmed : 0);
  }
}
