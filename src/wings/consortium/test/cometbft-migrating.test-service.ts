import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { list, recordLines, refused, salus, start, text } from '../../../../test/cli/salus.ts';
import { embeddedLedger, handOver, takeOver } from './migrated-homes.ts';

// One operator's ledger, with people on it, becomes that of four CometBFT nodes: its people notice nothing.
const stops: (() => Promise<unknown>)[] = [];
after(async () => {
  await Promise.all(stops.map((stop) => stop()));
});

test('people, records, grants and receipts of an embedded ledger go on under four validators', {
  timeout: 240_000,
}, async () => {
  const ledger = await embeddedLedger();
  stops.push(async () => ledger.remove());
  const { height } = await handOver(ledger);
  for (const home of ledger.homes.values()) await takeOver(ledger, home);
  const served = [...ledger.homes].map(([name, home]) => {
    const port = name === 'anna' ? ledger.port : '0';
    const working = start(['up', '--engine', 'cometbft', '--port', port, '--json'], { home });
    stops.unshift(() => working.stop());
    return working;
  });
  await Promise.all(served.map((it) => it.line(({ ready }) => ready === true)));
  const at = { home: ledger.operator };
  const run = (...args: readonly string[]) => salus(args, at);

  const mine = await recordLines(['record', 'list', '--as', 'ana'], at);
  assert.equal(mine.length, 1);
  const shared = await recordLines(['record', 'list', '--as', 'dr-bo'], at);
  assert.ok(shared.length > 0);
  const before = await run('check-receipt', ledger.receipt, '--trust', ledger.trust);
  assert.ok(Number(before.height) < Number(height));

  const revoked = await run('revoke', ledger.consent, '--as', 'ana');
  assert.ok(Number(revoked.height) > Number(height));
  const ended = ['record', 'list', '--as', 'dr-bo', '--consent', ledger.consent];
  await refused(ended, { code: 'CONSENT_ENDED', exit: 3 }, at);
  const receipt = join(ledger.operator, 'after.receipt');
  await run('receipt', text(revoked, 'txId'), '--out', receipt, '--as', 'ana');
  // By the trust root of before, which knows the operator alone.
  const checked = await run('check-receipt', receipt, '--trust', ledger.trust);
  assert.equal(checked.validatorsTotal, 4);
  const status = await run('consortium', 'status');
  assert.equal(list(status, 'validators').length, 4);
  await Promise.all(stops.splice(0, 4).map((stop) => stop()));
  const verified = await run('verify');
  assert.deepEqual([verified.ok, verified.trusted], [true, true]);
});
