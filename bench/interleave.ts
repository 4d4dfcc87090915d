import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { median } from './figures.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/**
 * Times two ways of doing the same thing in turn, A B A B ..., so that a machine whose speed drifts drifts
 * under both. Each turn begins without garbage, so that neither clears away the other's. Returns the median
 * microseconds of one call of each, and the median of the pairwise ratios b/a: above 1, `a` is faster.
 */
export async function interleave(
  a: () => Promise<unknown> | unknown,
  b: () => Promise<unknown> | unknown,
  options: { readonly rounds: number; readonly msPerRound: number },
): Promise<{ readonly a: number; readonly b: number; readonly ratio: number }> {
  await timed(a, 50);
  await timed(b, 50);
  const as: number[] = [];
  const bs: number[] = [];
  for (let round = 0; round < options.rounds; round++) {
    as.push(await timed(a, options.msPerRound));
    bs.push(await timed(b, options.msPerRound));
  }
  return {
    a: median(as),
    b: median(bs),
    ratio: median(as.map((value, i) => (bs[i] ?? 0) / value)),
  };
}

/** Microseconds a call, over as many calls as fit into `ms` (at least one). */
async function timed(call: () => Promise<unknown> | unknown, ms: number): Promise<number> {
  collectGarbage();
  const until = performance.now() + ms;
  const started = performance.now();
  let calls = 0;
  do {
    await call();
    calls++;
  } while (performance.now() < until);
  return ((performance.now() - started) * 1000) / calls;
}
