const WIDTH = 30;
const EVERY_MS = 200;

/** `-12 s`, `-3 min`: what remains at the rate so far. */
const formatLeft = (seconds: number): string =>
  seconds < 120 ? `-${Math.ceil(seconds)} s` : `-${Math.ceil(seconds / 60)} min`;

/** `12,345`; what is less than ten has a digit behind the point. */
const format = (figure: number): string =>
  figure.toLocaleString('en', { maximumFractionDigits: figure < 10 ? 1 : 0 });

/** A line on a terminal that says how far a job is, and how long it will still take. Where stderr is not a terminal, nothing is printed. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  #label = '';
  #since = 0;
  #first = 0;
  #shownAt = 0;

  constructor(out: NodeJS.WriteStream = process.stderr) {
    this.#out = out;
  }

  /** `done` of `total` is behind us; `more` comes last. A new `label` begins a new job, which may start at more than 0. */
  show(label: string, done: number, total: number, more = ''): void {
    if (!this.#out.isTTY) return;
    const now = performance.now();
    if (label !== this.#label) {
      this.#label = label;
      this.#since = now;
      this.#first = done;
    } else if (now - this.#shownAt < EVERY_MS) return;
    const share = total === 0 ? 1 : Math.min(1, done / total);
    const bar = '#'.repeat(Math.round(share * WIDTH)).padEnd(WIDTH, '.');
    const rate = (done - this.#first) / Math.max(0.001, (now - this.#since) / 1000);
    const left = rate > 0 && done < total ? `, ${formatLeft((total - done) / rate)}` : '';
    const figures = `${format(done)}/${format(total)} ${format(rate)}/s`;
    this.say(`${label} [${bar}] ${Math.floor(share * 100)}% ${figures}${left}${more}`);
  }

  /** Text in place of what the line said. */
  say(text: string): void {
    if (!this.#out.isTTY) return;
    this.#shownAt = performance.now();
    this.#out.write(`\r\x1b[K${text}`);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#shownAt > 0) this.#out.write('\r\x1b[K');
    this.#shownAt = 0;
    this.#label = '';
  }
}
