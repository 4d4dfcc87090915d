import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { median } from './figures.ts';

/** How much of something was done, how long it took, and what of all cores it used. */
export interface Spent {
  readonly n: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** What `work` took; it answers how much it did. Times of all threads of this process. */
export async function spending(work: () => Promise<number>): Promise<Spent> {
  const [cpu, started] = [process.cpuUsage(), performance.now()];
  const n = await work();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { n, seconds, cpuSeconds: (user + system) / 1e6 };
}

/**
 * What this machine verifies at best: OpenSSL's Ed25519 with a key that was imported once, a thread on every core,
 * nothing between two verifications. The peer of figures that are bound by signatures.
 */
class RawEd25519 {
  readonly #workers = Array.from(
    { length: availableParallelism() },
    () => new Worker(new URL('./raw-ed25519-worker.ts', import.meta.url)),
  );

  round(ms: number): Promise<Spent> {
    return spending(async () => {
      const done = await Promise.all(
        this.#workers.map(async (worker) => {
          worker.postMessage(ms);
          const [verified] = await once(worker, 'message');
          return Number(verified);
        }),
      );
      return done.reduce((sum, verified) => sum + verified, 0);
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

/** A figure of several turns, with a turn of the peer before and after each. */
export interface Beside {
  /** Medians over the turns: of the product, of the peer around it, and of both rates' ratios. */
  readonly rate: number;
  readonly peerRate: number;
  readonly ratio: number;
  /** The same of CPU time: what one costs of all cores, against one verification; says little of idle cores. */
  readonly cpuRatio: number;
}

/** What a machine's neighbours take, they take of both: `ms` is the time of the peer beside each turn. */
export async function besideRawEd25519(
  turns: readonly (() => Promise<Spent>)[],
  ms: number,
): Promise<Beside> {
  const peer = new RawEd25519();
  const both: { readonly product: Spent; readonly raw: Spent }[] = [];
  try {
    await peer.round(ms / 2);
    for (const turn of turns) {
      const before = await peer.round(ms / 2);
      const product = await turn();
      const after = await peer.round(ms / 2);
      both.push({ product, raw: sum(before, after) });
    }
  } finally {
    await peer.close();
  }
  return {
    rate: median(both.map(({ product }) => rate(product))),
    peerRate: median(both.map(({ raw }) => rate(raw))),
    ratio: median(both.map(({ product, raw }) => rate(product) / rate(raw))),
    cpuRatio: median(both.map(({ product, raw }) => cost(raw) / cost(product))),
  };
}

const rate = ({ n, seconds }: Spent) => n / seconds;
const cost = ({ n, cpuSeconds }: Spent) => cpuSeconds / n;
const sum = (a: Spent, b: Spent): Spent => ({
  n: a.n + b.n,
  seconds: a.seconds + b.seconds,
  cpuSeconds: a.cpuSeconds + b.cpuSeconds,
});
