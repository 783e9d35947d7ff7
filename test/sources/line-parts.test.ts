import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRedisUrl } from '../../src/sources/redis-config.ts';
import { RedisListSource } from '../../src/sources/redis-list.ts';
import { TestList } from '../helpers.ts';
import { line } from '../samples.ts';
import { redisUrl } from '../services/env.ts';
import { follow, freshOf, readAll } from './contract.ts';

const time = '2026-03-02T08:15:01.251123456Z';
const docker = (log: string, stream = 'stdout'): string => JSON.stringify({ log, stream, time });
const cri = (tag: 'F' | 'P', text: string): string => `${time} stdout ${tag} ${text}`;
const fluentBit = (logtag: 'F' | 'P', message: string): string =>
  JSON.stringify({ date: 1.5, time, stream: 'stdout', logtag, message });

function sourceOf(list: TestList): RedisListSource {
  return new RedisListSource({
    address: new URL(redisUrl()).host,
    ...readRedisUrl(redisUrl()),
    type: 'list',
    key: list.key,
    intervalMs: 50,
    patienceMs: 500,
    order: 'newest-first',
  });
}

test('the parts of a line are one entry, however they are written, and whatever stands between them', async (t) => {
  const list = new TestList(t);
  const between = [line('another'), docker('whole\n', 'stderr')];
  const parts = [
    [docker('a'), docker('b'), ...between, docker('c\n')],
    [cri('P', 'a'), ...between, cri('P', 'b'), cri('F', 'c')],
    [fluentBit('P', 'a'), fluentBit('P', 'b'), ...between, fluentBit('F', 'c')],
  ];
  const ends = [docker('never ended'), line('last')];
  await list.push([...parts.flat(), ...ends]);
  const { entries } = await readAll(sourceOf(list));
  const whole = [docker('abc'), cri('P', 'abc'), fluentBit('F', 'abc')];
  assert.deepEqual(entries, [...whole.flatMap((each) => [...between, each]), ...[...ends].reverse()]);
});

test('a line whose end comes later is one entry; one whose end does not come is taken as it is', async (t) => {
  const list = new TestList(t);
  await list.push([line('first'), docker('a')]);
  setTimeout(() => void list.push([docker('b\n'), docker('alone')]), 500);
  const { fresh } = await follow(sourceOf(list), {}, (batches) => freshOf(batches).length >= 3);
  assert.deepEqual(fresh, [line('first'), docker('ab'), docker('alone')]);
});
