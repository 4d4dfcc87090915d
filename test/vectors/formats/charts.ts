import {
  encodeBodiesAsk,
  encodeBodiesEnd,
  encodeNoBody,
  type WhyNoBody,
} from '../../../src/api/bodies.ts';
import { type AnchoredRows, listingPieces, readPieces } from '../../../src/api/rows.ts';
import { leafHash, merkleTree } from '../../../src/ledger/merkle.ts';
import { areIncluded, multiproof } from '../../../src/ledger/multiproof.ts';
import { concatBytes } from '../../../src/primitives/bytes.ts';
import { accountIdOf, consentIdOf, recordIdOf, txIdOf } from '../../../src/primitives/ids.ts';
import { blobIdOf } from '../../../src/storage/blob-id.ts';
import { carHead, leafSectionHead, noteSection } from '../../../src/storage/car.ts';
import { type Format, hex, hexOfAll, pattern } from './write.ts';

const leafAt = (index: number): Uint8Array => leafHash(pattern(4, index));
const treeOf = (count: number) =>
  merkleTree(Array.from({ length: count }, (_, index) => leafAt(index)));

function proof(count: number, indexes: readonly number[]) {
  const { root, nodeAt } = treeOf(count);
  return { count, indexes, root, siblings: multiproof(indexes, count, nodeAt) };
}

const trees: readonly (readonly [number, readonly number[]])[] = [
  [1, [0]],
  [2, [0]],
  [2, [0, 1]],
  [3, [2]],
  [5, [0, 4]],
  [7, [1, 2, 6]],
  [8, [0, 1, 2, 3]],
  [13, [2, 3, 7, 12]],
  [100, [0, 31, 32, 33, 64, 99]],
  [100, Array.from({ length: 100 }, (_, i) => i)],
];

interface Told {
  readonly count: number;
  readonly indexes: readonly number[];
  readonly root: Uint8Array;
  readonly siblings: readonly Uint8Array[];
}

const whole = proof(13, [2, 3, 7, 12]);
const lies: Readonly<Record<string, Told>> = {
  'one sibling more': { ...whole, siblings: [...whole.siblings, whole.root] },
  'one sibling less': { ...whole, siblings: whole.siblings.slice(0, -1) },
  'siblings from the right': { ...whole, siblings: whole.siblings.toReversed() },
  'places that fall': { ...whole, indexes: [3, 2, 7, 12] },
  'a place twice': { ...whole, indexes: [2, 2, 7, 12] },
  'a place outside': { ...whole, indexes: [2, 3, 7, 13] },
  'a larger tree': { ...whole, count: 14 },
  'no place': { ...whole, indexes: [] },
};

const holds = ({ count, indexes, root, siblings }: Told): boolean =>
  areIncluded(
    indexes.map((index) => ({ index, leaf: leafAt(index) })),
    count,
    siblings,
    root,
  );

export const multiproofs: Format = {
  about:
    'receipts.md R-11: leaf i is the RFC 9162 leaf of the pattern of 4 bytes from i; `holds` false: the siblings prove nothing',
  cases: async () => {
    const told = [
      ...trees.map(([count, indexes]) => ({ name: '', ...proof(count, indexes) })),
      ...Object.entries(lies).map(([name, lie]) => ({ name, ...lie })),
    ];
    return told.map(({ name, count, indexes, root, siblings }) => ({
      ...(name === '' ? {} : { name }),
      ...{ count, indexes, root: hex(root), siblings: hexOfAll(siblings) },
      holds: holds({ count, indexes, root, siblings }),
    }));
  },
};

const anchors: readonly AnchoredRows[] = [
  {
    ...{ txId: txIdOf(pattern(32, 1)), height: 7, timeMs: 1_700_000_000_000, epoch: 1 },
    ...{ consent: '', root: pattern(32, 2), count: 3, siblings: [pattern(32, 3)] },
    rows: [
      {
        ...{ kind: 'live', index: 0, recordId: recordIdOf(pattern(16, 4)) },
        ...{ salt: pattern(32, 5), leafContent: pattern(120, 6), header: pattern(90, 7) },
      },
      {
        ...{ kind: 'erased', index: 1, recordId: recordIdOf(pattern(16, 8)) },
        ...{ leaf: pattern(32, 9), tombstone: pattern(250, 10) },
      },
    ],
  },
  {
    ...{ txId: txIdOf(pattern(32, 11)), height: 300, timeMs: 1_700_000_100_000, epoch: 2 },
    ...{ consent: consentIdOf(pattern(16, 12)), root: pattern(32, 13), count: 1, siblings: [] },
    rows: [
      {
        ...{ kind: 'live', index: 0, recordId: recordIdOf(pattern(16, 14)) },
        ...{ salt: pattern(32, 15), leafContent: pattern(121, 16), header: pattern(1_200, 17) },
      },
    ],
  },
];

export const rowAnswers: Format = {
  about:
    'http.md H-24: the two answers over the same rows; every byte string is a pattern: start 1, 2, 3... in the order in which it first stands there',
  cases: async () => [
    {
      answer: 'listing',
      encoded: hex(concatBytes(...listingPieces({ changes: 9, next: '300.2.0', anchors }))),
    },
    {
      answer: 'read',
      encoded: hex(
        concatBytes(
          ...readPieces({
            ...{ ticket: pattern(32, 18), ticketUntilMs: 1_700_000_600_000 },
            ...{ txId: txIdOf(pattern(32, 19)), height: 301, index: 4, salt: pattern(32, 20) },
            ...{ next: '', anchors },
          }),
        ),
      ),
    },
  ],
};

const sections: readonly (number | WhyNoBody)[] = [
  300,
  'erased',
  0,
  'not-stored',
  'corrupt',
  'alone',
  5_000,
];

export const bodyStreams: Format = {
  about:
    'http.md H-25: what is asked (records are patterns of 16 bytes from 0, 1, ...), and the stream; a number is a body, the pattern of so many bytes from its place; a word is why there is none',
  cases: async () => {
    const recordIds = sections.map((_, at) => recordIdOf(pattern(16, at)));
    const said = sections.map((section, at) => {
      if (typeof section !== 'number') {
        return noteSection(encodeNoBody({ recordId: recordIdOf(pattern(16, at)), why: section }));
      }
      const body = pattern(section, at);
      return concatBytes(leafSectionHead(blobIdOf(body), body.length), body);
    });
    const end = noteSection(encodeBodiesEnd(sections.length));
    return [
      {
        ask: hex(encodeBodiesAsk({ account: accountIdOf(pattern(32, 21)), recordIds })),
        sections,
        stream: hex(concatBytes(carHead(), ...said, end)),
      },
    ];
  },
};
