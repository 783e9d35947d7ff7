import type { IndexDefinition } from '../plugin.ts';
import { quote, t } from '../terminal/messages.ts';
import { isObject } from '../util/json.ts';
import { findNearest } from '../util/nearest.ts';
import { type Check, failed, ok } from './result.ts';

/** Types of fields that Elasticsearch or OpenSearch knows. */
const TYPES = (
  'aggregate_metric_double alias annotated-text binary boolean byte completion constant_keyword counted_keyword ' +
  'date date_nanos date_range dense_vector double double_range flat_object flattened float float_range geo_point ' +
  'geo_shape half_float histogram integer integer_range ip ip_range join keyword knn_vector long long_range ' +
  'match_only_text murmur3 nested object passthrough percolator point pattern_text rank_feature rank_features ' +
  'scaled_float search_as_you_type semantic_text shape short sparse_vector star_tree text token_count unsigned_long ' +
  'version wildcard'
).split(' ');

/** Whether the mappings of an index use types that servers know, and its aliases point to fields that are there. */
export function checkMappings({ name, mappings }: IndexDefinition): Check {
  const fields = [...listFields(mappings)];
  const paths = new Set(fields.map(({ path }) => path));
  const problems = fields.flatMap(({ path, type, target }) => {
    if (!TYPES.includes(type)) {
      const near = findNearest(type, TYPES);
      return [
        near === undefined
          ? t('{path} has the unknown type "{type}"', { path, type })
          : t('{path} has the unknown type "{type}"; did you mean {near}?', { path, type, near }),
      ];
    }
    if (type === 'alias' && !paths.has(target ?? ''))
      return [t('{path} is an alias of {target}, which is not there', { path, target: `${target}` })];
    return [];
  });
  const thing = `index ${name}`;
  if (problems.length === 0) return ok(thing, t('{count} fields, of known types', { count: fields.length }));
  return failed(thing, quote(problems.join('; ')), t("Correct the plugin's fields"), 2);
}

function* listFields(
  mappings: Record<string, unknown>,
  above = '',
): Generator<{ path: string; type: string; target: string | undefined }> {
  for (const [name, field] of Object.entries(isObject(mappings.properties) ? mappings.properties : {})) {
    if (!isObject(field)) continue;
    const path = above + name;
    yield { path, type: String(field.type ?? 'object'), target: field.path as string | undefined };
    yield* listFields(field, `${path}.`);
    for (const [inner, { type, path: target }] of Object.entries(
      (field.fields ?? {}) as Record<string, Record<string, string>>,
    ))
      yield { path: `${path}.${inner}`, type: String(type), target };
  }
}
