import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, type Exchange, type Fault, reply } from './proxy.ts';

type Kill = () => Promise<unknown>;

/** The server never sees the request. */
export const killBefore =
  (kill: Kill): Fault =>
  async ({ response }) => {
    await kill();
    response.destroy();
  };

/** The server has stored, and the client never learns of it. */
export const killStored =
  (kill: Kill): Fault =>
  async ({ forward, response }) => {
    await forward();
    await kill();
    response.destroy();
  };

/** The client has received half an answer. */
export const killMidAnswer =
  (kill: Kill): Fault =>
  async (exchange) => {
    await half(exchange);
    await kill();
    exchange.response.destroy();
  };

/** The client has the whole answer, for an instant. */
export const killAnswered =
  (kill: Kill): Fault =>
  async ({ forward, response }) => {
    const answer = await forward();
    await sending(response, (sent) => {
      response.on('finish', sent);
      reply(response, answer);
    });
    await kill();
  };

/** The connection ends before the server sees the request. */
export const cutBefore: Fault = ({ response }) => void response.destroy();

/** The connection is reset after the server has stored. */
export const resetStored: Fault = async ({ forward, response }) => {
  await forward();
  response.socket?.resetAndDestroy();
};

/** Half the answer, then nothing but an ended connection. */
export const cutMidAnswer: Fault = async (exchange) => {
  await half(exchange);
  exchange.response.destroy();
};

/** The answer comes `ms` late. */
export const late =
  (ms: number): Fault =>
  async ({ forward, response }) => {
    const answer = await forward();
    await delay(ms);
    reply(response, answer);
  };

/** The proxy answers in the server's place. */
export const answering =
  (status: number, headers: Record<string, string> = {}, body = `{"status":${status}}`): Fault =>
  ({ response }) =>
    reply(response, {
      status,
      headers: { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch', ...headers },
      body: Buffer.from(body),
    });

/** What becomes of one item: passed on; put off; put off though stored; refused. */
type Fate = 'pass' | 'busy' | 'unavailable' | 'stored but unavailable' | 'refuse';

/** Answers item by item; `fateOf` is asked for the fate of each document, given its source. */
export const mixed =
  (fateOf: (document: string, n: number) => Fate): Fault =>
  async ({ body, forward, response }) => {
    const lines = body.split('\n');
    const pairs = Array.from({ length: Math.floor(lines.length / 2) }, (_, n) => [
      lines[2 * n]!,
      lines[2 * n + 1]!,
    ]);
    const fates = pairs.map(([, document], n) => fateOf(document!, n));
    const isPassed = (n: number): boolean => fates[n] === 'pass' || fates[n] === 'stored but unavailable';
    const passed = pairs.filter((_, n) => isPassed(n));
    let answer: Answer | undefined;
    if (passed.length > 0) answer = await forward(`${passed.flat().join('\n')}\n`);
    const stored = answer ? (JSON.parse(answer.body.toString()).items as { create: object }[]) : [];
    const items = fates.map((fate, n) => {
      const item = isPassed(n) ? stored.shift() : undefined;
      if (fate === 'pass') return item;
      const status = fate === 'busy' ? 429 : fate === 'refuse' ? 400 : 503;
      return { create: { status, error: { type: 'named_fake', reason: fate } } };
    });
    const headers = answer?.headers ?? {
      'content-type': 'application/json',
      'x-elastic-product': 'Elasticsearch',
    };
    reply(response, { status: 200, headers, body: Buffer.from(JSON.stringify({ errors: true, items })) });
  };

async function half({ forward, response }: Exchange): Promise<void> {
  const { status, headers, body } = await forward();
  const { 'transfer-encoding': _, ...kept } = headers;
  response.writeHead(status, { ...kept, 'content-length': body.length });
  await sending(response, (sent) => response.write(body.subarray(0, body.length >> 1), () => sent()));
}

/** Resolves once `send` has told that all is sent, or the client is gone. */
function sending(response: ServerResponse, send: (sent: () => void) => void): Promise<void> {
  return new Promise((over) => {
    if (response.destroyed) return over();
    response.on('close', over);
    send(over);
  });
}
