/** What of a JSON Schema tells defaults. */
interface WithDefaults {
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, WithDefaults>>;
}

/** The value that Ajv fills in where none is given: the default, with those of its properties; a copy. */
export function defaultOf(schema: WithDefaults): unknown {
  const value: unknown = structuredClone(schema.default);
  if (typeof value !== 'object' || value === null) return value;
  for (const [key, part] of Object.entries(schema.properties ?? {})) {
    const inner = Object.hasOwn(value, key) ? undefined : defaultOf(part);
    if (inner !== undefined) Object.assign(value, { [key]: inner });
  }
  return value;
}
