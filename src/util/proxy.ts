/**
 * The proxy that `HTTPS_PROXY` or `HTTP_PROXY` names for an address; `undefined` for none, or where `NO_PROXY` names its
 * host: `localhost,.internal,10.0.0.5:9200`, or `*`. As curl does, names in small letters win.
 */
export function proxyFor({ protocol, hostname, host }: URL, env = process.env): string | undefined {
  const read = (name: string): string | undefined => env[name.toLowerCase()] || env[name] || undefined;
  const proxy = protocol === 'https:' ? read('HTTPS_PROXY') : read('HTTP_PROXY');
  if (proxy === undefined) return undefined;
  const direct = (read('NO_PROXY') ?? '').split(/[\s,]+/).filter((name) => name !== '');
  const isDirect = direct.some((entry) => {
    const name = entry.replace(/^\*?\./, '').toLowerCase();
    return entry === '*' || name === host || name === hostname || hostname.endsWith(`.${name}`);
  });
  return isDirect ? undefined : proxy;
}
