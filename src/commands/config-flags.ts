import { parseValue } from '../config/environment.ts';
import { listLeaves } from '../config/schema.ts';
import { SINKS, SOURCES } from '../registry.ts';
import { type CommandOption, value } from './options.ts';

/** An option that sets a value of the configuration; `undefined` where it is not given: the configuration has the default. */
export interface ConfigFlag extends CommandOption<unknown> {
  /** The setting, dotted: `pipeline.batch_size`. */
  path: string;
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
    const describe =
      description.replace(/\.$/, '') + listChoices(description, choices) + ownersOf(path[0] as string);
    // As a variable's text is read: what is not a number is refused by the configuration's schema, in words.
    const { help, read } = value(describe, (given) => parseValue(given, type));
    const readList = (given: unknown): unknown =>
      given === undefined ? undefined : [given].flat().flatMap((text) => parseValue(String(text), type));
    flags[flag] = {
      path: dotted,
      help: { ...help, defaultDescription: `${fallback ?? ''}` || undefined },
      read: type === 'array' ? readList : read,
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
