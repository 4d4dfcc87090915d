import { changeBytes, type Pantry } from './mutate-bytes.ts';
import { changeCbor } from './mutate-cbor.ts';
import { changeJson } from './mutate-json.ts';
import { maxInputBytes, type Shape } from './target.ts';

/** A new input out of an old one: one to eight changes of its structure, and sometimes of its bytes. */
export function mutate(input: Uint8Array, shape: Shape, pantry: Pantry): Uint8Array {
  const { random } = pantry;
  const changes = 1 << random.below(4);
  let made = random.oneIn(6) ? undefined : restructured(input, shape, changes, pantry);
  if (made === undefined) {
    made = input;
    for (let left = changes; left > 0; left--) made = changeBytes(made, pantry);
  } else if (random.oneIn(12)) made = changeBytes(made, pantry);
  return made.subarray(0, maxInputBytes);
}

/** Undefined for what has no such structure. */
function restructured(
  input: Uint8Array,
  shape: Shape,
  changes: number,
  pantry: Pantry,
): Uint8Array | undefined {
  if (shape === 'cbor') return changeCbor(input, changes, pantry);
  if (shape === 'bytes') return undefined;
  let made: Uint8Array | undefined = input;
  for (let left = changes; left > 0 && made !== undefined; left--) made = changeJson(made, pantry);
  return made;
}
