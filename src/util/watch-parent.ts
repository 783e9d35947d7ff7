const LOOK_EVERY_MS = 1_000;

/**
 * Calls `onGone`, once, when the program that started this one has ended: without anything to write, a closed pipe
 * would go unnoticed. Returns what ends the watch.
 */
export function watchParent(onGone: () => void): () => void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}
