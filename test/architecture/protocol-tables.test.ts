import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { acts, tables } from '../../src/ledger/protocol.ts';
import type { LedgerWing } from '../../src/ledger/wing.ts';
import { ledgerWings } from '../../src/wings/ledger.ts';

/** What wings declare stands in their own documents. */
const wings: readonly LedgerWing[] = ledgerWings;
const ofWings = new Set<object>(wings.flatMap((wing) => [...wing.acts, ...wing.tables]));
const isSpines = (declared: object) => !ofWings.has(declared);

/** The rows of the first table in a protocol file whose first column is headed so. */
function tableOf(file: string, head: string): readonly (readonly string[])[] {
  const lines = readFileSync(new URL(`../../docs/protocol/${file}`, import.meta.url), 'utf8').split(
    '\n',
  );
  const at = lines.findIndex((line) => line.startsWith(`| ${head} |`));
  const rows: string[][] = [];
  for (const line of lines.slice(at + 2)) {
    if (!line.startsWith('| ')) break;
    rows.push(line.slice(2, -2).split(' | '));
  }
  return rows;
}

/** How many fields a cell names: commas inside brackets and backticks are part of one. */
function countFields(cell: string): number {
  return cell.replace(/`[^`]*`|\([^)]*\)/g, 'x').split(',').length;
}

test('acts.md names every act that is declared, its number and as many fields, and no other', () => {
  const stated = tableOf('acts.md', 'act').map(([act, fields = '']) => [act, countFields(fields)]);
  const declared = acts
    .filter(isSpines)
    .map(({ number, kind, fields }) => [`${number} ${kind}`, Object.keys(fields).length]);
  assert.deepEqual(stated, declared);
});

test('state.md names every table that is declared, with as many fields, and no other', () => {
  const stated = tableOf('state.md', 'table').map(([table, , value = '']) => [
    table?.replaceAll('`', ''),
    countFields(value.split(':')[0] ?? ''),
  ]);
  const declared = tables
    .filter(isSpines)
    .map(({ name, row }) => [name, 'names' in row ? (row.names as string[]).length : 1]);
  assert.deepEqual(stated, declared);
});

test('numbers of acts and names of tables are given once', () => {
  for (const list of [
    acts.map(({ number }) => number),
    acts.map(({ kind }) => kind),
    tables.map(({ name }) => name),
  ]) {
    assert.equal(new Set<string | number>(list).size, list.length);
  }
});
