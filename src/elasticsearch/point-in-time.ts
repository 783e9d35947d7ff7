import type { Client } from '@elastic/elasticsearch';
import { serverOf } from './transport.ts';

/**
 * Opens a point in time of these indices, or of those behind these aliases, and returns its id. What was written before is
 * in it: by itself, a search would miss the last second, or the last half a minute where nobody has searched.
 */
export async function openPointInTime(
  client: Client,
  index: readonly string[],
  keepAlive: string,
): Promise<string> {
  const { path, idIn } = (await serverOf(client)).pointInTime;
  // Missing ones are told by the request that follows.
  await client.indices.refresh({ index: [...index], ignore_unavailable: true });
  const answer = await client.transport.request<Record<string, string>>({
    method: 'POST',
    path: `/${index.map(encodeURIComponent).join(',')}${path}`,
    querystring: { keep_alive: keepAlive },
  });
  return answer[idIn]!;
}

/** Gives it back. */
export async function closePointInTime(client: Client, id: string): Promise<void> {
  const { path, closeWith } = (await serverOf(client)).pointInTime;
  await client.transport.request({ method: 'DELETE', path, body: closeWith(id) });
}
