const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const OUTPUTS = [process.stdout, process.stderr] as const;

/** Why a command is to stop: it was sent a signal, or nobody reads stdout or stderr any more. */
export type StopReason = 'signal' | 'closed';

/**
 * Calls `stop` at the first SIGINT, SIGTERM or SIGHUP, or when stdout or stderr is found closed. The second signal ends
 * the process at once, since nobody listens any more. Returns what takes the listeners away.
 */
export function onStop(stop: (reason: StopReason) => void): () => void {
  let isStopping = false;
  const begin = (reason: StopReason): void => {
    // Not at once: a second signal may have come already, while the program was busy, and would be lost.
    setImmediate(ignoreSignals);
    if (isStopping) return;
    isStopping = true;
    stop(reason);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (!isStopping) {
      begin('signal');
      return;
    }
    ignoreSignals();
    process.kill(process.pid, signal);
  };
  // Stays: each write to a closed output fails anew, and what is under way still writes.
  const onClosed = (): void => begin('closed');
  const ignoreSignals = (): void => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  for (const output of OUTPUTS) output.on('error', onClosed);
  return () => {
    ignoreSignals();
    for (const output of OUTPUTS) output.off('error', onClosed);
  };
}

/**
 * Calls `onClosed` whenever a write finds stdout or stderr closed, as `| head` leaves it. Where no `onStop` waits for
 * that, it is not `awaited`: there is nothing to put away, and the process may end at once.
 */
export function watchOutputs(onClosed: (awaited: boolean) => void): void {
  for (const output of OUTPUTS) output.on('error', () => onClosed(output.listenerCount('error') > 1));
}
