/**
 * A fake clock, preloaded into the sidecar with `--import`: SIGUSR2 makes the wall clock jump by
 * `FAKE_CLOCK_JUMP_MS`. Timers and `performance.now()` go on, as they do when a real clock is set.
 */
const RealDate = Date;
let shift = 0;

process.on('SIGUSR2', () => {
  shift += Number(process.env.FAKE_CLOCK_JUMP_MS);
  process.stderr.write(`the clock says ${new Date().toISOString()}\n`);
});

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args) =>
    args.length === 0 ? new target(target.now() + shift) : Reflect.construct(target, args),
  get: (target, name, receiver) =>
    name === 'now' ? () => target.now() + shift : Reflect.get(target, name, receiver),
});
