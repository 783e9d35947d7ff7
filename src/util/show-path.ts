import { relative } from 'node:path';

/** A path as it is shortest for somebody in the folder `cwd`: from there, or from the root. */
export function showPath(path: string, cwd: string = process.cwd()): string {
  const near = relative(cwd, path);
  return near !== '' && near.length < path.length ? near : path;
}
