/** The prefix of indices that the names of the shipped plugins have. */
export const DEFAULT_PREFIX = 'ml-api-';

/** The name of an index that was not chosen: it follows the prefix, where that is not the default. */
export function withPrefix(name: string, prefix: string): string {
  return name.startsWith(DEFAULT_PREFIX) && !name.startsWith(prefix)
    ? prefix + name.slice(DEFAULT_PREFIX.length)
    : name;
}
