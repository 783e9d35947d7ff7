import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv, type ErrorObject, type SchemaObject, type ValidateFunction } from 'ajv';
import type { LogEvent } from './event.ts';
import type { Format } from './parse.ts';
import type { Fields, Hooks, IndexDefinition, IndexDocument, Plugin } from './plugin.ts';
import { belongsTo, isIndexName, type SuffixReader } from './rotation.ts';
import { defaultOf } from './util/defaults.ts';
import { reasonOf, SidecarError } from './util/errors.ts';
import { isObject, type JsonObject } from './util/json.ts';

/** One plugin of the configuration. */
export interface PluginUse {
  plugin: Plugin;
  options: JsonObject;
  /** Overrides the name of the plugin's index. */
  index?: string | undefined;
  /** It ships, so that its schemas are known to be valid: to make sure each time takes a twentieth of the start. */
  shipped?: boolean;
}

/** Why an event, or one of its documents, is a dead letter. */
export interface PluginFailure {
  plugin: string;
  reason: string;
}

/** What the plugins made of one event. */
export interface PluginResult {
  documents: IndexDocument[];
  failures: PluginFailure[];
  /** It passed the filter. */
  filtered: boolean;
}

interface Writer {
  plugin: string;
  index: IndexDefinition;
  documents: (event: LogEvent) => Fields | Fields[] | undefined;
  /** Throws for a document that is not valid. */
  validate: (body: Fields) => void;
}

/** The configured plugins, ready to run. */
export class PluginChain {
  /** Every index that documents may go to, under its configured name. */
  readonly indices: readonly IndexDefinition[];
  /** The names of all plugins. */
  readonly names: ReadonlySet<string>;
  /** From the name of each plugin that has an index to what that index is called here. */
  readonly indexNames: ReadonlyMap<string, string>;
  /** The plugins that read entries, in the order that they are asked in. */
  readonly formats: readonly Format[];
  readonly #shapers: { plugin: string; event: (event: LogEvent) => LogEvent | undefined }[] = [];
  readonly #writers: Writer[] = [];
  readonly #passes: (event: LogEvent) => boolean;
  readonly #suffixOf: SuffixReader;

  /**
   * Throws `SidecarError` (`plugin`) where a plugin's options are wrong, its `create` throws, or its index has a name
   * that no index can have, does not begin with `prefix`, or is another plugin's.
   */
  constructor(
    uses: readonly PluginUse[],
    prefix: string,
    passes: (event: LogEvent) => boolean,
    suffixOf: SuffixReader = () => '',
  ) {
    const ajv = new Ajv({ useDefaults: true, allowUnionTypes: true, validateSchema: false });
    this.#passes = passes;
    this.#suffixOf = suffixOf;
    const formats: Format[] = [];
    this.formats = formats;
    for (const { plugin, options, index: name, shipped = false } of uses) {
      const hooks = createHooks(plugin, options, ajv, shipped);
      if (hooks.parse) formats.push({ name: plugin.name, parse: (entry) => answer(hooks.parse!(entry)) });
      if (hooks.event) this.#shapers.push({ plugin: plugin.name, event: hooks.event });
      if (!plugin.index) continue;
      const index = { ...plugin.index, name: name ?? plugin.index.name };
      if (!index.name.startsWith(prefix) || index.name === prefix) {
        throw new SidecarError(
          'plugin',
          `plugin ${plugin.name}: its index "${index.name}" must begin with "${prefix}" (indices.prefix); rename it with \`index:\` beside \`use:\``,
        );
      }
      if (!isIndexName(index.name)) {
        throw new SidecarError(
          'plugin',
          `plugin ${plugin.name}: no index can be named "${index.name}": use small letters, digits, dots and dashes`,
        );
      }
      const rival = this.#writers.find(
        ({ index: { name } }) => belongsTo(name, index.name) || belongsTo(index.name, name),
      );
      if (rival && rival.index.name !== index.name) {
        throw new SidecarError(
          'plugin',
          `plugins ${rival.plugin} and ${plugin.name} write to "${rival.index.name}" and "${index.name}", and one of these is a period of the other (indices.rotation); give one another \`index:\` beside \`use:\``,
        );
      }
      if (rival) {
        throw new SidecarError(
          'plugin',
          `plugins ${rival.plugin} and ${plugin.name} both write to "${index.name}", where their documents would have the same ids; give one another \`index:\` beside \`use:\``,
        );
      }
      const documents = hooks.documents;
      if (!documents)
        throw new SidecarError('plugin', `plugin ${plugin.name} has an index but no \`documents\` hook`);
      const compile = (): ValidateFunction =>
        compileSchema(ajv, index.document, `plugin ${plugin.name}: its document schema`, shipped);
      // Reading begins before the first document, and need not wait for what is known to compile.
      let valid = shipped ? undefined : compile();
      const validate = (body: Fields): void => {
        valid ??= compile();
        if (!valid(body)) throw new Error(schemaErrors(valid.errors));
      };
      this.#writers.push({ plugin: plugin.name, index, documents, validate });
    }
    this.names = new Set(uses.map(({ plugin }) => plugin.name));
    this.indices = this.#writers.map((writer) => writer.index);
    this.indexNames = new Map(this.#writers.map(({ plugin, index }) => [plugin, index.name]));
  }

