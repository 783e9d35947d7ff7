import { writeFile } from 'node:fs/promises';
import { fileWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import type { StoredDocument } from '../elasticsearch/snapshot.ts';
import { isObject, type JsonObject } from '../util/json.ts';

/** What a column holds; `json` where values differ in kind, or are arrays: each is then JSON text. */
type ColumnKind = 'time' | 'text' | 'number' | 'truth' | 'json';

/** A column's name, `input_data.AGE`, and what it holds. */
export type Columns = ReadonlyMap<string, ColumnKind>;

// https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
const ELEMENTS: Record<ColumnKind, Omit<SchemaElement, 'name'>> = {
  time: { type: 'INT64', converted_type: 'TIMESTAMP_MICROS' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  // As in the mapping: a column has one type, whether this window's ages are whole numbers or not.
  number: { type: 'DOUBLE' },
  truth: { type: 'BOOLEAN' },
  json: { type: 'BYTE_ARRAY', converted_type: 'JSON' },
};

/** Callers choose the columns: a row group holds fewer rows where there are more of them. */
const GROUP_CELLS = 500_000;
const GROUP_CHARS = 16 << 20;
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})(\d{0,3})\d*Z$/;

/** The columns that flat rows of these documents have: `_id`, `timestamp`, `transaction_id`, then the others by name. */
export async function columnsOf(documents: AsyncIterable<StoredDocument>): Promise<Columns> {
  const found = new Map<string, ColumnKind>([
    ['_id', 'text'],
    ['timestamp', 'time'],
    ['transaction_id', 'text'],
  ]);
  const first = found.size;
  const untold = new Set<string>();
  for await (const { source } of documents) {
    for (const [name, value] of flatten(JSON.parse(source))) {
      const kind = kindOf(name, value);
      const known = found.get(name);
      if (kind === undefined) untold.add(name);
      else if (known === undefined) found.set(name, kind);
      else if (known !== kind) found.set(name, isText(known) && isText(kind) ? 'text' : 'json');
    }
  }
  for (const name of untold) if (!found.has(name)) found.set(name, 'text');
  const columns = [...found];
  const rest = columns.slice(first).sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map([...columns.slice(0, first), ...rest]);
}

/** Writes the documents as a Parquet file, a row each and Snappy-compressed; returns how many. Memory holds one row group. */
export async function writeParquet(
  path: string,
  columns: Columns,
  documents: AsyncIterable<StoredDocument>,
): Promise<number> {
  // The library would let everybody read it.
  await writeFile(path, '', { mode: 0o600 });
  const writer = new ParquetWriter({
    writer: fileWriter(path),
    createdBy: 'ml-log-sidecar',
    schema: [
      { name: 'documents', num_children: columns.size },
      ...[...columns].map(([name, kind]) => ({
        name,
        repetition_type: 'OPTIONAL' as const,
        ...ELEMENTS[kind],
      })),
    ],
  });
  let group = new Group(columns);
  let rows = 0;
  for await (const { id, source } of documents) {
    group.add(id, source);
    rows++;
    if (group.rows * columns.size < GROUP_CELLS && group.chars < GROUP_CHARS) continue;
    await group.write(writer);
    group = new Group(columns);
  }
  await group.write(writer);
  await writer.finish();
  return rows;
}

/** Rows that are written together, column by column. */
class Group {
  rows = 0;
  chars = 0;
  readonly #columns: Map<string, { kind: ColumnKind; data: unknown[] }>;

  constructor(columns: Columns) {
    this.#columns = new Map([...columns].map(([name, kind]) => [name, { kind, data: [] }]));
  }

  add(id: string, source: string): void {
    for (const { data } of this.#columns.values()) data.push(undefined);
    for (const [name, value] of [['_id', id] as const, ...flatten(JSON.parse(source))]) {
      const column = this.#columns.get(name);
      if (column && value !== null)
        column.data[this.rows] = column.kind === 'time' ? toMicroseconds(value) : value;
    }
    this.rows++;
    this.chars += source.length;
  }

  async write(writer: ParquetWriter): Promise<void> {
    if (this.rows === 0) return;
    const columnData = [...this.#columns].map(([name, { data }]) => ({ name, data }));
    await writer.write({ columnData, rowGroupSize: this.rows });
  }
}

/** Every value that is not an object, with its dotted name. */
function* flatten(object: JsonObject, path = ''): Generator<[name: string, value: unknown]> {
  for (const [key, value] of Object.entries(object)) {
    if (isObject(value)) yield* flatten(value, `${path}${key}.`);
    else yield [path + key, value];
  }
}

function kindOf(name: string, value: unknown): ColumnKind | undefined {
  if (value === null) return undefined;
  if (typeof value === 'number') return 'number';
  if (typeof value === 'boolean') return 'truth';
  if (typeof value !== 'string') return 'json';
  return name === 'timestamp' && TIME.test(value) ? 'time' : 'text';
}

const isText = (kind: ColumnKind): boolean => kind === 'text' || kind === 'time';

/** Microseconds since 1970. */
function toMicroseconds(value: unknown): bigint | undefined {
  const [, ms, fraction = ''] = TIME.exec(String(value)) ?? [];
  return ms === undefined
    ? undefined
    : BigInt(Date.parse(`${ms}Z`)) * 1000n + BigInt(fraction.padEnd(3, '0'));
}
