import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountIdOf } from '../../../../primitives/ids.ts';
import { WriteAttempts } from './refused-writes.ts';

test('a clock that is set back while a new key is on its way makes nobody a forger', async () => {
  let nowMs = 1_000_000;
  const attempts = new WriteAttempts(() => nowMs);
  const signer = { account: accountIdOf(new Uint8Array(32).fill(1)), keyGeneration: 0 };
  attempts.refused({
    ...{ from: '203.0.113.7', port: 1, proxy: '', wide: '203.0', forwardedFor: '', signer },
    ...{ route: 'POST /v1/peer', code: 'UNAUTHENTICATED', isSure: false },
  });
  let asked = 0;
  const settle = (generation: number) =>
    attempts.settle(async () => {
      asked++;
      return generation;
    });
  nowMs -= 2_000;
  await settle(0);
  assert.deepEqual([asked, attempts.due()], [0, []]);
  // The key came meanwhile.
  nowMs += 6 * 60_000;
  await settle(1);
  assert.deepEqual([asked, attempts.due()], [1, []]);
});
