import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';

const compress = promisify(gzip);
/** Less than this is sent where few logs come: to compress it takes another thread, and more than it saves. */
const LEAST_BYTES = 8 << 10;

/** A request's body as it goes out, and the header that says how it is packed. */
export interface PackedBody {
  body: Buffer;
  headers: { 'content-encoding'?: 'gzip' };
}

/** Gzips a body where that is worth it: it is not small, and the server is not on this machine (`isHere`). */
export async function packBody(body: Buffer, isHere: boolean): Promise<PackedBody> {
  if (isHere || body.length < LEAST_BYTES) return { body, headers: {} };
  return {
    body: await compress(body, { level: constants.Z_BEST_SPEED }),
    headers: { 'content-encoding': 'gzip' },
  };
}
