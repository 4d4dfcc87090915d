import { isStrictKey } from '../../crypto/ed25519-strict.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { consentId } from '../../primitives/shape.ts';
import { type ActWith, defineAct } from '../act.ts';
import { freshWindow } from '../nonce-window.ts';
import { type ActContext, accept, type Outcome, refuse } from '../outcome.ts';
import { signKey } from '../shapes.ts';
import { type LedgerView, put } from '../table.ts';
import { accounts } from '../tables/accounts.ts';
import { consents } from '../tables/consents.ts';
import { isEnded } from './consents.ts';

const fields = { consent: consentId, writeKey: signKey };
export type WriteKey = ActWith<'WriteKey', typeof fields>;

/**
 * A patient gives a grant that lives a new write key: after a rotation, which ends the old ones, or because its
 * seed was seen. The grant stays what it was; numbers begin anew.
 *
 * Refuses: ACCOUNT_UNKNOWN, CONSENT_UNKNOWN, CONSENT_ENDED, CONSENT_CANNOT_WRITE, KEY_WEAK, KEY_TAKEN.
 * Writes: `consents[consent]`. Source: docs/protocol/acts.md, rule A-12.
 */
export const writeKey = defineAct({
  kind: 'WriteKey',
  number: 12,
  fields,
  log: 'user',
  senders: ['patient'],
  rules: [{ fromVersion: 1, judge }],
  about: ({ consent }) => ({ consent }),
  facts: ({ consent }) => ({ consent }),
});

function judge(view: LedgerView, act: WriteKey, context: ActContext): Outcome {
  const { sender, block } = context;
  const account = view.get(accounts, sender);
  if (account === undefined) return refuse('ACCOUNT_UNKNOWN');
  const consent = view.get(consents, act.consent);
  // somebody else's grant is answered as one that does not exist.
  if (consent === undefined || consent.account !== sender) return refuse('CONSENT_UNKNOWN');
  // what has ended gets no key, what has not begun may.
  if (isEnded(consent, account, block.timeMs)) return refuse('CONSENT_ENDED');
  // who could only read does not come to write by this: the consent's body says what he may.
  if (consent.writeKey.length === 0) return refuse('CONSENT_CANNOT_WRITE');
  // ID-4: a write key that engines judge differently would split the ledger.
  if (!isStrictKey(act.writeKey)) return refuse('KEY_WEAK');
  // the key that ends does not come back as the new one.
  if (equalBytes(consent.writeKey, act.writeKey)) return refuse('KEY_TAKEN');
  const row = {
    ...consent,
    writeKey: act.writeKey,
    window: freshWindow,
    writeKeyGeneration: account.keyGeneration,
  };
  return accept([put(consents, act.consent, row)]);
}
