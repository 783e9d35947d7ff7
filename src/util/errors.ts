/** What the process exits with: 0 done, 1 some documents ended as dead letters, and these two. */
export const EXIT = { ok: 0, deadLetters: 1, usage: 2, unreachable: 3 } as const;

/**
 * An error for the person who must act: what failed, on what, what to do next.
 * `code` is stable and made for programs: `config` and `plugin` mean that something must be edited
 * (exit 2), `unreachable` that a server or a file could not be reached (exit 3).
 */
export class SidecarError extends Error {
  override name = 'SidecarError';
  readonly code: 'config' | 'plugin' | 'unreachable';

  constructor(code: SidecarError['code'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  /** The exit code that goes with `code`. */
  get exitCode(): number {
    return this.code === 'unreachable' ? EXIT.unreachable : EXIT.usage;
  }
}

/** A run was stopped, and gave up on what was still under way: nothing of that may keep the process alive. */
export class Abandoned extends Error {
  override name = 'Abandoned';
}

/** The shortest true text for anything thrown; for an `AggregateError` or a wrapped error, the cause's. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  if (error.message === '' && error.cause !== undefined) return reasonOf(error.cause);
  const code = (error as NodeJS.ErrnoException).code;
  return error.message || code || error.name;
}
