import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anchorRowId } from '../../src/ledger/tables/anchors.ts';
import { accountOf, bytesOf, identityOf, t0 } from '../world.ts';
import { compare, histories } from './histories.ts';
import { hex, modelAccountId } from './model-ledger.ts';

test('random histories give the same codes, answers and state in the model and in the ledger', () => {
  const seen = new Map<string, number>();
  const runs = process.env.SLOW === '1' ? 3_000 : 80;
  fc.assert(
    fc.property(histories, (history) => {
      compare(history, (code) => seen.set(code, (seen.get(code) ?? 0) + 1));
    }),
    { numRuns: runs },
  );
  // A generator that stops reaching the rules would make this test worth nothing.
  assert.ok((seen.get('accepted') ?? 0) > runs);
  assert.ok(seen.size > 30, [...seen.keys()].join());
});

test('the model names accounts and anchors as the ledger does', () => {
  assert.equal(modelAccountId(identityOf('ana')), accountOf('ana'));
  const root = bytesOf('root');
  assert.equal(anchorRowId(accountOf('ana'), root), accountOf('ana') + hex(root));
  assert.ok(t0 > 0);
});
