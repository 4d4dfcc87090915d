import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { messageObjects } from '../../src/api/object-types.ts';
import type { Entry } from '../../src/codes/index.ts';
import { ledgerObjects } from '../../src/ledger/object-types.ts';
import { acts } from '../../src/ledger/protocol.ts';
import type { LedgerWing } from '../../src/ledger/wing.ts';
import { ledgerWings } from '../../src/wings/ledger.ts';

const root = new URL('../../', import.meta.url).pathname;

interface Row {
  readonly owners: readonly string[];
  readonly acts: Range;
  readonly refusals: Range;
  readonly objectTypes: Range;
}
type Range = readonly [first: number, last: number] | undefined;

/** The table of docs/adr/0011-numbers.md: `| vitals | 40-49 | 100-149 | 70-79 | ... |`, `-` for none. */
const rows: readonly Row[] = Array.from(
  readFileSync(`${root}docs/adr/0011-numbers.md`, 'utf8').matchAll(
    /^\| ([a-z, ]+)(?: \(.+\))? \| ([\d-]+) \| ([\d-]+) \| ([\d-]+) \|/gm,
  ),
  ([, owners = '', acts = '', refusals = '', objectTypes = '']) => ({
    owners: owners.split(', '),
    acts: rangeOf(acts),
    refusals: rangeOf(refusals),
    objectTypes: rangeOf(objectTypes),
  }),
);

function rangeOf(text: string): Range {
  const [first, last] = text.split('-').map(Number);
  return text === '-' || first === undefined || last === undefined ? undefined : [first, last];
}

/** Of its row, and of a second one that it took when the first was full. */
function rangesOf(owner: string, what: 'acts' | 'refusals' | 'objectTypes'): readonly Range[] {
  const own = rows.filter(({ owners }) => owners.includes(owner));
  assert.ok(own.length > 0, `docs/adr/0011-numbers.md gives ${owner} no numbers`);
  return own.map((row) => row[what]);
}

const isIn = (ranges: readonly Range[], number: number) =>
  ranges.some((it) => it !== undefined && number >= it[0] && number <= it[1]);

test('no two owners have a number in common', () => {
  assert.ok(rows.length >= 8);
  for (const what of ['acts', 'refusals', 'objectTypes'] as const) {
    const ranges = rows.flatMap((row) => row[what] ?? []);
    assert.deepEqual(
      ranges,
      ranges.toSorted((a, b) => a - b),
      what,
    );
    assert.equal(new Set(ranges).size, ranges.length, what);
  }
});

test('every refusal has a number of its own, from the row of who says it', async () => {
  const taken = new Map<number, string>();
  for (const table of globSync('src/{codes,wings/*}/*.ts', { cwd: root })) {
    const [, folder = '', wing, file = ''] =
      /^src\/(codes|wings\/(.+))\/(.+)\.ts$/.exec(table) ?? [];
    if (file === 'index' || (folder !== 'codes' && file !== 'codes')) continue;
    const refusals = rangesOf(wing ?? 'spine', 'refusals');
    const [codes = {}] = Object.values<Readonly<Record<string, Entry>>>(await import(root + table));
    for (const [code, { number }] of Object.entries(codes)) {
      if (number === undefined) continue;
      assert.ok(isIn(refusals, number), `${code} ${number} in ${table}`);
      assert.equal(taken.get(number), undefined, `${code} takes a number again`);
      taken.set(number, code);
    }
  }
});

test('the objects that travel have a number each, from the row of who names them', async () => {
  const tables: [owner: string, numbers: Readonly<Record<string, number>>][] = [
    ['spine', ledgerObjects],
    ['spine', messageObjects],
  ];
  for (const file of globSync('src/wings/*/**/object-types.ts', { cwd: root })) {
    const [table = {}] = Object.values<Readonly<Record<string, number>>>(await import(root + file));
    tables.push([file.split('/')[2] ?? '', table]);
  }
  const all = tables.flatMap(([, numbers]) => Object.values(numbers));
  assert.equal(new Set(all).size, all.length);
  for (const [owner, numbers] of tables) {
    for (const number of Object.values(numbers)) {
      assert.ok(isIn(rangesOf(owner, 'objectTypes'), number), `${owner} ${number}`);
    }
  }
});

test('every act has a number from the row of who declares it', () => {
  const wings: readonly LedgerWing[] = ledgerWings;
  const owners = new Map(wings.flatMap((wing) => wing.acts.map(({ kind }) => [kind, wing.name])));
  for (const { kind, number } of acts) {
    // LogProfile stands in the spine until the consortium has a room of its own.
    const owner = kind === 'LogProfile' ? 'consortium' : (owners.get(kind) ?? 'spine');
    assert.ok(isIn(rangesOf(owner, 'acts'), number), `${kind} ${number}`);
  }
});
