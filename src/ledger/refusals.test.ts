import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { catalogue } from '../codes/index.ts';
import { isRefusalCode, refusalNumber, refusalOf, refusals, retiredRefusals } from './refusals.ts';

// Append-only: a line of this list never changes, for it stands in blocks.
const published =
  '1 TX_UNDECODABLE, 2 TX_TOO_LARGE, 3 SUITE_UNKNOWN, 4 TYPE_UNKNOWN, 5 CHAIN_WRONG, 6 LOG_WRONG, ' +
  '7 EXPIRED, 8 TOO_FAR, 9 NONCE_USED, 10 NONCE_OLD, 11 NONCE_FAR, 12 SENDER_UNKNOWN, ' +
  '13 SENDER_BUSY, 14 SENDER_WRONG, 15 SIGNATURE_WRONG, 16 SIGNATURE_MISSING, ' +
  '17 KEY_NOT_CURRENT, 18 KEY_WEAK, 19 KEY_TAKEN, 20 KEYS_FULL, 21 ACCOUNT_UNKNOWN, ' +
  '22 ACCOUNT_EXISTS, 23 ACCOUNT_FROZEN, 24 ROLE_WRONG, 25 ROLE_UNKNOWN, 26 IDENTITY_WRONG, ' +
  '27 KEYSET_STALE, 28 KEYSET_SCHEDULE, 29 EPOCH_STALE, 30 EPOCH_NONE, 31 CONSENT_ID_TAKEN, ' +
  '32 CONSENT_UNKNOWN, 33 CONSENT_ENDED, 34 CONSENT_NOT_LIVE, 35 CONSENT_CANNOT_WRITE, ' +
  '36 NOT_AFTER_PASSED, 37 NOT_AFTER_FAR, 38 CONSENT_TIMES, 39 ANCHOR_EMPTY, 40 ANCHOR_TAKEN, ' +
  '41 ACCESS_LOG_SIZE, 42 BATCH_KIND, 43 BATCH_TIMES, 44 PROFILE_HEIGHT, 45 PROFILE_PENDING, ' +
  '46 PROFILE_SHRINKS, 47 PROFILE_APPROVAL, 48 RECOVERY_NEEDED, 49 RECOVERY_COUNTER, ' +
  '50 RECOVERY_PENDING, 51 RECOVERY_UNKNOWN';

test('the numbers of refusals are the published ones', () => {
  // Wings count from 100 (docs/adr/0011-numbers.md).
  const spine = refusals.filter(({ number }) => number < 100);
  assert.equal(spine.map(({ number, code }) => `${number} ${code}`).join(', '), published);
});

test('number and name lead to each other, and kind and sentence are the catalogue’s', () => {
  for (const refusal of refusals) {
    assert.equal(refusalNumber(refusal.code), refusal.number);
    assert.equal(refusalOf(refusal.number), refusal);
    assert.ok(isRefusalCode(refusal.code));
    const { kind, sentence } = catalogue[refusal.code];
    assert.deepEqual([refusal.kind, refusal.sentence], [kind, sentence]);
  }
});

test('a retired refusal keeps its number, and no rule says it', () => {
  const rules = globSync(`${import.meta.dirname}/{*,acts/*}.ts`)
    .filter((path) => !path.endsWith('.test.ts') && !path.endsWith('/refusals.ts'))
    .map((path) => readFileSync(path, 'utf8'))
    .join();
  assert.ok(rules.includes("'RECOVERY_NEEDED'"));
  for (const code of retiredRefusals) {
    assert.ok(refusalNumber(code) > 0 && !rules.includes(`'${code}'`), code);
  }
});

test('0 is no refusal, and a number of a later version is not taken for one', () => {
  assert.equal(refusalOf(0), undefined);
  assert.equal(refusalOf(9_999), undefined);
  assert.ok(!isRefusalCode('CANNOT_OPEN'));
  assert.ok(!isRefusalCode('toString'));
});
