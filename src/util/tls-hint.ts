/** What names a server's settings: the beginning of its variables, and how an address without TLS is written. */
export interface TlsSettings {
  /** `ELASTICSEARCH` for `ELASTICSEARCH_CA_FILE`. */
  prefix: string;
  /** `write http:// instead of https:// in ELASTICSEARCH_URL`. */
  plain: string;
  /** `https://`, to tell where a server wants TLS. */
  encrypted: string;
}

/** What OpenSSL says without its places in source: `TLS failed: wrong version number`. Other text stays as it is. */
export function plainTls(reason: string): string {
  const [, said] = /:SSL routines:[^:]*:([^:]+):/.exec(reason) ?? [];
  return said === undefined ? reason : `TLS failed: ${said}`;
}

/** What to do about a failure of TLS, by its text; `undefined` where it is none. */
export function tlsHint(reason: string, { prefix, plain, encrypted }: TlsSettings): string | undefined {
  if (/self-signed certificate|unable to (verify|get)|unknown ca|SELF_SIGNED/i.test(reason))
    return `Set ${prefix}_CA_FILE to the certificate of the authority that signed it`;
  if (
    /wrong version number|packet length too long|EPROTO|before secure TLS connection|did not answer with TLS/.test(
      reason,
    )
  )
    return `What is there seems to speak no TLS: ${plain}`;
  if (/certificate required|bad certificate|handshake failure/i.test(reason))
    return `It asks for a certificate of the client: set ${prefix}_CERT_FILE and ${prefix}_KEY_FILE`;
  if (/altnames/.test(reason)) return 'Address it by a name that its certificate is for';
  if (/certificate has expired/.test(reason))
    return 'Its certificate has expired: renew it, or correct this clock';
  if (/socket hang up|ECONNRESET|other side closed/.test(reason))
    return `If it speaks TLS, write ${encrypted} in its address`;
  return undefined;
}
