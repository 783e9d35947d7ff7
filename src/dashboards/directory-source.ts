import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import ndjson from 'ndjson';
import type { IndexDefinition } from '../plugin.ts';
import { t } from '../terminal/messages.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { isObject, type JsonObject } from '../util/json.ts';
import { aggregate } from './aggregate.ts';
import { createFieldReader, type FieldReader } from './fields.ts';
import { createMatcher } from './match.ts';
import { type ChartSearch, type ChartSource, queryOf } from './search.ts';
import type { TimeRange } from './time-range.ts';

type Index = Pick<IndexDefinition, 'name' | 'mappings'>;

interface DocumentTable {
  documents: JsonObject[];
  read: FieldReader;
}

/**
 * Answers the searches of charts from the files of the sink `directory`, without any server: each file is read
 * once, into memory.
 */
export class DirectoryChartSource implements ChartSource {
  readonly name: string;
  readonly #folder: string;
  readonly #indices: readonly Index[];
  readonly #tables = new Map<string, Promise<DocumentTable>>();

  constructor(folder: string, indices: readonly Index[]) {
    this.name = t('the files in {folder}', { folder });
    this.#folder = folder;
    this.#indices = indices;
  }

  /** Throws `SidecarError` (`unreachable`) where the folder holds no file of these indices. */
  async extent(patterns: readonly string[]): Promise<TimeRange | undefined> {
    const wanted = this.#indices.filter(({ name }) =>
      patterns.some((pattern) => matchesIndex(pattern, name)),
    );
    if (!wanted.some(({ name }) => existsSync(this.#path(name)))) {
      throw new SidecarError(
        'unreachable',
        `${this.#folder} holds no ${wanted[0]?.name}.ndjson. Fill it first with \`run --sink directory --out ${this.#folder}\`, or name another folder with --out`,
      );
    }
    let range: TimeRange | undefined;
    for (const { name } of wanted) {
      const { documents, read } = await this.#table(name);
      for (const document of documents) {
        for (const at of read(document, 'timestamp')) {
          if (typeof at !== 'number') continue;
          range = { from: Math.min(range?.from ?? at, at), to: Math.max(range?.to ?? at, at) };
        }
      }
    }
    return range;
  }

  async search(searches: readonly ChartSearch[]): Promise<JsonObject[]> {
    return Promise.all(
      searches.map(async ({ index, body }) => {
        const { documents, read } = await this.#matching(index);
        const within = documents.filter(createMatcher(body.query, read));
        const hits = { total: { value: within.length, relation: 'eq' } };
        return { hits, aggregations: aggregate(body.aggs, { documents: within, read }) };
      }),
    );
  }

  async numericInputs(pattern: string): Promise<string[]> {
    const names = new Set<string>();
    for (const { input_data: input } of (await this.#matching(pattern)).documents)
      for (const [name, value] of Object.entries(isObject(input) ? input : {}))
        if (typeof value === 'number') names.add(name);
    return [...names];
  }

  async sample(pattern: string, range: TimeRange, limit: number): Promise<JsonObject[]> {
    const { documents, read } = await this.#matching(pattern);
    const within = documents.filter(createMatcher(queryOf('timestamp', range), read));
    const each = Math.max(1, within.length / limit);
    return Array.from({ length: Math.min(limit, within.length) }, (_, n) => within[Math.floor(n * each)]!);
  }

  async close(): Promise<void> {}

  async #matching(pattern: string): Promise<DocumentTable> {
    const found = this.#indices.find(({ name }) => matchesIndex(pattern, name));
    return found ? this.#table(found.name) : { documents: [], read: createFieldReader({}) };
  }

  #path(index: string): string {
    return join(this.#folder, `${index}.ndjson`);
  }

  #table(index: string): Promise<DocumentTable> {
    let table = this.#tables.get(index);
    if (!table) {
      const definition = this.#indices.find(({ name }) => name === index) as Index;
      table = this.#load(definition);
      this.#tables.set(index, table);
    }
    return table;
  }

  async #load({ name, mappings }: Index): Promise<DocumentTable> {
    const path = this.#path(name);
    const documents: JsonObject[] = [];
    if (!existsSync(path)) return { documents, read: createFieldReader(mappings) };
    try {
      // Not strict: a run that is writing may have cut its last line off.
      const rows = ndjson.parse({ strict: false });
      await pipeline(createReadStream(path), rows, async (values: AsyncIterable<unknown>) => {
        for await (const value of values) if (isObject(value)) documents.push(value);
      });
    } catch (cause) {
      throw new SidecarError('unreachable', `${path} can't be read: ${reasonOf(cause)}`, { cause });
    }
    return { documents, read: createFieldReader(mappings) };
  }
}

function matchesIndex(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
