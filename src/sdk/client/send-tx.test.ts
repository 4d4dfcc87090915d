import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../../primitives/errors.ts';
import { txIdOf } from '../../primitives/ids.ts';
import { isFinal } from './send-tx.ts';

const tx = txIdOf(new Uint8Array(32).fill(1));
const another = txIdOf(new Uint8Array(32).fill(2));

for (const [name, error, expected] of [
  ['a refusal of the ledger', new CodedError('CONSENT_ENDED'), true],
  ['that the sender is busy', new CodedError('SENDER_BUSY'), false],
  ['silence', new CodedError('GATEWAY_UNREACHABLE'), false],
  ['no block in time', new CodedError('COMMIT_TIMEOUT'), false],
  ['a code that is no refusal of the ledger', new CodedError('RATE_LIMITED'), false],
  ['an error without a code', new Error('broken'), false],
  ['a number of tomorrow', new CodedError('REFUSAL_UNKNOWN', { number: 144, txId: tx }), true],
  [
    'a code of tomorrow for this transaction',
    new CodedError('REFUSAL_UNKNOWN', { code: 'PERMIT_ENDED', txId: tx, kind: 'not-valid' }),
    true,
  ],
  [
    'a code of tomorrow that says to try later',
    new CodedError('REFUSAL_UNKNOWN', { code: 'PERMIT_BUSY', txId: tx, kind: 'unavailable' }),
    false,
  ],
  [
    'a code of tomorrow for another transaction',
    new CodedError('REFUSAL_UNKNOWN', { code: 'PERMIT_ENDED', txId: another }),
    false,
  ],
  [
    'a code of tomorrow, of the server',
    new CodedError('REFUSAL_UNKNOWN', { code: 'SERVER_MOVED' }),
    false,
  ],
] as const) {
  test(`To a transaction, ${name} is ${expected ? 'an answer for good' : 'no answer: it is repeated'}`, () => {
    assert.equal(isFinal(error, tx), expected);
  });
}
