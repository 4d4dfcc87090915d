import { type Failure, failureOf, type Target } from './target.ts';

/** Cuts pieces out of an input as long as it fails in the same way. */
export async function minimise(
  target: Target,
  input: Uint8Array,
  failure: Failure,
  maxTries = 400,
): Promise<Uint8Array> {
  let small = input;
  let tries = 0;
  const failsAlike = async (candidate: Uint8Array): Promise<boolean> => {
    tries += 1;
    return (await failureOf(target, candidate))?.sign === failure.sign;
  };
  for (let piece = Math.ceil(small.length / 2); piece >= 1 && tries < maxTries; ) {
    let cut = false;
    for (let at = 0; at < small.length && tries < maxTries; ) {
      const candidate = Uint8Array.from([...small.subarray(0, at), ...small.subarray(at + piece)]);
      if (await failsAlike(candidate)) {
        small = candidate;
        cut = true;
      } else at += piece;
    }
    if (!cut || piece > 1) piece = piece === 1 ? 0 : Math.ceil(piece / 2);
  }
  return small;
}
