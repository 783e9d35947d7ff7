import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { seeded } from '../../bench/data.ts';
import { temporaryFolder } from '../helpers.ts';
import { startElasticsearch } from '../services/elasticsearch.ts';
import { startRedis } from '../services/redis.ts';
import {
  answering,
  cutBefore,
  cutMidAnswer,
  killAnswered,
  killBefore,
  killMidAnswer,
  killStored,
  late,
  mixed,
  resetStored,
} from './faults.ts';
import type { Line } from './lines.ts';
import { long, Rig } from './rig.ts';
import { TcpFaultProxy } from './tcp-proxy.ts';

const SECONDS = long ? 600 : 25;
/** When so many logs have come, whatever still waits is read before more do. */
const MOST_WAITING = 10_000;
const seed = Number(process.env.FAULT_SEED ?? Math.floor(Math.random() * 2 ** 32));

test(`faults of every kind, at random, for ${SECONDS} s (FAULT_SEED=${seed})`, async (t) => {
  console.log(`FAULT_SEED=${seed}`);
  const random = seeded(seed);
  const below = (n: number): number => Math.floor(random() * n);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;

  const [redisDir, elasticsearchDir] = [temporaryFolder(t), temporaryFolder(t)];
  const durable = { dataDir: redisDir, args: ['--appendonly', 'yes', '--appendfsync', 'always'] };
  let [redis, elasticsearch] = await Promise.all([
    startRedis(durable),
    startElasticsearch({ dataDir: elasticsearchDir }),
  ]);
  t.after(() => Promise.all([redis.stop(), elasticsearch.stop()]));
  const toRedis = await TcpFaultProxy.start(t, redis.port);
  const rig = await Rig.start(t, {
    redis: redis.url,
    redisForSidecar: `redis://127.0.0.1:${toRedis.port}`,
    elasticsearch: elasticsearch.url,
    // More than can wait to be read: a gap would excuse a loss.
    cap: 2 * MOST_WAITING,
    config: {
      elasticsearch: { request_timeout: 2 },
      pipeline: { batch_size: 20 + below(80), concurrency: 1 + below(4) },
      dead_letters: { path: 'dead' },
    },
  });
  const kill = rig.kill;
  const bulkFaults = [
    () => killBefore(kill),
    () => killStored(kill),
    () => killMidAnswer(kill),
    () => killAnswered(kill),
    () => late(2_500),
    () => cutBefore,
    () => resetStored,
    () => cutMidAnswer,
    () => answering(pick([429, 500, 502, 503])),
    () => mixed(() => pick(['pass', 'busy', 'unavailable', 'stored but unavailable'] as const)),
  ];
  let coming: Promise<void> | undefined;
  let waiting = 0;
  const push = (lines: readonly Line[]): Promise<void> => {
    waiting += lines.length;
    return rig.push(lines);
  };
  const steps: Record<string, [weight: number, () => unknown]> = {
    push: [12, () => push(rig.lines.some(1 + below(50)))],
    'push one that is refused': [2, () => push([rig.lines.metrics({ function_calls: 1e30 })])],
    'wait a little': [6, () => delay(below(400))],
    'a fault of a bulk request': [6, () => void rig.proxy.next(pick(bulkFaults)())],
    'SIGKILL of the sidecar': [2, kill],
    'SIGTERM of the sidecar': [1, () => rig.sidecar.stop()],
    'connections to Elasticsearch cut': [1, () => rig.proxy.cut()],
    'connections to Redis cut': [1, () => toRedis.cut()],
    'connections to Redis stalled': [
      1,
      async () => {
        toRedis.stall(true);
        await delay(300);
        toRedis.stall(false);
      },
    ],
    'SIGKILL of Redis': [
      1,
      async () => {
        await redis.kill();
        redis = await startRedis({ ...durable, port: redis.port });
      },
    ],
    'SIGKILL of Elasticsearch': [
      0.4,
      async () => {
        if (coming) return;
        const { port } = elasticsearch;
        await elasticsearch.kill();
        coming = startElasticsearch({ dataDir: elasticsearchDir, port }).then((again) => {
          elasticsearch = again;
          coming = undefined;
        });
      },
    ],
  };
  const weights = Object.entries(steps).flatMap(([name, [weight]]) => Array<string>(weight * 10).fill(name));
  const done: Record<string, number> = {};
  const recover = async (): Promise<void> => {
    await coming;
    await rig.proxy.heal();
    if (rig.isGone) rig.run();
  };
  rig.run();
  // Until something is confirmed nobody can tell what the list held before.
  await rig.drained();
  const end = performance.now() + SECONDS * 1000;
  while (performance.now() < end) {
    const name = pick(weights);
    done[name] = (done[name] ?? 0) + 1;
    await steps[name]?.[1]();
    if (rig.isGone) rig.run();
    if (waiting < MOST_WAITING) continue;
    await recover();
    await rig.drained(120);
    waiting = 0;
  }
  t.diagnostic(JSON.stringify(done));

  await recover();
  const verdict = await rig.settled(120);
  const { sent, expected, stored, doubled, missing, letters, unreadable } = verdict;
  t.diagnostic(
    `${sent} logs, ${expected} documents: ${stored} stored, ${letters.length} dead letters, ${doubled.length} doubled, ${missing.length} missing`,
  );
  const told = `FAULT_SEED=${seed}; the sidecars said:\n${rig.said}`;
  assert.deepEqual(doubled.slice(0, 10), [], told);
  assert.equal(unreadable, 0);
  assert.deepEqual(missing.slice(0, 10), [], told);
  assert.equal(rig.gaps, 0, told);
  for (const { reason } of letters) assert.match(reason, /out of range/);
});
