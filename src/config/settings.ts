import { readFileSync } from 'node:fs';
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { showPath } from '../util/show-path.ts';

/** A value from outside, where it belongs (`pipeline.batch_size`) and where it was written. */
export interface Setting {
  path: readonly string[];
  value: unknown;
  origin: string;
}

/**
 * Reads the values of a YAML file; those under the keys of `whole` are not taken apart. Throws `SidecarError`
 * (`config`), which names the file as it is seen from `cwd`, where it can't be read or is not YAML of keys and values.
 */
export function readYaml(path: string, cwd: string, whole: readonly string[] = []): Setting[] {
  const name = showPath(path, cwd);
  let source: string;
  try {
    source = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new SidecarError('config', `the configuration ${name} can't be read: ${reasonOf(cause)}`, {
      cause,
    });
  }
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error)
    throw new SidecarError('config', `${name}:${lines.linePos(error.pos[0]).line}: ${error.message}`);
  if (document.contents === null) return [];
  if (!isMap(document.contents))
    throw new SidecarError('config', `${name}: it must hold keys and values, such as \`pipeline:\``);
  const settings: Setting[] = [];
  const readValue = (node: Node, origin: string): unknown => {
    try {
      return node.toJS(document);
    } catch (cause) {
      // Aliases of aliases may stand for more than memory holds.
      throw new SidecarError('config', `${origin}: ${reasonOf(cause)}`, { cause });
    }
  };
  const originAt = (offset: number): string => `${name}:${lines.linePos(offset).line}`;
  const walk = (node: Node | null, at: string[], offset: number): void => {
    if (isMap(node) && !whole.includes(at[0] ?? '')) {
      if (at.length > 0) settings.push({ path: at, value: {}, origin: originAt(offset) });
      for (const { key, value } of node.items) {
        const inner = isScalar(key) ? String(key.value) : String(key);
        walk(value as Node | null, [...at, inner], (key as Node).range?.[0] ?? offset);
      }
      return;
    }
    const value = node === null ? undefined : isScalar(node) ? node.value : readValue(node, originAt(offset));
    // A key without a value, its lines all commented out, sets nothing.
    if (value == null) return;
    settings.push({ path: at, value, origin: originAt(offset) });
    if (isSeq(node)) {
      node.items.forEach((item, n) => {
        const origin = originAt((item as Node).range?.[0] ?? offset);
        settings.push({ path: [...at, String(n)], value: (value as unknown[])[n], origin });
      });
    }
  };
  walk(document.contents, [], 0);
  return settings;
}
