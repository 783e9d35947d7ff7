import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogEvent } from '../src/event.ts';
import { definePlugin, type Fields, type Hooks, type Plugin } from '../src/plugin.ts';
import { PluginChain } from '../src/plugin-chain.ts';
import { SidecarError } from '../src/util/errors.ts';
import type { JsonObject } from '../src/util/json.ts';
import { line, parse } from './samples.ts';

const schema = { type: 'object', required: ['message'], properties: { message: { type: 'string' } } };

/** A plugin with these hooks, and with an index of its name where it makes documents. */
function plugin(name: string, hooks: Hooks, index: object = {}): Plugin {
  return definePlugin({
    name,
    ...(hooks.documents
      ? { index: { name: `ml-api-${name}`, mappings: {}, document: schema, ...index } }
      : {}),
    create: () => hooks,
  });
}

const copy = (name: string, index?: object): Plugin =>
  plugin(name, { documents: ({ message }) => ({ message }) }, index);

function chain(plugins: Plugin[], passes: (event: LogEvent) => boolean = () => true): PluginChain {
  return new PluginChain(
    plugins.map((each) => ({ plugin: each, options: {} })),
    'ml-api-',
    passes,
  );
}

const event = (): LogEvent => parse(line('hello'));

function refused(make: () => unknown, ...patterns: RegExp[]): void {
  assert.throws(make, (error) => {
    assert.ok(error instanceof SidecarError);
    assert.equal(error.code, 'plugin');
    for (const pattern of patterns) assert.match(error.message, pattern);
    return true;
  });
}

test('every plugin makes its documents, in the order of the configuration, under the id of the event', () => {
  const { id } = event();
  const { indices } = chain([copy('b'), copy('a')]);
  assert.deepEqual(
    indices.map(({ name }) => name),
    ['ml-api-b', 'ml-api-a'],
  );
  assert.deepEqual(chain([copy('b'), copy('a')]).run(event()), {
    documents: [
      { index: 'ml-api-b', id, json: '{"message":"hello"}' },
      { index: 'ml-api-a', id, json: '{"message":"hello"}' },
    ],
    failures: [],
    filtered: true,
  });
});

test('event hooks run one after the other, before any document is made, wherever they stand', () => {
  const append = (text: string): Plugin =>
    plugin(text, {
      event(each) {
        each.message += text;
        return each;
      },
    });
  const replace = plugin('replace', { event: (each) => ({ ...each, message: `<${each.message}>` }) });
  const { documents } = chain([copy('a'), append('1'), replace, append('2')]).run(event());
  assert.equal(documents[0]!.json, '{"message":"<hello1>2"}');
});

test('the filter judges what the event hooks made, and spares the indices of all events', () => {
  const shout = plugin('shout', { event: (each) => ({ ...each, message: each.message.toUpperCase() }) });
  const all = copy('all', { filtered: false });
  const run = (passing: string) =>
    chain([shout, all, copy('some')], ({ message }) => message === passing).run(event());
  assert.deepEqual(
    run('HELLO').documents.map(({ index }) => index),
    ['ml-api-all', 'ml-api-some'],
  );
  const { documents, filtered } = run('hello');
  assert.deepEqual(
    documents.map(({ index }) => index),
    ['ml-api-all'],
  );
  assert.equal(filtered, false);
});

test('an event that a hook drops makes nothing', () => {
  const seen: string[] = [];
  const drop = plugin('drop', { event: () => undefined });
  const after = plugin('after', {
    event(each) {
      seen.push(each.message);
      return each;
    },
  });
  assert.deepEqual(chain([drop, after, copy('a')]).run(event()), {
    documents: [],
    failures: [],
    filtered: false,
  });
  assert.deepEqual(seen, []);
});

test('where an event hook throws, nothing of the event is written, and the failure names the plugin', () => {
  const broken = plugin('broken', {
    event() {
      throw new TypeError('no such thing');
    },
  });
  const { documents, failures } = chain([copy('a', { filtered: false }), broken]).run(event());
  assert.deepEqual(documents, []);
  assert.deepEqual(failures, [{ plugin: 'broken', reason: 'no such thing (plugin-chain.test.ts:112)' }]);
});

test('where a documents hook throws, only its own documents are missing', () => {
  const broken = plugin('broken', {
    documents() {
      throw new Error('no such thing');
    },
  });
  const { documents, failures } = chain([copy('a'), broken, copy('b')]).run(event());
  assert.deepEqual(
    documents.map(({ index }) => index),
    ['ml-api-a', 'ml-api-b'],
  );
  assert.deepEqual(failures, [{ plugin: 'broken', reason: 'no such thing (plugin-chain.test.ts:123)' }]);
});

test('what plain JavaScript may answer by mistake costs the event a dead letter, and no more', async () => {
  const odd = (answer: unknown): Hooks => ({ event: () => answer as LogEvent });
  const late = (hook: 'event' | 'documents'): Hooks => ({
    [hook]: () => Promise.reject(new Error('nobody waits for this')),
  });
  for (const [hooks, reason] of [
    [odd(null), /must answer an event/],
    [odd(5), /must answer an event/],
    [late('event'), /async/],
    [late('documents'), /async/],
    [{ documents: () => 'text' as unknown as Fields }, /must be object/],
    [{ documents: () => [null] as unknown as Fields[] }, /must be object/],
    [
      {
        documents: () => {
          throw 'a text';
        },
      },
      /^a text$/,
    ],
  ] as [Hooks, RegExp][]) {
    const { failures, documents } = chain([plugin('odd', hooks)]).run(event());
    assert.equal(failures.length, 1);
    assert.match(failures[0]!.reason, reason);
    assert.deepEqual(documents, []);
  }
  // An unhandled rejection would fail this test.
  await new Promise(setImmediate);
});

