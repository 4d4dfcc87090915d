import { isStrictKey } from '../../crypto/ed25519-strict.ts';
import { consentId, uint } from '../../primitives/shape.ts';
import { type ActWith, defineAct } from '../act.ts';
import { freshWindow } from '../nonce-window.ts';
import { type ActContext, accept, type Outcome, refuse } from '../outcome.ts';
import { hash, optionalSignKey } from '../shapes.ts';
import { type LedgerView, put } from '../table.ts';
import { accounts } from '../tables/accounts.ts';
import { consents } from '../tables/consents.ts';
import { maxConsentMs } from './consents.ts';

const noLooks = new Uint8Array(32);

const fields = {
  consent: consentId,
  bodyHash: hash,
  notBeforeMs: uint,
  notAfterMs: uint,
  /** Ed25519 key made for this grant alone, or empty: the grant does not allow writing. */
  writeKey: optionalSignKey,
};
export type ConsentGrant = ActWith<'ConsentGrant', typeof fields>;

/**
 * A patient lets somebody read, or write, until a block time; who and what stay behind a salted hash.
 *
 * Refuses: CONSENT_ID_TAKEN, CONSENT_TIMES, NOT_AFTER_PASSED, NOT_AFTER_FAR, KEY_WEAK.
 * Writes: `consents[consent]`.
 * Source: docs/protocol/consent.md, rule C-2.
 */
export const consentGrant = defineAct({
  kind: 'ConsentGrant',
  number: 10,
  fields,
  log: 'user',
  senders: ['patient'],
  rules: [{ fromVersion: 1, judge }],
  about: ({ consent }) => ({ consent }),
  facts: ({ consent, notBeforeMs, notAfterMs }) => ({ consent, notBeforeMs, notAfterMs }),
});

function judge(view: LedgerView, act: ConsentGrant, context: ActContext): Outcome {
  const { consent, bodyHash, notBeforeMs, notAfterMs, writeKey } = act;
  const { height, timeMs } = context.block;
  // C-2: an id names one grant for ever, whoever gave it.
  if (view.get(consents, consent) !== undefined) return refuse('CONSENT_ID_TAKEN');
  // C-2: it ends after it begins,
  if (notAfterMs <= notBeforeMs) return refuse('CONSENT_TIMES');
  // it has not ended already,
  if (notAfterMs <= timeMs) return refuse('NOT_AFTER_PASSED');
  // and it ends within ten years.
  if (notAfterMs > timeMs + maxConsentMs) return refuse('NOT_AFTER_FAR');
  // ID-4: a write key that engines judge differently would split the ledger.
  if (writeKey.length !== 0 && !isStrictKey(writeKey)) return refuse('KEY_WEAK');

  const row = {
    account: context.sender,
    bodyHash,
    notBeforeMs,
    notAfterMs,
    writeKey,
    grantedHeight: height,
    revokedHeight: 0,
    looks: 0,
    lookChain: noLooks,
    window: freshWindow,
    writeKeyGeneration: view.get(accounts, context.sender)?.keyGeneration ?? 0,
  };
  return accept([put(consents, consent, row)]);
}
