import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Cbor, decodeCbor, encodeCbor, readArray } from '../../primitives/cbor.ts';
import { isCoded } from '../../primitives/errors.ts';
import { bytes, struct, text, uint } from '../../primitives/shape.ts';
import {
  decodeWalletContent,
  emptyWallet,
  encodeWalletContent,
  type WalletContent,
} from './content.ts';
import {
  type Drawer,
  drawerLimits,
  entriesOf,
  type KeptDrawer,
  mergeDrawers,
  notUnderstoodIn,
  withEnded,
  withEntry,
} from './drawer.ts';
import { mergeWallets } from './merge.ts';

interface Note {
  readonly changedMs: number;
  readonly id: Uint8Array;
  readonly words: string;
}
const notes: Drawer<Note> = {
  wing: 'notes',
  entry: struct({ changedMs: uint, id: bytes(2), words: text(10_000) }),
  key: (note) => note.id,
};
const note = (id: number, words = '', changedMs = 0): Note => ({
  changedMs,
  id: Uint8Array.of(0, id),
  words,
});
const ana = emptyWallet('Ana');
const wordsIn = (content: WalletContent) => entriesOf(content, notes).map((it) => it.words);

/** What other versions may have kept: also wings, keys and values that nothing here knows. */
const drawers: fc.Arbitrary<readonly KeptDrawer[]> = fc
  .uniqueArray(
    fc.record(
      {
        wing: fc.constantFrom('alerts', 'notes', 'notes/old', 'vitals'),
        entries: fc.uniqueArray(
          fc.record(
            {
              key: fc.uint8Array({ minLength: 1, maxLength: 2, max: 3 }),
              value: fc.uint8Array({ maxLength: 2, max: 2 }),
              ended: fc.boolean(),
            },
            { noNullPrototype: true },
          ),
          { selector: (it) => String(it.key), maxLength: 4 },
        ),
      },
      { noNullPrototype: true },
    ),
    { selector: (it) => it.wing, maxLength: 3 },
  )
  .map((all) => mergeDrawers(all, []));

test('Merged drawers are the same from either side, in any order, any number of times', () => {
  fc.assert(
    fc.property(drawers, drawers, drawers, (a, b, c) => {
      const ab = mergeDrawers(a, b);
      assert.deepEqual(mergeDrawers(b, a), ab);
      assert.deepEqual(mergeDrawers(ab, b), ab);
      assert.deepEqual(mergeDrawers(a, a), a);
      assert.deepEqual(mergeDrawers(mergeDrawers(a, b), c), mergeDrawers(a, mergeDrawers(b, c)));
    }),
  );
});

test('No entry of either side is lost, known wing or not, and what ended has ended', () => {
  fc.assert(
    fc.property(drawers, drawers, (a, b) => {
      const merged = mergeDrawers(a, b);
      for (const { wing, entries } of [...a, ...b]) {
        const held = merged.find((it) => it.wing === wing)?.entries ?? [];
        for (const entry of entries) {
          const found = held.find((it) => String(it.key) === String(entry.key));
          assert.ok(found && found.ended >= entry.ended);
        }
      }
    }),
  );
});

test('A wallet with drawers reads back as it was written, also after merging', () => {
  fc.assert(
    fc.property(drawers, drawers, (a, b) => {
      const merged = mergeWallets({ ...ana, drawers: a }, { ...ana, drawers: b });
      assert.deepEqual(decodeWalletContent(encodeWalletContent(merged)), merged);
    }),
  );
});

test('An entry is read back until it ends, and a device without the wing brings it along', () => {
  const written = withEntry(withEntry(ana, notes, note(2, 'two')), notes, note(1, 'one'));
  assert.deepEqual(wordsIn(written), ['one', 'two']);
  const elsewhere = decodeWalletContent(encodeWalletContent(mergeWallets(ana, written)));
  assert.deepEqual(wordsIn(elsewhere), ['one', 'two']);
  const ended = withEnded(elsewhere, notes, note(1).id);
  assert.deepEqual(wordsIn(ended), ['two']);
  assert.deepEqual(wordsIn(mergeWallets(written, ended)), ['two']);
  assert.deepEqual(wordsIn(withEntry(ended, notes, note(1, 'again', 9))), ['two']);
  assert.equal(withEnded(ended, notes, note(3).id), ended);
});

test('What an entry said is gone everywhere once it ended: no secret stays, and its room is free', () => {
  const written = withEntry(ana, notes, note(1, 'secret'));
  const ended = withEnded(written, notes, note(1).id);
  const held = (content: WalletContent) => content.drawers[0]?.entries;
  const gone = [{ key: note(1).id, value: new Uint8Array(0), ended: true }];
  assert.deepEqual(held(ended), gone);
  assert.deepEqual(held(mergeWallets(written, ended)), gone);
  assert.deepEqual(held(mergeWallets(ended, written)), gone);
  // As a device wrote it that kept what had ended.
  const kept = [{ wing: 'notes', entries: [{ ...gone[0], value: Uint8Array.of(1) }] }];
  assert.deepEqual(held(mergeWallets({ ...ana, drawers: kept as KeptDrawer[] }, ana)), gone);
});

test('Of two values the one whose first number is larger stays, whoever merges', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (early, late) => {
      fc.pre(early < late);
      const old = withEntry(ana, notes, note(1, 'zzz', early));
      const fresh = withEntry(ana, notes, note(1, 'a', late));
      assert.deepEqual(wordsIn(mergeWallets(old, fresh)), ['a']);
      assert.deepEqual(wordsIn(withEntry(old, notes, note(1, 'a', late))), ['a']);
      assert.deepEqual(wordsIn(withEntry(fresh, notes, note(1, 'zzz', early))), ['a']);
    }),
  );
});

