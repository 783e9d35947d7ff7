import { isIP } from 'node:net';
import { SidecarError } from './errors.ts';

/**
 * Reads an address that may hold a password. Throws `SidecarError` (`config`) where it can't be read, or where a
 * password that is not percent-encoded would be taken for a host or a path. The error names `setting` and an `example`,
 * and tells nothing of the address.
 */
export function parseUrl(text: string, setting: string, example: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined)
    throw new SidecarError(
      'config',
      `${setting} is not a valid address: set one such as ${example}. Write special characters of a user or password percent-encoded: %2F for /, %40 for @`,
    );
  if (`${url.pathname}${url.search}${url.hash}`.includes('@'))
    throw new SidecarError(
      'config',
      `${setting} has an @ behind its host. Write special characters of a user or password percent-encoded: %2F for /, %3F for ?, %23 for #`,
    );
  return url;
}

/** True where `host`, an IPv6 address without brackets, is this machine, and only it can connect there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** True where an address is this machine's own, and no other's. */
export function isLocalUrl({ hostname }: URL): boolean {
  return isLoopback(hostname.replace(/^\[|\]$/g, ''));
}
