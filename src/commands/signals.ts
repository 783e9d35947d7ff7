/**
 * Calls `stop` at the first SIGINT or SIGTERM; the second then ends the process at once, since nobody listens any more.
 * Answers what takes the listeners away.
 */
export function onStop(stop: () => void): () => void {
  const remove = (): void => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  const onSignal = (): void => {
    remove();
    stop();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return remove;
}
