import type { IndexDefinition } from '../plugin.ts';
import { isObject } from '../util/json.ts';
import type { Server } from './server.ts';

type MappedFields = Record<string, unknown>;

/** What makes an index: the parts of its definition that a server is told. */
export type IndexBody = Pick<IndexDefinition, 'mappings' | 'settings'>;

/** An index's mappings and settings in the form that this server takes. */
export function adaptIndex(server: Server, { mappings, settings }: IndexBody): IndexBody {
  const adapted = adaptMapping(server, mappings) as MappedFields;
  return settings ? { mappings: adapted, settings: adaptSettings(server, settings) } : { mappings: adapted };
}

/**
 * Where a server has no `flattened`, such a field is an object that is kept and returned, but not searched; where it can't
 * search for what is not indexed, everything is indexed.
 */
function adaptMapping(server: Server, value: unknown): unknown {
  if (!isObject(value)) return value;
  if (value.type === 'flattened' && !server.hasFlattened) return { type: 'object', enabled: false };
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, inner]) => server.searchesDocValues || name !== 'index' || inner !== false)
      .map(([name, inner]) => [name, adaptMapping(server, inner)]),
  );
}

/** Settings as a plugin writes them, or as an index of another server had them, without what this one does not know. */
function adaptSettings(server: Server, settings: MappedFields): MappedFields {
  const { product, ignoresFieldsBeyondLimit } = server;
  const isKnown = (path: string): boolean => {
    if (path === 'index.mapping.total_fields.ignore_dynamic_beyond_limit') return ignoresFieldsBeyondLimit;
    // OpenSearch alone has it in each index: `{ type: DOCUMENT }`.
    return product === 'OpenSearch' || !/^index\.replication(\.|$)/.test(path);
  };
  const prune = (inner: MappedFields, at: string): MappedFields =>
    Object.fromEntries(
      Object.entries(inner).flatMap(([name, value]): [string, unknown][] => {
        const path = `${at}${name}`;
        if (!isKnown(path)) return [];
        return [[name, isObject(value) ? prune(value, `${path}.`) : value]];
      }),
    );
  return prune(settings, '');
}
