import { readEvents } from '../../../sdk/actions/watch.ts';
import type { GatewayClient } from '../../../sdk/client/gateway-client.ts';
import { pause } from '../../../sdk/client/http.ts';

/** Before it is opened again; twice as long each time that it told nothing. */
const [leastPauseMs, mostPauseMs] = [1_000, 60_000];

/**
 * The stream of blocks of the own hospital's gateway: it tells that there is a block, and nothing else is believed of it.
 * Source: docs/protocol/vitals-servers.md, rule VS-2a.
 */
export class BlockLine {
  readonly #gateway: Pick<GatewayClient, 'events'>;
  readonly #stopped = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #newest: number | undefined;

  /** `gateway`: with a session. */
  constructor(gateway: Pick<GatewayClient, 'events'>) {
    this.#gateway = gateway;
  }

  /** Until `stop`; `onBlock` is called after each block that was told. */
  follow(onBlock: () => void): void {
    this.#running = this.#follow(onBlock);
  }

  /** The newest block that was told; undefined: nobody tells at the moment. */
  get newest(): number | undefined {
    return this.#newest;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #follow(onBlock: () => void): Promise<void> {
    const { signal } = this.#stopped;
    let pauseMs = leastPauseMs;
    while (!signal.aborted) {
      try {
        for await (const { lastHeight } of readEvents(
          await this.#gateway.events(undefined, signal),
        )) {
          if (lastHeight === undefined) continue;
          this.#newest = lastHeight;
          pauseMs = leastPauseMs;
          onBlock();
        }
      } catch {
        // Whatever it was: rows are asked for without it, and those calls say what is wrong.
      }
      this.#newest = undefined;
      await pause(pauseMs, signal).catch(() => undefined);
      pauseMs = Math.min(2 * pauseMs, mostPauseMs);
    }
  }
}
