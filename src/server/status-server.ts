import { createServer, type ServerResponse } from 'node:http';
import { reasonOf } from '../util/errors.ts';
import type { HtmlPage } from '../util/html.ts';
import { log } from '../util/log.ts';
import { listContacts } from '../util/retry.ts';
import { isLoopback } from '../util/url.ts';
import { CHALLENGE, type Credentials, checkCredentials, isAdmitted, isOpen } from './credentials.ts';
import { closeServer, isOwnHost, type ListenAddress, listen } from './listen.ts';
import type { Metrics } from './metrics.ts';
import { renderErrorPage } from './pages.ts';

const PATHS = '/, /dashboards, /healthz, /readyz and /metrics';
/** What programs ask for. */
const OPEN = ['/healthz', '/readyz', '/metrics'];

/** A server that says how the pipeline fares. */
export interface StatusServer {
  /** Its address: `127.0.0.1:9464`. */
  address: string;
  close(): Promise<void>;
}

/** What a server tells. */
export interface Told {
  metrics: Metrics;
  /** The page at `/`; with texts of logs only where the reader `isKnown`: on this machine, or by credentials. */
  status(isKnown: boolean): Promise<HtmlPage>;
  /** The page at `/dashboards`. */
  dashboards(parameters: URLSearchParams): Promise<{ status: number; page: HtmlPage }>;
}

/** Who may see what. */
export interface Access extends Credentials {
  protect: 'nothing' | 'pages' | 'all';
}

/**
 * Serves pages for people at `/` and `/dashboards`, `/healthz` (200 while the process works at all), `/readyz` (200, or 503,
 * with `readiness` as JSON) and `/metrics` (Prometheus). They only read, and tell no secrets. What is protected takes
 * credentials, or, where none are set, is for this machine only. Throws `SidecarError` (`config`) where the address can't be
 * had.
 */
export async function startServer(address: ListenAddress, access: Access, told: Told): Promise<StatusServer> {
  checkCredentials(access, 'LISTEN');
  const server = createServer(async (request, response) => {
    const { method, url = '', headers, socket } = request;
    const [path = '', parameters] = url.split('?');
    const isLocal = isLoopback((socket.remoteAddress ?? '').replace(/^::ffff:/, ''));
    const isPage = path === '/' || path === '/dashboards';
    const isProtected = access.protect === 'all' || (access.protect === 'pages' && !OPEN.includes(path));
    const refuse = (status: number, why: string, more = {}): void => {
      if (headers.accept?.includes('text/html'))
        sendPage(response, status, renderErrorPage('ml-log-sidecar', why), more);
      else send(response, status, 'text/plain; charset=utf-8', `${why}\n`, more);
    };
    try {
      if (isProtected && !isAdmitted(access, headers.authorization))
        refuse(
          401,
          'This needs the token, or user and password, of LISTEN_TOKEN or LISTEN_USERNAME.',
          CHALLENGE,
        );
      else if (isProtected && isOpen(access) && !isLocal)
        refuse(
          403,
          'This is shown on the machine of the sidecar only: set LISTEN_TOKEN, or LISTEN_USERNAME and LISTEN_PASSWORD, to see it from elsewhere.',
        );
      else if (method !== 'GET' && method !== 'HEAD') refuse(405, 'Use GET.');
      else if (
        isPage &&
        isOpen(access) &&
        !isOwnHost(headers.host) &&
        !headers.host?.startsWith(`${address.host}:`)
      )
        refuse(421, 'Open this page by the IP address of its machine, or as localhost.');
      else if (path === '/healthz') send(response, 200, 'text/plain', 'ok\n');
      else if (path === '/readyz') {
        const state = readiness(told.metrics);
        send(response, state.ready ? 200 : 503, 'application/json', `${JSON.stringify(state)}\n`);
      } else if (path === '/metrics')
        send(response, 200, told.metrics.contentType, await told.metrics.text());
      else if (path === '/') sendPage(response, 200, await told.status(isLocal || !isOpen(access)));
      else if (path === '/dashboards') {
        const { status, page } = await told.dashboards(new URLSearchParams(parameters));
        sendPage(response, status, page);
      } else refuse(404, `There is nothing at ${path}: ${PATHS} are here.`);
    } catch (error) {
      refuse(500, reasonOf(error));
    }
  });
  const shown = await listen(server, address, '--listen');
  log.info(`${PATHS} are at http://${shown}`);
  if (!isLoopback(address.host) && isOpen(access))
    log.warn(
      access.protect === 'nothing'
        ? `http://${shown} shows its pages to everybody who reaches it (LISTEN_PROTECT=nothing)`
        : 'the pages are shown on this machine only: set LISTEN_TOKEN to see them from elsewhere',
    );
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

function send(response: ServerResponse, status: number, type: string, body: string, more = {}): void {
  response.writeHead(status, { 'content-type': type, ...more });
  response.end(body);
}

function sendPage(response: ServerResponse, status: number, { html, policy }: HtmlPage, more = {}): void {
  send(response, status, 'text/html; charset=utf-8', html, {
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    ...more,
  });
}
