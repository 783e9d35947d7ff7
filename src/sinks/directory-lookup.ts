import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lookup } from '../component.ts';
import type { IndexDefinition } from '../plugin.ts';
import { readLines } from '../util/lines.ts';
import { idAt } from './directory.ts';

/** Looks documents up in a folder of NDJSON files, whose ids are read once. */
export async function directoryLookup(folder: string, indices: readonly IndexDefinition[]): Promise<Lookup> {
  const files = new Map<string, Map<string, number>>();
  for (const { name } of indices) {
    const counts = new Map<string, number>();
    const path = join(folder, `${name}.ndjson`);
    if (await stat(path).catch(() => undefined)) {
      for await (const line of readLines(path)) {
        const id = idAt(line);
        if (id !== undefined) counts.set(id, (counts.get(id) ?? 0) + 1);
      }
    }
    files.set(name, counts);
  }
  return {
    count: async (index, ids) => {
      const all = files.get(index);
      return new Map(ids.flatMap((id) => (all?.has(id) ? [[id, all.get(id) as number] as const] : [])));
    },
    close: async () => {},
  };
}
