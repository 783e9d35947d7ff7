import type { IncomingMessage } from 'node:http';
import { createUnzip } from 'node:zlib';
import { reasonOf } from '../errors.ts';

/** Why a request is not taken, with the HTTP status that says so. */
export class Refusal extends Error {
  override name = 'Refusal';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Resolves with a request's body, unpacked (gzip, deflate). `hold` is told each piece's bytes, and may throw to refuse it.
 * Rejects with a `Refusal`: 413 over `limit` bytes, 415 for a packing that is not known, 400 for one that is broken;
 * with another error where the sender hung up.
 */
export function receive(
  request: IncomingMessage,
  limit: number,
  hold: (bytes: number) => void,
): Promise<Buffer> {
  const tooLarge = new Refusal(413, `a body may have ${limit} bytes (http.body_bytes); send smaller batches`);
  const encoding = request.headers['content-encoding']?.toLowerCase() ?? 'identity';
  if (!['identity', 'gzip', 'deflate'].includes(encoding))
    return Promise.reject(new Refusal(415, `the content encoding ${encoding} is not known; use gzip`));
  if (Number(request.headers['content-length']) > limit) return Promise.reject(tooLarge);
  return new Promise((resolve, reject) => {
    const stream = encoding === 'identity' ? request : request.pipe(createUnzip());
    const chunks: Buffer[] = [];
    let size = 0;
    const fail = (error: unknown): void => {
      stream.removeListener('data', onData);
      if (stream !== request) request.unpipe();
      reject(error);
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      try {
        if (size > limit) throw tooLarge;
        hold(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        fail(error);
      }
    };
    stream.on('data', onData).on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', fail);
    if (stream !== request)
      stream.on('error', (error) => fail(new Refusal(400, `the body can't be unpacked: ${reasonOf(error)}`)));
  });
}