  /** Runs every plugin on one event. Never throws. */
  run(original: LogEvent): PluginResult {
    const { id, written } = original;
    const result: PluginResult = { documents: [], failures: [], filtered: false };
    let event = original;
    for (const shaper of this.#shapers) {
      try {
        const shaped = answer(shaper.event(event));
        if (shaped === undefined) return result;
        if (!isObject(shaped)) throw new Error('its `event` hook must answer an event, or undefined');
        event = shaped;
      } catch (error) {
        result.failures.push({ plugin: shaper.plugin, reason: tellPlace(error) });
        return result;
      }
    }
    result.filtered = this.#passes(event);
    const suffix = this.#suffixOf(written);
    for (const writer of this.#writers) {
      if (writer.index.filtered !== false && !result.filtered) continue;
      try {
        const made = answer(writer.documents(event));
        if (Array.isArray(made)) {
          for (const [n, body] of made.entries()) this.#add(writer, suffix, `${id}.${n}`, body, result);
        } else if (made !== undefined) this.#add(writer, suffix, id, made, result);
      } catch (error) {
        result.failures.push({ plugin: writer.plugin, reason: tellPlace(error) });
      }
    }
    return result;
  }

  #add(writer: Writer, suffix: string, id: string, body: Fields, result: PluginResult): void {
    const index = writer.index.name;
    try {
      writer.validate(body);
      // It throws where JSON can't hold the body: a `bigint`, or a circle.
      const json = JSON.stringify(body);
      result.documents.push(suffix === '' ? { index, id, json } : { index, suffix, id, json });
    } catch (error) {
      const reason = `document ${id} for ${index} is not valid: ${reasonOf(error)}`;
      result.failures.push({ plugin: writer.plugin, reason });
    }
  }
}

const OWN_FOLDER = dirname(fileURLToPath(import.meta.url));

/** Why a hook threw, with the file and line of the plugin where it did. */
function tellPlace(error: unknown): string {
  const reason = reasonOf(error);
  if (!(error instanceof Error)) return reason;
  for (const line of (error.stack ?? '').split('\n')) {
    // What tsx makes of a CommonJS module on Node 20: one long line, and no map of it.
    const module = /\?filePath=([^?:)]+?)(?:%3F|[?:])/.exec(line)?.[1];
    if (module !== undefined) return `${reason} (${basename(decodeURIComponent(module))})`;
    const [, path, at] = /(?:file:\/\/)?(\/[^():?]+\.[cm]?[jt]s)[^():]*:(\d+):\d+\)?$/.exec(line) ?? [];
    if (path === undefined) continue;
    return path.startsWith(OWN_FOLDER) ? reason : `${reason} (${basename(path)}:${at})`;
  }
  return reason;
}

/** A hook's answer. No compiler checks a plugin, so one may be `async`, and its rejection would end the process. */
function answer<Answer>(made: Answer): Answer {
  if (!(made instanceof Promise)) return made;
  made.catch(() => {});
  throw new Error('its hook is async; hooks must answer at once');
}

function createHooks(plugin: Plugin, options: JsonObject, ajv: Ajv, shipped: boolean): Hooks {
  // To compile a schema takes milliseconds.
  if (shipped && Object.keys(options).length === 0 && plugin.options?.required === undefined)
    return plugin.create(defaultOf({ ...plugin.options, default: {} }) as JsonObject);
  const schema = plugin.options ?? { type: 'object', additionalProperties: false };
  const given = structuredClone(options);
  const valid = compileSchema(ajv, schema, `plugin ${plugin.name}: its options schema`, shipped);
  if (!valid(given)) {
    throw new SidecarError('plugin', `plugin ${plugin.name}: wrong options: ${schemaErrors(valid.errors)}`);
  }
  try {
    return plugin.create(given);
  } catch (cause) {
    throw new SidecarError('plugin', `plugin ${plugin.name} could not start: ${reasonOf(cause)}`, { cause });
  }
}

function compileSchema(ajv: Ajv, schema: SchemaObject, what: string, known: boolean): ValidateFunction {
  try {
    if (!known) ajv.validateSchema(schema, true);
    return ajv.compile(schema);
  } catch (cause) {
    throw new SidecarError('plugin', `${what} is not a JSON Schema: ${reasonOf(cause)}`, { cause });
  }
}

/** Ajv's errors in one line: `rename.AGE must be string`. */
export function schemaErrors(errors: ErrorObject[] | null | undefined): string {
  return (errors ?? [])
    .map((error) => {
      const path = error.instancePath.slice(1).replaceAll('/', '.');
      const extra = error.keyword === 'additionalProperties' ? `: ${error.params.additionalProperty}` : '';
      return `${path || 'it'} ${error.message}${extra}`;
    })
    .join('; ');
}
