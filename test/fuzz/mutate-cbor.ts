import { type Cbor, decodeCbor, encodeCbor } from '../../src/primitives/cbor.ts';
import { changeBytes, type Pantry, unlessCoded } from './mutate-bytes.ts';
import type { Random } from './random.ts';

/** Changes to single values of a CBOR tree, also inside byte strings that hold CBOR; undefined when it is none. */
export function changeCbor(
  input: Uint8Array,
  changes: number,
  pantry: Pantry,
): Uint8Array | undefined {
  let tree = unlessCoded(() => decodeCbor(input));
  if (tree === undefined) return undefined;
  for (let left = changes; left > 0; left--) {
    tree = changedAt(tree, pantry.random.below(sizeOf(tree)), pantry);
  }
  return encodeCbor(tree);
}

const isList = (value: Cbor): value is readonly Cbor[] => Array.isArray(value);

/** Values of the tree, itself among them, and those of trees in byte strings. */
function sizeOf(value: Cbor): number {
  const inside = isList(value) ? value : insideOf(value);
  let size = 1;
  for (const part of inside ?? []) size += sizeOf(part);
  return size;
}

const insides = new WeakMap<Uint8Array, { readonly list: readonly Cbor[] | undefined }>();

/** The array that a byte string encodes, as signed objects travel. Kept, since it is asked for again and again. */
function insideOf(value: Cbor): readonly Cbor[] | undefined {
  if (!(value instanceof Uint8Array) || value.length < 3 || (value[0] ?? 0) >> 5 !== 4) {
    return undefined;
  }
  const known = insides.get(value);
  if (known !== undefined) return known.list;
  const tree = unlessCoded(() => decodeCbor(value));
  const list = tree !== undefined && isList(tree) ? tree : undefined;
  insides.set(value, { list });
  return list;
}

function changedAt(value: Cbor, at: number, pantry: Pantry): Cbor {
  const inside = isList(value) ? value : insideOf(value);
  if (at === 0 || inside === undefined) return changed(value, pantry);
  let left = at - 1;
  const parts: Cbor[] = [];
  for (const part of inside) {
    const size = left < 0 ? 0 : sizeOf(part);
    parts.push(left >= 0 && left < size ? changedAt(part, left, pantry) : part);
    left -= size;
    if (left < 0) left = -1;
  }
  return isList(value) ? parts : encodeCbor(parts);
}

function changed(value: Cbor, pantry: Pantry): Cbor {
  const { random } = pantry;
  if (random.oneIn(12)) return anyValue(pantry, 2);
  if (isList(value)) return changedList(value, pantry);
  if (value instanceof Uint8Array) return changedBytes(value, pantry);
  if (typeof value === 'number') return changedNumber(value, pantry);
  if (typeof value === 'string') return changedText(value, pantry);
  return typeof value === 'boolean' ? !value : anyValue(pantry, 1);
}

function changedList(list: readonly Cbor[], pantry: Pantry): Cbor {
  const { random } = pantry;
  const made = [...list];
  const at = random.below(made.length);
  const other = random.below(made.length);
  const one = made[at];
  const two = made[other];
  switch (random.below(7)) {
    case 0:
      made.splice(at, 1);
      break;
    case 1:
      if (one !== undefined) made.splice(other, 0, one);
      break;
    case 2:
      if (one !== undefined && two !== undefined) {
        made[at] = two;
        made[other] = one;
      }
      break;
    case 3:
      made.splice(at, 0, anyValue(pantry, 2));
      break;
    case 4:
      // Many of one, but not so many that the input leaves its bound at once.
      if (one !== undefined) made.push(...new Array<Cbor>(1 + random.below(40)).fill(one));
      break;
    case 5:
      return random.oneIn(2) ? [made] : (one ?? []);
    default:
      made.length = at;
  }
  return made;
}

function changedBytes(bytes: Uint8Array, pantry: Pantry): Cbor {
  const { random, words } = pantry;
  const alike = words.filter((word) => word instanceof Uint8Array && word.length === bytes.length);
  if (alike.length > 0 && random.oneIn(2)) return random.pick(alike);
  // Of the same length more often than not: other lengths are refused at the door.
  switch (random.below(5)) {
    case 0:
      return random.bytes(bytes.length);
    case 1:
      return new Uint8Array(bytes.length).fill(random.oneIn(2) ? 0 : 0xff);
    case 2:
      return changeBytes(bytes, pantry);
    case 3:
      return random.oneIn(2) ? new Uint8Array(0) : bytes.subarray(0, random.below(bytes.length));
    default: {
      const flipped = bytes.slice();
      const at = random.below(flipped.length);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8));
      return flipped;
    }
  }
}

const integers: readonly number[] = [
  ...[0, 1, 2, 3, 15, 16, 17, 23, 24, 32, 64, 200, 255, 256, 500, 501, 1_000, 1_024, 4_096],
  ...[65_535, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 86_400_000, 2 ** 48],
  ...[2 ** 53 - 1, 2 ** 53 - 2, 2 ** 52, 315_360_000_000],
];

function changedNumber(value: number, { random, words }: Pantry): Cbor {
  const known = words.filter((word) => typeof word === 'number');
  if (known.length > 0 && random.oneIn(3)) return random.pick(known);
  const made = random.oneIn(2)
    ? random.pick(integers)
    : value + random.pick([1, -1, 2, -2, 1_000, -1_000, 60_000, 86_400_000]);
  return Number.isSafeInteger(made) && made >= 0 ? made : 0;
}

function changedText(text: string, { random, words }: Pantry): Cbor {
  const known = words.filter((word) => typeof word === 'string');
  if (known.length > 0 && random.oneIn(2)) return random.pick(known);
  const at = random.below(text.length + 1);
  switch (random.below(5)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + random.pick(awkward) + text.slice(at);
    case 2:
      return text + text;
    case 3:
      return random.pick(awkward).repeat(1 + random.below(300));
    default:
      return text.toUpperCase() === text ? text.toLowerCase() : text.toUpperCase();
  }
}

export const awkward: readonly string[] = [
  ...[
    '\u0000',
    '/',
    '..',
    '%2e',
    '%00',
    '\\',
    '"',
    "'",
    '<script>',
    '\u202e',
    '\ufeff',
    '\u{1f9ec}',
  ],
  ...[
    'é',
    'e\u0301',
    '__proto__',
    'constructor',
    'toString',
    'null',
    '-1',
    '1e400',
    '\n',
    ' ',
    '$',
  ],
];

/** Something else altogether: a word, a piece of another input, or made up. */
function anyValue(pantry: Pantry, depth: number): Cbor {
  const { random, corpus, words } = pantry;
  if (words.length > 0 && random.oneIn(2)) return random.pick(words);
  if (corpus.length > 0 && random.oneIn(2)) {
    const other = random.pick(corpus);
    const tree = unlessCoded(() => decodeCbor(other));
    if (tree !== undefined) return partOf(tree, random);
  }
  switch (random.below(depth > 0 ? 7 : 6)) {
    case 0:
      return random.pick(integers);
    case 1:
      return random.bytes(random.pick([0, 1, 16, 31, 32, 33, 64]));
    case 2:
      return random.pick(awkward);
    case 3:
      return random.oneIn(2);
    case 4:
      return null;
    case 5:
      return [];
    default:
      return Array.from({ length: random.below(4) }, () => anyValue(pantry, depth - 1));
  }
}

function partOf(tree: Cbor, random: Random): Cbor {
  let part = tree;
  while (isList(part) && part.length > 0 && !random.oneIn(3)) part = random.pick(part);
  return part;
}
