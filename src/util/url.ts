import { SidecarError } from './errors.ts';

/**
 * Reads an address that may hold a password. Throws `SidecarError` (`config`), which names `setting` and tells nothing
 * of the address, where it can't be read, or where a password that is not percent-encoded would be taken for a host or
 * path.
 */
export function parseUrl(text: string, setting: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined)
    throw new SidecarError(
      'config',
      `${setting} is not a valid address. Write special characters of a user or password percent-encoded, such as %2F for /`,
    );
  if (`${url.pathname}${url.search}${url.hash}`.includes('@'))
    throw new SidecarError(
      'config',
      `${setting} has an @ behind its host. Write special characters of a user or password percent-encoded: %2F for /, %3F for ?, %23 for #`,
    );
  return url;
}
