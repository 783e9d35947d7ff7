import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const CODE = /\.[mc]?[jt]s$|\.json$/;

/** Another text whenever one of these files has changed, or code or JSON right in one of these folders. */
export function stampOf(paths: readonly string[]): string {
  return paths.map(stampPath).join('\n');
}

function stampPath(path: string): string {
  try {
    const stat = statSync(path);
    if (!stat.isDirectory()) return `${path} ${stat.ino} ${stat.mtimeMs} ${stat.size}`;
    const code = readdirSync(path).filter((name) => CODE.test(name));
    return code.map((name) => stampPath(join(path, name))).join('\n');
  } catch {
    return `${path} is not there`;
  }
}
