import { parentPort, workerData } from 'node:worker_threads';
import { Coverage } from './coverage.ts';
import { fuzz } from './loop.ts';
import { minimise } from './minimise.ts';
import type { Failure } from './target.ts';

/** What the thread of one target is started with. */
export interface Work {
  readonly target: string;
  readonly seed: number;
  readonly ms: number;
  readonly maxInputs: number | undefined;
  /** `Beat`: written before every input, so that whoever watches has it when this thread hangs. */
  readonly beat: SharedArrayBuffer;
}

export type Report =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'found';
      readonly sign: string;
      readonly text: string;
      readonly input: Uint8Array;
      readonly times: number;
    }
  | {
      readonly kind: 'done';
      readonly inputs: number;
      readonly failures: number;
      readonly slowestMs: number;
      readonly peakMiB: number;
      readonly corpus: number;
      readonly seconds: number;
    };

/** Two numbers, how many inputs began and how long the last one is, and its bytes. */
export const beatHeadBytes = 8;
export const beatBytes = beatHeadBytes + 65_536;

const maxKept = 10;

async function work({ target: name, seed, ms, maxInputs, beat }: Work): Promise<void> {
  const head = new Int32Array(beat, 0, 2);
  const body = new Uint8Array(beat, beatHeadBytes);
  const before = (input: Uint8Array): void => {
    body.set(input.subarray(0, body.length));
    Atomics.store(head, 1, Math.min(input.length, body.length));
    Atomics.add(head, 0, 1);
  };
  // Coverage first: V8 counts blocks only of what is compiled afterwards.
  const coverage = new Coverage();
  const { targets } = await import('./targets/all.ts');
  const module = targets[name];
  if (module === undefined) throw new RangeError(`no target is called ${name}`);
  const target = await module.open();
  const kept = new Map<string, number>();
  const found = async (input: Uint8Array, failure: Failure): Promise<void> => {
    const times = (kept.get(failure.sign) ?? 0) + 1;
    kept.set(failure.sign, times);
    if (times > 1 || kept.size > maxKept) return;
    const tries = (target.boundMs ?? 0) > 1_000 || failure.sign.startsWith('too') ? 40 : 400;
    const small = await minimise(target, input, failure, tries);
    tell({ kind: 'found', ...failure, input: small, times });
  };
  tell({ kind: 'ready' });
  const started = performance.now();
  const isOver = () => performance.now() - started > ms;
  const limit = maxInputs === undefined ? {} : { maxInputs };
  const result = await fuzz(target, { seed, ...limit, isOver, coverage, before, found });
  coverage.close();
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  tell({ kind: 'done', ...result, seconds });
  await target.close?.();
}

function tell(report: Report): void {
  parentPort?.postMessage(report);
}

if (parentPort !== null) await work(workerData as Work);
