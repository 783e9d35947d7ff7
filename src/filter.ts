import type { LogEvent } from './event.ts';
import { SidecarError } from './util/errors.ts';
import { compilePattern } from './util/pattern.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'];

/** Which events reach the indices that hold filtered logs only. */
export interface FilterOptions {
  /** A regular expression, tried on the message and on `API Call - METHOD PATH`. */
  pattern: string;
  /** HTTP methods that pass, in capitals; none means all. */
  methods: readonly string[];
}

/** Decides, event by event. Throws `SidecarError` (`config`) where the pattern, or a method, can't be used. */
export class Filter {
  readonly #pattern: RegExp;
  readonly #methods: ReadonlySet<string>;

  constructor(options: FilterOptions) {
    this.#pattern = compilePattern(
      options.pattern,
      'the filter pattern (--pattern, PIPELINE_FILTER_PATTERN)',
    );
    const unknown = options.methods.find((method) => !METHODS.includes(method.toUpperCase()));
    if (unknown !== undefined)
      throw new SidecarError(
        'config',
        `the filter's methods (--methods, PIPELINE_FILTER_METHODS): "${unknown}" is not an HTTP method; write them as POST,GET`,
      );
    this.#methods = new Set(options.methods.map((method) => method.toUpperCase()));
  }

  /**
   * Metrics on a line of their own name no method and no path, so nothing in them tells which call
   * they belong to: they always pass.
   */
  passes(event: LogEvent): boolean {
    if (event.httpMethod === undefined)
      return event.metrics !== undefined || this.#pattern.test(event.message);
    if (this.#methods.size > 0 && !this.#methods.has(event.httpMethod)) return false;
    return (
      this.#pattern.test(`API Call - ${event.httpMethod} ${event.httpPath}`) ||
      this.#pattern.test(event.message)
    );
  }
}
