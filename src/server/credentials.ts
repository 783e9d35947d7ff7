import { hash, timingSafeEqual } from 'node:crypto';
import { SidecarError } from '../util/errors.ts';

/** What lets a request in; with none of them, every request is. */
export interface Credentials {
  /** A bearer token; also the password of basic authentication where no `username` is set, as browsers ask for one. */
  token?: string | undefined;
  /** Basic credentials; they go together. */
  username?: string | undefined;
  password?: string | undefined;
}

/** The header that goes with 401. */
export const CHALLENGE = { 'www-authenticate': 'Basic realm="ml-log-sidecar", charset="UTF-8", Bearer' };

/** Throws `SidecarError` (`config`) where a user has no password, or a password no user; `prefix` begins their variables. */
export function checkCredentials({ username, password }: Credentials, prefix: string): void {
  if ((username === undefined) !== (password === undefined))
    throw new SidecarError(
      'config',
      `a user and a password go together: set ${prefix}_USERNAME and ${prefix}_PASSWORD`,
    );
}

/** No credentials are asked for. */
export function isOpen({ token, username }: Credentials): boolean {
  return token === undefined && username === undefined;
}

/** Whether the header `Authorization` of a request lets it in. */
export function isAdmitted(credentials: Credentials, authorization = ''): boolean {
  if (isOpen(credentials)) return true;
  const { token, username, password } = credentials;
  const [scheme = '', given = ''] = authorization.split(/ +/, 2);
  if (/^bearer$/i.test(scheme)) return token !== undefined && isEqual(given, token);
  if (!/^basic$/i.test(scheme)) return false;
  const pair = Buffer.from(given, 'base64').toString();
  if (username !== undefined) return isEqual(pair, `${username}:${password}`);
  return isEqual(pair.slice(pair.indexOf(':') + 1), token!);
}

/** In a time that tells nothing of the secret. */
function isEqual(given: string, secret: string): boolean {
  return timingSafeEqual(Buffer.from(hash('sha256', given)), Buffer.from(hash('sha256', secret)));
}
