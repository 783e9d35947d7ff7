import assert from 'node:assert/strict';
import type { Plugin } from '../../src/plugin.ts';
import type { MadeDocument } from '../../src/testing.ts';

type Mapping = { type?: string; path?: string; properties?: Record<string, Mapping> };

/**
 * Schema and mapping of a plugin's index agree: each names the fields the other does, every alias points at one of
 * them, and `documents` hold no other.
 */
export function assertMapped<Options>(plugin: Plugin<Options>, documents: readonly MadeDocument[]): void {
  const { document, mappings } = plugin.index!;
  const mapped = (mappings as Mapping).properties!;
  const isAlias = (name: string): boolean => mapped[name]!.type === 'alias';
  const fields = Object.keys(document.properties).sort();
  assert.deepEqual(
    Object.keys(mapped)
      .filter((name) => !isAlias(name))
      .sort(),
    fields,
  );
  for (const name of Object.keys(mapped).filter(isAlias))
    assert.ok(fields.includes(mapped[name]!.path!), name);
  assert.ok(documents.length > 0);
  for (const { body } of documents) {
    for (const name of Object.keys(body)) assert.ok(fields.includes(name), name);
  }
}
