import type { Client } from '@elastic/elasticsearch';
import type { CommonConfig } from '../config/sections.ts';
import { createElasticsearchClient, useElasticsearch } from '../elasticsearch/client.ts';
import { countDocuments, findPresentIndices } from '../elasticsearch/indices.ts';
import { type ElasticsearchConfig, readElasticsearchOptions } from '../elasticsearch/options.ts';
import { findRefusal, hintFor } from '../elasticsearch/refusal.ts';
import { isSupported, serverName, TESTED } from '../elasticsearch/server.ts';
import { serverOf } from '../elasticsearch/transport.ts';
import type { IndexDefinition } from '../plugin.ts';
import { quote, t } from '../terminal/messages.ts';
import { reasonOf } from '../util/errors.ts';
import { checkDisks } from './check-disks.ts';
import { checkIndex } from './check-index.ts';
import { type Check, failed, ok, warning } from './result.ts';

/**
 * Elasticsearch: whether it answers, its version, health, disks, and every index. What can't be asked any more is
 * left out. `setsUp`: a run makes indices that are missing.
 */
export async function* checkElasticsearch(
  config: ElasticsearchConfig & Pick<CommonConfig, 'indices'>,
  indices: readonly IndexDefinition[],
  setsUp: boolean,
): AsyncGenerator<Check> {
  const options = readElasticsearchOptions(config, false);
  const { address } = options;
  const client = createElasticsearchClient(options);
  try {
    const server = await serverOf(client);
    const named = { server: serverName(server), address, cluster: server.cluster };
    const says =
      server.cluster === ''
        ? t('{server} at {address}', named)
        : t('{server} at {address}, cluster "{cluster}"', named);
    yield isSupported(server)
      ? ok('elasticsearch', says)
      : warning('elasticsearch', says, t('This program is tested with {servers}', { servers: TESTED }));
    if (!server.isServerless) {
      yield await checkHealth(client);
      yield* await checkDisk(client);
    }
    const expected = { rotation: config.indices.rotation, setsUp };
    for (const index of indices) yield* await checkIndex(client, expected, index);
  } catch (error) {
    const refusal = findRefusal(error, `${address} refused a request`);
    yield refusal
      ? failed('elasticsearch', quote(refusal.says), quote(refusal.action), 2)
      : failed(
          'elasticsearch',
          t('{address} could not be reached: {why}', { address, why: reasonOf(error) }),
          quote(hintFor(error)),
          3,
        );
  } finally {
    await client.close();
  }
}

/** Whether none of these indices holds a document, or they are not there. Throws where that can't be asked. */
export async function areEmpty(
  config: ElasticsearchConfig,
  indices: readonly IndexDefinition[],
): Promise<boolean> {
  const names = indices.map(({ name }) => name);
  return useElasticsearch(readElasticsearchOptions(config, false), async (client) => {
    for (const { index } of await findPresentIndices(client, names))
      if ((await countDocuments(client, index)) > 0) return false;
    return true;
  });
}

async function checkHealth(client: Client): Promise<Check> {
  const { status, number_of_data_nodes: nodes, unassigned_shards: open } = await client.cluster.health();
  const says = t('{status}; data nodes: {nodes}; unassigned shards: {open}', { status, nodes, open });
  if (status === 'green') return ok('health', says);
  if (status === 'red')
    return failed(
      'health',
      t('{says}: some data can neither be read nor written', { says }),
      t('GET /_cluster/allocation/explain says why; look at the disks first'),
    );
  return nodes === 1
    ? ok('health', t('{says}: one node can hold no replicas, so yellow is normal', { says }))
    : warning(
        'health',
        t('{says}: some replicas are missing', { says }),
        t('GET /_cluster/allocation/explain says why'),
      );
}

async function checkDisk(client: Client): Promise<Check[]> {
  const [{ nodes }, { defaults = {}, persistent, transient }] = await Promise.all([
    client.nodes.stats({ metric: 'fs' }),
    client.cluster.getSettings({ include_defaults: true, flat_settings: true }),
  ]);
  const disks = Object.entries(nodes).flatMap(([id, { name = id, roles = [], fs }]) =>
    roles.some((role) => role.startsWith('data'))
      ? [{ node: name, total: fs?.total?.total_in_bytes ?? 0, free: fs?.total?.available_in_bytes ?? 0 }]
      : [],
  );
  return checkDisks(disks, { ...defaults, ...persistent, ...transient });
}
