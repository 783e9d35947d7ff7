import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** Passes bytes through to a real server, and does harm on the way when it is told to. */
export class TcpFaultProxy {
  /** New connections are ended at once. */
  refusing = false;
  /** Called with each piece of what the server sends; what it answers is passed on. */
  onReply: (chunk: Buffer) => Buffer = (chunk) => chunk;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #stalled = false;

  private constructor(target: number) {
    this.#server = createServer((client) => {
      if (this.refusing) return void client.destroy();
      const server = connect(target, '127.0.0.1');
      for (const [socket, other] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#sockets.add(socket);
        if (this.#stalled) socket.pause();
        socket
          .on('error', () => {})
          .on('close', () => {
            this.#sockets.delete(socket);
            other.destroy();
          });
      }
      client.on('data', (chunk) => server.write(chunk));
      server.on('data', (chunk) => {
        const passed = this.onReply(chunk);
        if (!client.destroyed) client.write(passed);
      });
    });
  }

  /** Listens on a free port until the test ends. */
  static async start(t: TestContext, target: number): Promise<TcpFaultProxy> {
    const proxy = new TcpFaultProxy(target);
    await new Promise<void>((done) => proxy.#server.listen(0, '127.0.0.1', done));
    t.after(() => {
      proxy.#server.close();
      proxy.cut();
    });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends all connections, whatever is on them. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Nothing moves in either direction, and nothing is closed, until it is told otherwise. */
  stall(stalled: boolean): void {
    this.#stalled = stalled;
    for (const socket of this.#sockets) stalled ? socket.pause() : socket.resume();
  }
}
