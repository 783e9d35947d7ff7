import { once } from 'node:events';
import type { IncomingHttpHeaders, Server } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { reasonOf, SidecarError } from '../util/errors.ts';

/** Where a server of this program listens. */
export interface ListenAddress {
  host: string;
  port: number;
}

/** How long connections may outlive a server that is told to close. */
const LINGER_MS = 1_000;

/** Reads `HOST:PORT`, an IPv6 host in brackets; `setting` names it in the `SidecarError` (`config`) thrown for another. */
export function parseListen(text: string, setting: string): ListenAddress {
  const match = /^(?:\[([\da-fA-F:.]+)\]|([^:\s[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) {
    throw new SidecarError(
      'config',
      `${setting} must be HOST:PORT, such as 127.0.0.1:8787 or [::1]:8787, but is "${text}"`,
    );
  }
  return { host: (match[1] ?? match[2]) as string, port };
}

/** Whether a page in a browser sends a `POST`: with it always comes an `Origin`, which shippers do not send. */
export function isFromPage({ origin, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  return origin !== undefined || (site !== undefined && site !== 'none');
}

/**
 * Whether a `Host` header names this machine by an IP address or as `localhost`. By any other name a page of another site
 * may have come here, that had its own name pointed at this machine (DNS rebinding).
 */
export function isOwnHost(host = ''): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return name === '' || name === 'localhost' || isIP(name) !== 0;
}

/**
 * Resolves, once connections are taken, with the address in words: port 0 has become a real one. Throws `SidecarError`
 * (`config`) that names `setting` where the address can't be had.
 */
export async function listen(
  server: Server,
  { host, port }: ListenAddress,
  setting: string,
): Promise<string> {
  const shown = host.includes(':') ? `[${host}]` : host;
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    throw new SidecarError(
      'config',
      `${shown}:${port} can't be listened on: ${reasonOf(cause)}. Free it, or set another with ${setting}`,
      { cause },
    );
  }
  return `${shown}:${(server.address() as AddressInfo).port}`;
}

/** Takes no more connections, and resolves once answers under way are out, or have had their second. */
export async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const late = setTimeout(() => server.closeAllConnections(), LINGER_MS);
  await new Promise((closed) => server.close(closed));
  clearTimeout(late);
}
