import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { messageObjects } from '../../src/api/object-types.ts';
import { ledgerObjects } from '../../src/ledger/object-types.ts';

const wings = join(import.meta.dirname, '../../src/wings');
const spine = { least: 1, most: 69 };

/** The numbers of every wing: what its files named `object-types.ts` export. */
async function wingNumbers(): Promise<number[]> {
  if (!existsSync(wings)) return [];
  const files = readdirSync(wings, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('object-types.ts'))
    .map((path) => pathToFileURL(join(wings, path)).href);
  const tables: unknown[] = await Promise.all(files.map((file): Promise<unknown> => import(file)));
  return tables
    .flatMap((exported) => Object.values(exported as object))
    .flatMap((table: unknown) => (typeof table === 'object' ? Object.values(table ?? {}) : []))
    .filter((number): number is number => typeof number === 'number');
}

const spineNumbers: readonly number[] = [
  ...Object.values(ledgerObjects),
  ...Object.values(messageObjects),
];

test('no two objects that travel have one type number, whichever room or wing names them', async () => {
  const all = [...spineNumbers, ...(await wingNumbers())];
  assert.equal(new Set(all).size, all.length);
});

test('the spine’s type numbers lie from 1 to 69, and those of wings above', async () => {
  for (const number of spineNumbers) assert.ok(number >= spine.least && number <= spine.most);
  for (const number of await wingNumbers()) assert.ok(number > spine.most);
});
