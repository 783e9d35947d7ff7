import { connect, createServer, type Server, type Socket } from 'node:net';

/** How a log's number ends a message, which is followed by a quote in JSON, so that no number is read in part. */
const LOG = /log (\d+)"/g;
/** A number may begin in one piece and end in the next: so many characters of a piece are looked at again. */
const OVERLAP = 24;

/** Notes when numbered logs have arrived. */
export class Arrivals {
  /** By a log's number: when it arrived, on the clock of `performance.now()`, in ms. */
  readonly at = new Map<number, number>();

  /** These logs have arrived now. Of one that arrives twice, the first time counts. */
  note(numbers: readonly number[]): void {
    const now = performance.now();
    for (const number of numbers) if (!this.at.has(number)) this.at.set(number, now);
  }
}

/** Returns what takes the pieces of one stream of text, and answers the numbers of the logs in each, once. */
export function readArrivals(): (piece: string) => number[] {
  let rest = '';
  return (piece) => {
    const text = rest + piece;
    const found = [...text.matchAll(LOG)];
    const end = found.at(-1);
    rest = text.slice(Math.max(end ? end.index + end[0].length : 0, text.length - OVERLAP));
    return found.map(([, number]) => Number(number));
  };
}

/** Passes bytes on to an HTTP server, and notes which logs each request held when the server answers it. */
export class Watch {
  readonly arrivals: Arrivals;
  /** While set, connections are ended at once. */
  isDown = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;

  constructor(target: string, arrivals: Arrivals) {
    this.arrivals = arrivals;
    const { hostname, port } = new URL(target);
    this.#server = createServer({ noDelay: true }, (client) => {
      const server = connect({ host: hostname, port: Number(port), noDelay: true });
      const read = readArrivals();
      let asked: number[] = [];
      for (const socket of [client, server]) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          this.#sockets.delete(socket);
          client.destroy();
          server.destroy();
        });
      }
      client.on('data', (piece: Buffer) => {
        if (this.isDown) return void client.destroy();
        asked.push(...read(piece.toString('latin1')));
        server.write(piece);
      });
      server.on('data', (piece: Buffer) => {
        this.arrivals.note(asked);
        asked = [];
        client.write(piece);
      });
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    this.#port = (this.#server.address() as { port: number }).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
