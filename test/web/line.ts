import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * A line between a browser and a server, which can be cut, mended and slow: for pages, their workers and what keeps the app's
 * files alike, as when the server is killed. What lies on it is not read.
 */
export class Line {
  readonly #to: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  #delayMs = 0;
  #loses: string | undefined;

  constructor(url: string) {
    this.#to = Number(new URL(url).port);
  }

  get url(): string {
    return `http://localhost:${this.#port}/`;
  }

  /** Each answer waits so long. */
  slow(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  /** The next request with this in its head comes to the server, and the line is cut when its answer does. */
  loseAnswerTo(head: string): void {
    this.#loses = head;
  }

  async mend(): Promise<void> {
    const server = createServer((near) => this.#join(near));
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as { readonly port: number }).port;
    this.#server = server;
  }

  /** What was on its way is lost. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => server?.close(() => resolve()) ?? resolve());
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(near: Socket): void {
    const far = connect(this.#to, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    let isLost = false;
    near.on('data', (bytes) => {
      if (this.#loses !== undefined && bytes.includes(this.#loses)) {
        isLost = true;
        this.#loses = undefined;
      }
      far.write(bytes);
    });
    far.on('data', (bytes) => {
      if (isLost) {
        void this.cut();
        return;
      }
      if (this.#delayMs === 0) near.write(bytes);
      else setTimeout(() => near.write(bytes), this.#delayMs);
    });
  }
}
