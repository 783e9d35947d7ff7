import { createServer, type ServerResponse } from 'node:http';
import { reasonOf } from '../util/errors.ts';
import type { HtmlPage } from '../util/html.ts';
import { log } from '../util/log.ts';
import { listContacts } from '../util/retry.ts';
import { closeServer, isLoopback, isOwnHost, type ListenAddress, listen } from './listen.ts';
import type { Metrics } from './metrics.ts';

const PATHS = '/, /dashboards, /healthz, /readyz and /metrics';

/** A server that says how the pipeline fares. */
export interface StatusServer {
  /** Its address: `127.0.0.1:9464`. */
  address: string;
  close(): Promise<void>;
}

/** What a server tells. */
export interface Told {
  metrics: Metrics;
  /** The page at `/`; with texts of logs only where `isLocal`: it is asked for on this machine. */
  status(isLocal: boolean): Promise<HtmlPage>;
  /** The page at `/dashboards`. */
  dashboards(parameters: URLSearchParams): Promise<{ status: number; page: HtmlPage }>;
}

/**
 * Serves pages for people at `/` and `/dashboards`, `/healthz` (200 while the process works at all), `/readyz` (200, or 503,
 * with `readiness` as JSON) and `/metrics` (Prometheus). They only read, tell no secrets, and ask for none.
 * Throws `SidecarError` (`config`) where the address can't be had.
 */
export async function startServer(address: ListenAddress, told: Told): Promise<StatusServer> {
  const { metrics } = told;
  const server = createServer(async ({ method, url = '', headers, socket }, response) => {
    const [path, parameters] = url.split('?');
    const isPage = path === '/' || path === '/dashboards';
    try {
      if (method !== 'GET' && method !== 'HEAD') send(response, 405, 'text/plain', 'use GET\n');
      else if (isPage && !isOwnHost(headers.host) && !headers.host?.startsWith(`${address.host}:`))
        send(
          response,
          421,
          'text/plain',
          'open this page by the IP address of its machine, or as localhost\n',
        );
      else if (path === '/healthz') send(response, 200, 'text/plain', 'ok\n');
      else if (path === '/readyz') {
        const state = readiness(metrics);
        send(response, state.ready ? 200 : 503, 'application/json', `${JSON.stringify(state)}\n`);
      } else if (path === '/metrics') send(response, 200, metrics.contentType, await metrics.text());
      else if (path === '/') {
        const isLocal = isLoopback((socket.remoteAddress ?? '').replace(/^::ffff:/, ''));
        sendPage(response, 200, await told.status(isLocal));
      } else if (path === '/dashboards') {
        const { status, page } = await told.dashboards(new URLSearchParams(parameters));
        sendPage(response, status, page);
      } else send(response, 404, 'text/plain', `${PATHS} are here\n`);
    } catch (error) {
      send(response, 500, 'text/plain', `${reasonOf(error)}\n`);
    }
  });
  const shown = await listen(server, address, '--listen');
  log.info(`${PATHS} are at http://${shown}`);
  return { address: shown, close: () => closeServer(server) };
}

/** Whether logs can flow: the sink was made ready, and every server, of source and sink, answered when it was asked last. */
export function readiness(metrics: Metrics) {
  const now = performance.now();
  const rounded = (ms: number): number => Math.round(ms / 100) / 10;
  const { isOpen, committedAt, newestAt } = metrics;
  const servers = [...listContacts()].map(([name, { reachable, at, reason }]) => ({
    name,
    reachable,
    seconds_ago: rounded(now - at),
    ...(reason === undefined ? {} : { reason }),
  }));
  return {
    ready: isOpen && servers.every(({ reachable }) => reachable),
    open: isOpen,
    last_commit_seconds_ago: committedAt === undefined ? null : rounded(now - committedAt),
    newest_log_seconds_ago: newestAt === undefined ? null : rounded(Date.now() - newestAt),
    servers,
  };
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type });
  response.end(body);
}

function sendPage(response: ServerResponse, status: number, { html, policy }: HtmlPage): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  });
  response.end(html);
}