test('An entry of a newer version is kept, counted, and does not hide the others', () => {
  const newer: Drawer<string> = { ...notes, entry: text(), key: () => Uint8Array.of(9, 9) };
  const content = withEntry(withEntry(ana, newer, 'of tomorrow'), notes, note(1, 'one'));
  assert.deepEqual(wordsIn(content), ['one']);
  assert.equal(notUnderstoodIn(content, notes), 1);
  assert.deepEqual(wordsIn(mergeWallets(content, ana)), ['one']);
  assert.equal(notUnderstoodIn(mergeWallets(ana, content), notes), 1);
});

const isFull = (error: unknown): boolean => isCoded(error, 'DRAWER_FULL');

test('A drawer takes what its limits say: DRAWER_FULL', () => {
  const { entries, valueBytes } = drawerLimits;
  assert.throws(() => withEntry(ana, notes, note(1, 'x'.repeat(valueBytes))), isFull);
  const keys = Array.from({ length: entries }, (_, n) => ({
    key: Uint8Array.of(n >> 8, n & 255),
    value: encodeCbor([0, Uint8Array.of(n >> 8, n & 255), '']),
    ended: false,
  }));
  const full = { ...ana, drawers: [{ wing: 'notes', entries: keys }] };
  const another = { ...note(0, 'one more'), id: Uint8Array.of(255, 255) };
  assert.throws(() => withEntry(full, notes, another), isFull);
  assert.equal(wordsIn(withEntry(full, notes, note(1, 'newer', 1)))[1], 'newer');
  assert.equal(wordsIn(withEnded(full, notes, note(1).id)).length, entries - 1);
  let large = ana;
  assert.throws(() => {
    for (let n = 0; n < 256; n++) large = withEntry(large, notes, note(n, 'x'.repeat(8_000)));
  }, isFull);
  assert.equal(wordsIn(large).length, 32);
});

test('Two full drawers merge into one that is read and loses nothing', () => {
  const filled = (from: number): WalletContent => ({
    ...ana,
    drawers: [
      {
        wing: 'notes',
        entries: Array.from({ length: drawerLimits.entries }, (_, n) => ({
          key: Uint8Array.of((from + n) >> 8, (from + n) & 255),
          value: new Uint8Array(0),
          ended: false,
        })),
      },
    ],
  });
  const merged = mergeWallets(filled(0), filled(drawerLimits.entries));
  const read = decodeWalletContent(encodeWalletContent(merged));
  assert.equal(read.drawers[0]?.entries.length, 2 * drawerLimits.entries);
});

const withLast = (last: Cbor): Uint8Array => {
  const [suite = 0, type = 0, fields] = readArray(decodeCbor(encodeWalletContent(ana)), 'wallet');
  return encodeCbor([suite, type, [...readArray(fields, 'fields').slice(0, -1), last]]);
};
const key = Uint8Array.of(1);
const value = new Uint8Array(0);

for (const [name, last] of [
  [
    'a wing named twice',
    [
      ['a', []],
      ['a', []],
    ],
  ],
  [
    'wings out of order',
    [
      ['b', []],
      ['a', []],
    ],
  ],
  [
    'a key that stands twice',
    [
      [
        'a',
        [
          [key, value, false],
          [key, value, true],
        ],
      ],
    ],
  ],
  [
    'keys out of order',
    [
      [
        'a',
        [
          [Uint8Array.of(2), value, false],
          [key, value, false],
        ],
      ],
    ],
  ],
  ['an empty key', [['a', [[value, value, false]]]]],
  ['a key of 65 bytes', [['a', [[new Uint8Array(65), value, false]]]]],
  ['a value that is too large', [['a', [[key, new Uint8Array(8 * 1024 + 1), false]]]]],
  ['a wing without a name', [['', []]]],
  ['a wing with a name in capitals', [['Alerts', []]]],
  ['too many wings', Array.from({ length: 65 }, (_, n) => [`a${100 + n}`, []])],
  ['text in place of drawers', 'notes'],
] as readonly (readonly [string, Cbor])[]) {
  test(`A wallet is refused that has ${name}: WALLET_INVALID`, () => {
    assert.throws(
      () => decodeWalletContent(withLast(last)),
      (error) => isCoded(error, 'WALLET_INVALID'),
    );
  });
}

test('A wallet with a place less is refused: WALLET_INVALID', () => {
  const [suite = 0, type = 0, fields] = readArray(decodeCbor(encodeWalletContent(ana)), 'wallet');
  const short = encodeCbor([suite, type, readArray(fields, 'fields').slice(0, -1)]);
  assert.throws(
    () => decodeWalletContent(short),
    (error) => isCoded(error, 'WALLET_INVALID'),
  );
});

test('All drawers together leave room in a copy for what a wallet keeps besides: DRAWER_FULL', () => {
  const { bytes: most, valueBytes, totalBytes } = drawerLimits;
  const value = new Uint8Array(valueBytes - 100);
  const entries = Array.from({ length: Math.floor(most / valueBytes) }, (_, n) => ({
    ...{ key: Uint8Array.of(n), value, ended: false },
  }));
  const count = Math.ceil(totalBytes / most) + 1;
  const full = {
    ...ana,
    drawers: Array.from({ length: count }, (_, n) => ({
      ...{ wing: `w${String(n).padStart(2, '0')}`, entries },
    })),
  };
  assert.throws(() => withEntry(full, notes, note(1, 'one')), isFull);
  // What is there may end.
  const first = { wing: 'w00', entry: bytes(), key: () => Uint8Array.of(0) };
  assert.equal(withEnded(full, first, Uint8Array.of(0)).drawers[0]?.entries[0]?.ended, true);
});