test('a document that breaks its schema is a failure that says how; its siblings are made', () => {
  const three = plugin('three', {
    documents: () => [{ message: 'a' }, { message: 5 }, { other: 'c' }, { message: 'd' }],
  });
  const { id } = event();
  const { documents, failures } = chain([three]).run(event());
  assert.deepEqual(documents, [
    { index: 'ml-api-three', id: `${id}.0`, json: '{"message":"a"}' },
    { index: 'ml-api-three', id: `${id}.3`, json: '{"message":"d"}' },
  ]);
  assert.deepEqual(failures, [
    { plugin: 'three', reason: `document ${id}.1 for ml-api-three is not valid: message must be string` },
    {
      plugin: 'three',
      reason: `document ${id}.2 for ml-api-three is not valid: it must have required property 'message'`,
    },
  ]);
});

test('no hook can change the identity of an event', () => {
  const { id } = event();
  const thief = plugin('thief', {
    event(each) {
      each.id = 'mine';
      return each;
    },
  });
  assert.equal(chain([thief, copy('a')]).run(event()).documents[0]!.id, id);
});

test('an index must begin with the prefix, and have more than it', () => {
  for (const name of ['logs', 'ml-api-']) {
    refused(() => chain([copy('a', { name })]), /plugin a/, new RegExp(`"${name}"`), /indices\.prefix/);
  }
  const renamed = new PluginChain(
    [{ plugin: copy('a', { name: 'logs' }), options: {}, index: 'ml-api-mine' }],
    'ml-api-',
    () => true,
  );
  assert.equal(renamed.indices[0]!.name, 'ml-api-mine');
  assert.equal(renamed.run(event()).documents[0]!.index, 'ml-api-mine');
});

test('two plugins cannot write to one index, where the one would hide the documents of the other', () => {
  refused(() => chain([copy('a'), copy('b', { name: 'ml-api-a' })]), /plugins a and b/, /"ml-api-a"/);
});

test('a name that no index can have, or that stands for several, is refused', () => {
  for (const name of ['ml-api-logs,other', 'ml-api-*', 'ml-api-A', 'ml-api-a b'])
    refused(() => chain([copy('a', { name })]), /plugin a: no index can be named/);
});

test("an index can not be a period of another's", () => {
  for (const name of ['ml-api-a-undated', 'ml-api-a-2026.11'])
    refused(() => chain([copy('a'), copy('b', { name })]), /plugins a and b .* period/);
});

test('wrong options are refused by name, right ones arrive with their defaults', () => {
  let seen: JsonObject | undefined;
  const choosy = definePlugin<{ level: string; size: number }>({
    name: 'choosy',
    options: {
      type: 'object',
      additionalProperties: false,
      properties: { level: { type: 'string' }, size: { type: 'integer', default: 3 } },
    },
    create(options) {
      seen = options;
      return {};
    },
  }) as unknown as Plugin;
  const withOptions = (use: Plugin, options: JsonObject) =>
    new PluginChain([{ plugin: use, options }], 'ml-api-', () => true);
  refused(() => withOptions(choosy, { level: 5 }), /plugin choosy/, /level must be string/);
  refused(() => withOptions(choosy, { lvl: 'x' }), /plugin choosy/, /lvl/);
  refused(() => withOptions(copy('plain'), { any: 1 }), /plugin plain/, /any/);
  const given = { level: 'x' };
  withOptions(choosy, given);
  assert.deepEqual(seen, { level: 'x', size: 3 });
  assert.deepEqual(given, { level: 'x' });
});

test('a plugin that cannot start, or whose parts do not fit together, is refused by name', () => {
  const failing = definePlugin({
    name: 'failing',
    create() {
      throw new Error('no key');
    },
  });
  refused(() => chain([failing]), /plugin failing could not start: no key/);
  const deaf = definePlugin({
    name: 'deaf',
    index: { name: 'ml-api-deaf', mappings: {}, document: {} },
    create: () => ({}),
  });
  refused(() => chain([deaf]), /plugin deaf has an index but no `documents` hook/);
  refused(() => chain([copy('odd', { document: { type: 'objekt' } })]), /plugin odd/, /JSON Schema/);
});

test('a body that JSON can not hold costs its own document, and names the plugin', () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  for (const body of [{ big: 1n }, circle, { deep: { list: [2n] } }]) {
    const plugin = definePlugin({
      name: 'odd',
      index: { name: 'ml-api-odd', filtered: false, mappings: {}, document: { type: 'object' } },
      create: () => ({ documents: () => body }),
    });
    const chain = new PluginChain([{ plugin: plugin as Plugin, options: {} }], 'ml-api-', () => true);
    const result = chain.run(parse('2026-11-24 19:26:39 - api - INFO - hello'));
    assert.deepEqual(result.documents, []);
    assert.equal(result.failures.length, 1);
    assert.match(result.failures[0]?.reason ?? '', /BigInt|circular/);
    assert.equal(result.failures[0]?.plugin, 'odd');
  }
});
