import { sha256 } from '../crypto/hash.ts';
import { equalBytes } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import type { ConsentId } from '../primitives/ids.ts';
import type { Charter } from './charter.ts';
import { burnNonce, judgeNonce, type NonceWindow } from './nonce-window.ts';
import type { ActContext } from './outcome.ts';
import { type Act, moduleOf } from './protocol.ts';
import type { RefusalCode } from './refusals.ts';
import { type LedgerView, put, type Write } from './table.ts';
import { type Account, accounts } from './tables/accounts.ts';
import { consents } from './tables/consents.ts';
import { keys } from './tables/keys.ts';
import type { Tx } from './tx.ts';

export const maxValidityMs = 86_400_000;

/** Whose numbers a transaction uses up: the account's, or those of a grant's write key. */
export type Spender =
  | {
      readonly authority: Exclude<ActContext['authority'], 'write-key'>;
      readonly account: Account;
      readonly window: NonceWindow;
    }
  | {
      readonly authority: 'write-key';
      readonly account: Account;
      readonly consent: ConsentId;
      readonly window: NonceWindow;
    };

export type Admission =
  | { readonly ok: true; readonly spender: Spender }
  | { readonly ok: false; readonly code: RefusalCode };

const no = (code: RefusalCode): Admission => ({ ok: false, code });

/**
 * The door before the rules: what is stopped here changes nothing, not even a nonce, because nobody is
 * shown to have sent it for this ledger and this moment. Signatures are judged after it.
 *
 * Refuses, in this order: CHAIN_WRONG, EXPIRED, TOO_FAR, SENDER_UNKNOWN, KEY_NOT_CURRENT, CONSENT_UNKNOWN,
 * CONSENT_CANNOT_WRITE, NONCE_USED, NONCE_OLD, NONCE_FAR.
 * Source: docs/protocol/transactions.md, rules T-4 to T-8.
 */
export function admit(view: LedgerView, charter: Charter, tx: Tx, timeMs: number): Admission {
  const { chainId, validUntilMs, nonce } = tx.body;
  // T-6: meant for this ledger,
  if (chainId !== charter.chainId) return no('CHAIN_WRONG');
  // and for now: within a day, so that what was held back is not sent much later.
  if (validUntilMs < timeMs) return no('EXPIRED');
  if (validUntilMs > timeMs + maxValidityMs) return no('TOO_FAR');
  const found = findSpender(view, tx);
  if (!found.ok) return found;
  // T-7: no number of a key counts twice.
  const problem = judgeNonce(found.spender.window, nonce);
  return problem === undefined ? found : no(problem);
}

/** The row whose window holds the nonce, with the nonce burnt. */
export function burn(view: LedgerView, tx: Tx, spender: Spender): Write {
  const window = burnNonce(spender.window, tx.body.nonce);
  if (spender.authority !== 'write-key') {
    return put(accounts, tx.body.sender, { ...spender.account, window });
  }
  const consent = view.get(consents, spender.consent);
  if (consent === undefined) throw new CodedError('INTERNAL', { reason: 'grant gone' });
  return put(consents, spender.consent, { ...consent, window });
}

function findSpender(view: LedgerView, tx: Tx): Admission {
  const account = view.get(accounts, tx.body.sender);
  // T-6: somebody whom the ledger knows.
  if (account === undefined) return no('SENDER_UNKNOWN');
  const [first, second] = tx.signatures;
  if (first === undefined) return no('SIGNATURE_MISSING');
  // T-4: a second signature is the recovery key's or refused, never passed over.
  if (second !== undefined && !isRecoveryOf(tx, second.publicKey, first.publicKey)) {
    return no('KEY_NOT_CURRENT');
  }
  const { window } = account;
  // T-8 (a): the key in use.
  if (equalBytes(first.publicKey, account.signKey)) {
    return { ok: true, spender: { authority: 'account', account, window } };
  }
  if (second !== undefined) return no('KEY_NOT_CURRENT');
  // T-8 (b): the recovery key, alone.
  if (isLoneRecovery(view, tx, first.publicKey)) {
    return { ok: true, spender: { authority: 'recovery', account, window } };
  }
  // T-8 (c): the write key of a grant.
  return findWriteKey(view, tx, first.publicKey, account);
}

/** A second signature is the recovery key's, and some RotateKey of the transaction shows that key. */
function isRecoveryOf(tx: Tx, key: Uint8Array, other: Uint8Array): boolean {
  if (equalBytes(key, other)) return false;
  return tx.body.acts.some((act) => act.kind === 'RotateKey' && equalBytes(act.recoveryKey, key));
}

/** One RotateKey and nothing else, sent by the recovery key of the identity in use. */
function isLoneRecovery(view: LedgerView, tx: Tx, key: Uint8Array): boolean {
  const [act, more] = tx.body.acts;
  if (act?.kind !== 'RotateKey' || more !== undefined) return false;
  if (!equalBytes(act.recoveryKey, key)) return false;
  const current = view.get(keys, tx.body.sender)?.identities.at(-1);
  return current !== undefined && equalBytes(sha256(key), current.identity.recovery);
}

/** Anchors under one grant of the sender, which shows the key. */
function findWriteKey(view: LedgerView, tx: Tx, key: Uint8Array, account: Account): Admission {
  const consentId = onlyConsentOf(tx.body.acts);
  // T-8: every act names one and the same grant,
  if (consentId === undefined) return no('KEY_NOT_CURRENT');
  const consent = view.get(consents, consentId);
  // of this sender,
  if (consent === undefined || consent.account !== tx.body.sender) return no('CONSENT_UNKNOWN');
  // that lets somebody write,
  if (consent.writeKey.length === 0) return no('CONSENT_CANNOT_WRITE');
  // with this key.
  if (!equalBytes(consent.writeKey, key)) return no('KEY_NOT_CURRENT');
  const { window } = consent;
  return { ok: true, spender: { authority: 'write-key', account, consent: consentId, window } };
}

function onlyConsentOf(acts: readonly Act[]): ConsentId | undefined {
  let only: ConsentId | undefined;
  for (const act of acts) {
    const consent = moduleOf(act).underWriteKey?.(act) ?? '';
    if (consent === '' || (only !== undefined && only !== consent)) return undefined;
    only = consent;
  }
  return only;
}
