import { SINKS, SOURCES } from '../registry.ts';
import { listLeaves } from './schema.ts';

/** An option of the command line that sets a value of the configuration. It has no default: the configuration has. */
export interface ConfigFlag {
  /** The setting, dotted: `pipeline.batch_size`. */
  path: string;
  type: 'string' | 'number' | 'boolean';
  describe: string;
  /** The setting's default, as help shows it. */
  fallback: string | undefined;
  /** One value with commas in it is several. */
  list: boolean;
}

/** Flags by name, without dashes. */
export type ConfigFlags = Readonly<Record<string, ConfigFlag>>;

/** The flags of settings at or under these dotted paths: `pipeline.source`, `redis`. */
export function configFlags(...paths: readonly string[]): ConfigFlags {
  const flags: Record<string, ConfigFlag> = {};
  for (const { path, schema } of listLeaves()) {
    const dotted = path.join('.');
    const { flag, type, description = '', enum: choices, default: fallback } = schema;
    if (flag === undefined || !paths.some((above) => `${dotted}.`.startsWith(`${above}.`))) continue;
    flags[flag] = {
      path: dotted,
      type: type === 'integer' || type === 'number' ? 'number' : type === 'boolean' ? 'boolean' : 'string',
      describe:
        description.replace(/\.$/, '') + listChoices(description, choices) + ownersOf(path[0] as string),
      fallback: fallback === undefined || fallback === '' || isUnset(fallback) ? undefined : String(fallback),
      list: type === 'array',
    };
  }
  return flags;
}

/** The flags that choose the source, and set it up. */
export function sourceFlags(): ConfigFlags {
  return configFlags('pipeline.source', ...SOURCES.flatMap(({ sections }) => Object.keys(sections)));
}

/** The flags that choose the sink, and set it up. */
export function sinkFlags(): ConfigFlags {
  return configFlags('pipeline.sink', ...SINKS.flatMap(({ sections }) => Object.keys(sections)));
}

/** The values that may be set, where the description does not name them already. */
function listChoices(description: string, choices: readonly (string | number)[] = []): string {
  return choices.every((each) => description.includes(String(each))) ? '' : ` (${choices.join(', ')})`;
}

function isUnset(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** The components that a section belongs to, as flags choose them. */
function ownersOf(section: string): string {
  const names = (components: typeof SOURCES | typeof SINKS): string =>
    components
      .filter(({ sections }) => section in sections)
      .map(({ name }) => name)
      .join(', ');
  const [sources, sinks] = [names(SOURCES), names(SINKS)];
  if (sources) return ` (--source ${sources})`;
  return sinks ? ` (--sink ${sinks})` : '';
}
