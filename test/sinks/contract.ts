import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { IndexDefinition, IndexDocument } from '../../src/plugin.ts';
import type { SINKS } from '../../src/registry.ts';
import type { Sink } from '../../src/sinks/sink.ts';

/** A place for documents, and sinks that write there. */
export interface SinkBed {
  /** What the names of its indices begin with. */
  prefix: string;
  /** A sink that writes there. */
  make(): Sink;
  /** What is there, by id; `index` goes without the prefix. */
  read(index: string): Promise<Map<string, Record<string, unknown>>>;
  /** It can't tell what is there already, and writes it anew. */
  rewrites?: boolean;
  /** A sink whose place can't be reached, and which does not wait long for it. */
  makeUnreachable?(): Sink;
}

const signal = new AbortController().signal;

/** An index of one number and of fields that no mapping restricts. */
export function indexNamed(name: string): IndexDefinition {
  const mappings = { dynamic: false, properties: { n: { type: 'long' } } };
  return { name, mappings, document: { type: 'object' } };
}

/** `count` documents, `n` counting on from `first`. */
export function documents(index: string, count: number, first = 0): IndexDocument[] {
  return Array.from({ length: count }, (_, at) => ({
    index,
    id: `id-${first + at}`,
    json: `{"n":${first + at}}`,
  }));
}

/** Opens a sink on two indices, `a` and `b`, lets it write, and closes it. */
export async function withSink<T>(bed: SinkBed, write: (sink: Sink) => Promise<T>): Promise<T> {
  const sink = bed.make();
  try {
    await sink.open([indexNamed(`${bed.prefix}a`), indexNamed(`${bed.prefix}b`)], signal);
    return await write(sink);
  } finally {
    await sink.close();
  }
}

/** What every sink promises. */
export function sinkContract(
  name: (typeof SINKS)[number]['name'],
  open: (t: TestContext) => Promise<SinkBed>,
): void {
  const contract = (promise: string, check: (bed: SinkBed) => Promise<void>): void => {
    test(`${name}: ${promise}`, { timeout: 60_000 }, async (t) => check(await open(t)));
  };

  contract('documents arrive in their indices, and each has its outcome', async (bed) => {
    const mixed = [...documents(`${bed.prefix}a`, 3), ...documents(`${bed.prefix}b`, 2, 10)];
    assert.deepEqual(await withSink(bed, (sink) => sink.write(mixed, signal)), new Array(5).fill('stored'));
    assert.deepEqual([...(await bed.read('a')).keys()].sort(), ['id-0', 'id-1', 'id-2']);
    assert.deepEqual([...(await bed.read('b')).keys()].sort(), ['id-10', 'id-11']);
  });

  contract('no documents have no outcomes', async (bed) => {
    assert.deepEqual(await withSink(bed, (sink) => sink.write([], signal)), []);
  });

  contract('writes at the same time do not mix', async (bed) => {
    const writes = Array.from({ length: 8 }, (_, n) => documents(`${bed.prefix}a`, 50, n * 50));
    const outcomes = await withSink(bed, (sink) =>
      Promise.all(writes.map((each) => sink.write(each, signal))),
    );
    assert.deepEqual(outcomes.flat(), new Array(400).fill('stored'));
    const found = await bed.read('a');
    assert.equal(found.size, 400);
    for (const [id, { n }] of found) assert.equal(id, `id-${n}`);
  });

  contract('texts arrive as they are', async (bed) => {
    const texts = ['é 🚀', '"\\\n\r\t', '\u2028\u2029', '\0\u0001', '', '{"a":1}'];
    const index = `${bed.prefix}a`;
    const odd = texts.map((text, n) => ({
      index,
      id: `text-${n}`,
      json: JSON.stringify({ text, nested: { text } }),
    }));
    await withSink(bed, (sink) => sink.write(odd, signal));
    const found = await bed.read('a');
    for (const { id, json } of odd) assert.deepEqual(found.get(id), JSON.parse(json));
  });

  contract('what is written twice is there once, and told where that can be', async (bed) => {
    const index = `${bed.prefix}a`;
    const again = documents(index, 3).map((document) => ({ ...document, json: '{"n":99}' }));
    await withSink(bed, (sink) => sink.write(documents(index, 2), signal));
    const outcomes = await withSink(bed, (sink) => sink.write(again, signal));
    const second = bed.rewrites ? 'stored' : 'exists';
    assert.deepEqual(outcomes, [second, second, 'stored']);
    const found = await bed.read('a');
    assert.equal(found.size, 3);
    assert.deepEqual(found.get('id-0'), { n: bed.rewrites ? 99 : 0 });
  });

  contract('one that can not be reached says so, and what to do', async (bed) => {
    const sink = bed.makeUnreachable?.();
    if (!sink) return;
    await assert.rejects(
      sink.open([indexNamed(`${bed.prefix}a`)], signal),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'unreachable');
        assert.match(error.message, /Is .* running there|Give another/);
        return true;
      },
    );
    await sink.close();
  });

  contract('it may be closed before it was opened', async (bed) => {
    await bed.make().close();
  });
}
