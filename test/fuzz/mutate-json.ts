import { utf8, utf8ToText } from '../../src/primitives/bytes.ts';
import type { Pantry } from './mutate-bytes.ts';
import { awkward } from './mutate-cbor.ts';
import type { Random } from './random.ts';

/** One change to a JSON text by its tokens, which keeps it JSON more often than bytes do; undefined for no text. */
export function changeJson(input: Uint8Array, { random, words }: Pantry): Uint8Array | undefined {
  let text: string;
  try {
    text = utf8ToText(input);
  } catch {
    return undefined;
  }
  const values = valuesOf(text);
  if (values.length === 0) return undefined;
  const [from, to] = random.pick(values);
  const [otherFrom, otherTo] = random.pick(values);
  const before = text.slice(0, from);
  const value = text.slice(from, to);
  const after = text.slice(to);
  const other = text.slice(otherFrom, otherTo);
  const known = words.filter((word) => typeof word === 'string');
  switch (random.below(8)) {
    case 0:
      return utf8(before + other + after);
    case 1:
      return utf8(before + anyJson(random) + after);
    case 2:
      return utf8(`${before}${value},${value}${after}`);
    case 3:
      return utf8(before + after.replace(/^\s*[,:]/, ''));
    case 4:
      return utf8(before + (random.oneIn(2) ? `[${value}]` : `{"a":${value}}`) + after);
    case 5:
      return utf8(
        before + random.pick(['\n', '\r\n', ' ', '\t', '\ufeff', ',', '\v']) + value + after,
      );
    case 6:
      return utf8(before + text.slice(0, 4_096) + after);
    default:
      return known.length === 0 ? utf8(before + after) : utf8(before + random.pick(known) + after);
  }
}

/** Where values and names lie, found by a scan that does not mind errors; a few hundred at most. */
function valuesOf(text: string): (readonly [number, number])[] {
  const found: (readonly [number, number])[] = [];
  const opened: number[] = [];
  const token = /"(?:[^"\\]|\\.)*"|[-+.\w]+|[[\]{}]/gs;
  for (
    let match = token.exec(text);
    match !== null && found.length < 600;
    match = token.exec(text)
  ) {
    const [word] = match;
    if (word === '{' || word === '[') opened.push(match.index);
    else if (word === '}' || word === ']')
      found.push([opened.pop() ?? match.index, token.lastIndex]);
    else found.push([match.index, token.lastIndex]);
  }
  return found;
}

const scalars: readonly string[] = [
  ...[
    'null',
    'true',
    'false',
    '0',
    '-0',
    '1e400',
    '1E-7',
    '1.10',
    '-',
    '01',
    '.5',
    '1.',
    '9'.repeat(40),
  ],
  ...[
    '""',
    '"\\u0000"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\ud83e\\uddec"',
    '"\\x41"',
    '"\u2028"',
  ],
  ...[
    '{}',
    '[]',
    '[[]]',
    '{"":0}',
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"__proto__":{"a":1}}',
  ],
  ...[
    'NaN',
    'Infinity',
    "'a'",
    '/**/',
    '"\t"',
    '\u0000',
    '""""',
    '"id"',
    '"resourceType"',
    '"\\/"',
  ],
];

function anyJson(random: Random): string {
  if (random.oneIn(8)) {
    const depth = random.pick([10, 62, 63, 64, 65, 66, 500, 5_000]);
    return random.oneIn(2)
      ? '['.repeat(depth) + ']'.repeat(depth)
      : `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
  }
  if (random.oneIn(16)) {
    const count = random.pick([31, 32, 33, 40, 4_095, 4_096, 4_097]);
    return `{${Array.from({ length: count }, (_, i) => `"k${i}":0`).join(',')}}`;
  }
  return random.oneIn(5) ? JSON.stringify(random.pick(awkward)) : random.pick(scalars);
}
