import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { reasonOf } from '../util/errors.ts';

type Unpack = (bytes: Buffer, options: zlib.ZlibOptions) => Promise<Buffer>;
const unzip = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.unzip);
/** Node knows zstd from 22.15 on. */
const { zstdDecompress } = zlib as unknown as { zstdDecompress?: typeof zlib.unzip };

/** What unpacks a body, by its content encoding. */
const UNPACK: Readonly<Record<string, Unpack>> = {
  gzip: unzip,
  deflate: unzip,
  ...(zstdDecompress && { zstd: promisify<Buffer, zlib.ZlibOptions, Buffer>(zstdDecompress) }),
};

/** Why a request is not taken, with the HTTP status that says so. */
export class RefusedRequest extends Error {
  override name = 'RefusedRequest';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** A request's body. */
export interface Received {
  /** Unpacked, or as it came where it is `broken`. */
  bytes: Buffer;
  /** Why it can't be unpacked. */
  broken?: string;
}

/**
 * Resolves with a request's body, unpacked (gzip, deflate, and zstd where Node knows it). `hold` is told each piece's bytes, and
 * may throw to refuse it. Rejects with a `RefusedRequest`: 413 over `limit` bytes, and 503, which shippers keep their logs on,
 * for a content encoding that is not known; with another error where the sender hung up.
 */
export async function receive(
  request: IncomingMessage,
  limit: number,
  hold: (bytes: number) => void,
): Promise<Received> {
  const tooLarge = new RefusedRequest(
    413,
    `a body may have ${limit} bytes (http.body_bytes); send smaller batches`,
  );
  const encoding = request.headers['content-encoding']?.toLowerCase() ?? 'identity';
  const unpack = Object.hasOwn(UNPACK, encoding) ? UNPACK[encoding] : undefined;
  if (!unpack && encoding !== 'identity') {
    const or = encoding === 'zstd' ? ', or run the sidecar with Node 22.15 or newer' : '';
    throw new RefusedRequest(
      503,
      `the content encoding ${encoding} is not known: let the shipper send gzip${or}`,
    );
  }
  if (Number(request.headers['content-length']) > limit) throw tooLarge;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw tooLarge;
    hold(chunk.length);
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  if (!unpack) return { bytes };
  try {
    const unpacked = await unpack(bytes, { maxOutputLength: limit });
    hold(unpacked.length);
    return { bytes: unpacked };
  } catch (error) {
    if (error instanceof RefusedRequest) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge;
    return { bytes, broken: reasonOf(error) };
  }
}
