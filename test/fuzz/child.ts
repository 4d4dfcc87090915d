import { BeatWriter } from './beat.ts';
import { Coverage } from './coverage.ts';
import { fuzz, type LoopResult } from './loop.ts';
import { minimise } from './minimise.ts';
import type { Failure } from './target.ts';

/** What the process of one target is asked to do, as its one argument. */
export interface Work {
  readonly target: string;
  readonly seed: number;
  readonly ms: number;
  readonly maxInputs?: number;
  /** Where `BeatWriter` writes. */
  readonly beat: string;
}

export type Report =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'found';
      readonly sign: string;
      readonly text: string;
      readonly input: Uint8Array;
    }
  | ({ readonly kind: 'done'; readonly seconds: number } & LoopResult);

const maxKept = 10;

async function work({ target: name, seed, ms, beat, ...limit }: Work): Promise<void> {
  // Coverage first: V8 counts blocks only of what is compiled afterwards.
  const coverage = new Coverage();
  const { targets } = await import('./targets/all.ts');
  const named = targets[name];
  if (named === undefined) throw new RangeError(`no target is called ${name}`);
  const target = await named.open();
  const writer = new BeatWriter(beat);
  const kept = new Set<string>();
  const found = async (input: Uint8Array, failure: Failure): Promise<void> => {
    if (kept.has(failure.sign) || kept.size === maxKept) return;
    kept.add(failure.sign);
    const small = failure.sign.startsWith('too')
      ? input
      : await minimise(target, input, failure, target.batch === 1 ? 40 : 400);
    tell({ kind: 'found', ...failure, input: small });
  };
  tell({ kind: 'ready' });
  const started = performance.now();
  const result = await fuzz(target, {
    ...{ seed, coverage, found },
    ...limit,
    isOver: () => performance.now() - started > ms,
    before: (input) => writer.begin(input),
  });
  coverage.close();
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  tell({ kind: 'done', ...result, seconds });
  await target.close?.();
  writer.close();
  process.disconnect();
}

function tell(report: Report): void {
  process.send?.(report);
}

if (process.send !== undefined) await work(JSON.parse(process.argv[2] ?? '{}') as Work);
