import { isObject, type Json, type JsonObject } from '../util/json.ts';

/**
 * What changes from one position of a source to the next. A position may hold a window of a thousand fingerprints, of which
 * a log brings one: so a list of texts that grew at its front is told by what is new and how much of the rest stays, and what
 * stays the same is not told at all.
 */
export type Step =
  | { is: Json }
  | { same: true }
  | { fresh: string[]; keep: number }
  | { fields: Record<string, Step>; gone?: string[] }
  | { items: Step[] };

/** A shorter list is told whole. */
const LEAST_LENGTH = 16;

/** The step from `before` to `now`; `applyStep` is its inverse. */
export function findStep(before: Json | undefined, now: Json): Step {
  if (before === now) return { same: true };
  if (isTexts(before) && isTexts(now)) {
    const fresh = grownBy(before, now);
    return fresh === undefined ? { is: now } : { fresh: now.slice(0, fresh), keep: now.length - fresh };
  }
  if (Array.isArray(before) && Array.isArray(now) && before.length === now.length)
    return { items: now.map((item, n) => findStep(before[n], item)) };
  if (isObject(before) && isObject(now)) {
    const fields = Object.entries(now).map(
      ([key, value]) => [key, findStep(ownOf(before, key), value)] as const,
    );
    const changed = fields.filter(([, step]) => !('same' in step));
    const gone = Object.keys(before).filter((key) => !Object.hasOwn(now, key));
    return { fields: Object.fromEntries(changed), ...(gone.length > 0 ? { gone } : {}) };
  }
  return { is: now };
}

/** The position behind a step. Throws where the step does not fit what is before it. */
export function applyStep(before: Json | undefined, step: Step): Json {
  if ('is' in step) return step.is;
  if ('same' in step) {
    if (before === undefined) throw new Error('a step does not fit its position');
    return before;
  }
  if ('fresh' in step) {
    if (!isTexts(before) || before.length < step.keep) throw new Error('a step does not fit its position');
    return [...step.fresh, ...before.slice(0, step.keep)];
  }
  if ('items' in step) {
    if (!Array.isArray(before)) throw new Error('a step does not fit its position');
    return step.items.map((item, n) => applyStep(before[n], item));
  }
  if (!isObject(before)) throw new Error('a step does not fit its position');
  const changed = Object.entries(step.fields).map(([key, inner]) => [
    key,
    applyStep(ownOf(before, key), inner),
  ]);
  const now = { ...before, ...Object.fromEntries(changed) };
  for (const key of step.gone ?? []) delete now[key];
  return now;
}

/** A member; keys come from outside, `toString` and `__proto__` among them. */
function ownOf(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function isTexts(value: Json | undefined): value is string[] {
  return Array.isArray(value) && value.length >= LEAST_LENGTH && typeof value[0] === 'string';
}

/** How many texts were added at the front, where what is behind them is how `before` begins. */
function grownBy(before: readonly string[], now: readonly string[]): number | undefined {
  for (let fresh = now.indexOf(before[0]!); fresh >= 0; fresh = now.indexOf(before[0]!, fresh + 1)) {
    const keep = now.length - fresh;
    if (keep > before.length) continue;
    let at = 0;
    while (at < keep && now[fresh + at] === before[at]) at++;
    if (at === keep) return fresh;
  }
  return undefined;
}
