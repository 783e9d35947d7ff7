import type { Json } from '../util/json.ts';

/** A list as it was seen. */
export interface Memory {
  length: number;
  /** Newest first: the list's, as far as they were seen, and behind its end those that it held before. */
  prints: readonly string[];
  /** Places, descending, of entries that were seen and are still to be handed on. */
  open: readonly number[];
}

/** As a batch's position, with open places as ranges: their beginnings and the places behind their ends, ascending. */
interface SavedMemory {
  length: number;
  prints: readonly string[];
  open?: readonly number[];
}

/** What was seen of a list, and of what it was before it became another. */
export interface ListPosition {
  memory: Memory;
  others: readonly Memory[];
}

/** The same with at most `most` fingerprints. */
export function trimMemory(memory: Memory, most: number): Memory {
  return memory.prints.length > most ? { ...memory, prints: memory.prints.slice(0, most) } : memory;
}

/** A position that `readListPosition` reads. */
export function writeListPosition({ memory, others }: ListPosition): Json {
  const saved = saveMemory(memory);
  return (others.length > 0 ? { ...saved, others: others.map(saveMemory) } : saved) as unknown as Json;
}

/** Takes anything that `writeListPosition` did not write as a list that was never seen. */
export function readListPosition(position: unknown): ListPosition {
  const { others = [] } = (position ?? {}) as { others?: unknown };
  const isSound = isSaved(position) && Array.isArray(others) && others.every(isSaved);
  if (!isSound) return { memory: { length: 0, prints: [], open: [] }, others: [] };
  return { memory: loadMemory(position), others: others.map(loadMemory) };
}

function saveMemory({ length, prints, open }: Memory): SavedMemory {
  // Most often it is the newest that are open, and many of them.
  if (open.length > 0 && open[0] === open.length - 1) return { length, prints, open: [0, open.length] };
  const ranges: number[] = [];
  for (const place of open.toReversed()) {
    if (ranges.at(-1) === place) ranges.pop();
    else ranges.push(place);
    ranges.push(place + 1);
  }
  return ranges.length > 0 ? { length, prints, open: ranges } : { length, prints };
}

function loadMemory({ length, prints, open: ranges = [] }: SavedMemory): Memory {
  const open: number[] = [];
  for (let n = 0; n + 1 < ranges.length; n += 2)
    for (let place = ranges[n]!; place < Math.min(ranges[n + 1]!, length); place++) open.push(place);
  return { length, prints, open: open.reverse() };
}

function isSaved(value: unknown): value is SavedMemory {
  const { length, prints, open = [] } = (value ?? {}) as Partial<SavedMemory>;
  return (
    Number.isSafeInteger(length) &&
    Array.isArray(prints) &&
    prints.every((print) => typeof print === 'string') &&
    Array.isArray(open) &&
    open.every(Number.isSafeInteger)
  );
}
