import { equalBytes } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import type { ConsentId } from '../primitives/ids.ts';
import type { RotateKey } from './acts/rotate-key.ts';
import type { Charter } from './charter.ts';
import { burnNonce, judgeNonce, type NonceWindow } from './nonce-window.ts';
import { type Act, moduleOf } from './protocol.ts';
import { mayStop, recoveryCounterLead, recoveryHash, recoveryOf } from './recovery.ts';
import type { RefusalCode } from './refusals.ts';
import { type LedgerView, put, type Write } from './table.ts';
import { type Account, accounts } from './tables/accounts.ts';
import { consents } from './tables/consents.ts';
import { keys } from './tables/keys.ts';
import type { Tx } from './tx.ts';

export const maxValidityMs = 86_400_000;

/** Whose numbers a transaction uses up: those of the account's key, of a grant's write key, or of the recovery key. */
export type Spender =
  | {
      readonly authority: 'account';
      readonly account: Account;
      readonly window: NonceWindow;
    }
  | {
      readonly authority: 'write-key';
      readonly account: Account;
      readonly consent: ConsentId;
      readonly window: NonceWindow;
    }
  | { readonly authority: 'recovery'; readonly account: Account }
  /** To stop a RecoveryChange: nobody's, for it can be stopped once. */
  | { readonly authority: 'former'; readonly account: Account; readonly publicKey: Uint8Array };

export type Admission =
  | { readonly ok: true; readonly spender: Spender }
  | { readonly ok: false; readonly code: RefusalCode };

const no = (code: RefusalCode): Admission => ({ ok: false, code });

/**
 * The door before the rules: what is stopped here changes nothing, not even a nonce, because nobody is
 * shown to have sent it for this ledger and this moment. Signatures are judged after it.
 *
 * Refuses, in this order: CHAIN_WRONG, EXPIRED, TOO_FAR, SENDER_UNKNOWN, RECOVERY_COUNTER, KEY_NOT_CURRENT,
 * CONSENT_UNKNOWN, CONSENT_CANNOT_WRITE, NONCE_USED, NONCE_OLD, NONCE_FAR.
 * Source: docs/protocol/transactions.md, rules T-4 to T-8.
 */
export function admit(view: LedgerView, charter: Charter, tx: Tx, timeMs: number): Admission {
  const { chainId, validUntilMs, nonce } = tx.body;
  // T-6: meant for this ledger,
  if (chainId !== charter.chainId) return no('CHAIN_WRONG');
  // and for now: within a day, so that what was held back is not sent much later.
  if (validUntilMs < timeMs) return no('EXPIRED');
  if (validUntilMs > timeMs + maxValidityMs) return no('TOO_FAR');
  const found = findSpender(view, tx, timeMs);
  if (!found.ok || !('window' in found.spender)) return found;
  // T-7: no number of a key counts twice.
  const problem = judgeNonce(found.spender.window, nonce);
  return problem === undefined ? found : no(problem);
}

/** The row with the number used up; undefined: none is. */
export function burn(view: LedgerView, tx: Tx, spender: Spender): Write | undefined {
  const { sender, nonce } = tx.body;
  switch (spender.authority) {
    case 'account':
      return put(accounts, sender, {
        ...spender.account,
        window: burnNonce(spender.window, nonce),
      });
    case 'recovery':
      return put(accounts, sender, { ...spender.account, recoveryCounter: nonce });
    case 'write-key': {
      const consent = view.get(consents, spender.consent);
      if (consent === undefined) throw new CodedError('INTERNAL', { reason: 'grant gone' });
      return put(consents, spender.consent, {
        ...consent,
        window: burnNonce(spender.window, nonce),
      });
    }
    case 'former':
      return undefined;
  }
}

function findSpender(view: LedgerView, tx: Tx, timeMs: number): Admission {
  const account = view.get(accounts, tx.body.sender);
  // T-6: somebody whom the ledger knows.
  if (account === undefined) return no('SENDER_UNKNOWN');
  // T-4: one key speaks.
  const [signature, another] = tx.signatures;
  if (signature === undefined || another !== undefined) return no('KEY_NOT_CURRENT');
  const { publicKey } = signature;
  // T-8 (b): the recovery key, which no number of the account's key stands in the way of.
  const rotation = loneRecovery(tx, publicKey);
  if (rotation !== undefined) return findRecovery(view, tx, account, { rotation, timeMs });
  // T-8 (a): the key in use.
  if (equalBytes(publicKey, account.signKey)) {
    return { ok: true, spender: { authority: 'account', account, window: account.window } };
  }
  // T-8 (d): who may stop a new printed code.
  if (isLoneStop(view, tx, publicKey, timeMs)) {
    return { ok: true, spender: { authority: 'former', account, publicKey } };
  }
  // T-8 (c): the write key of a grant.
  return findWriteKey(view, tx, publicKey, account);
}

/** One RotateKey and nothing else, sent by the recovery key that it shows. */
function loneRecovery(tx: Tx, key: Uint8Array): RotateKey | undefined {
  const [act, more] = tx.body.acts;
  const isLone = act?.kind === 'RotateKey' && more === undefined;
  return isLone && equalBytes(act.recoveryKey, key) ? act : undefined;
}

function findRecovery(
  view: LedgerView,
  tx: Tx,
  account: Account,
  { rotation, timeMs }: { readonly rotation: RotateKey; readonly timeMs: number },
): Admission {
  const { sender, nonce } = tx.body;
  // T-7: only forward, and never so far that an end comes near.
  const ahead = nonce - account.recoveryCounter;
  if (ahead < 1 || ahead > recoveryCounterLead) return no('RECOVERY_COUNTER');
  const directory = view.get(keys, sender);
  const shown = recoveryHash(rotation.recoveryKey, rotation.codeKemHash);
  // ID-1: both keys of the code in use.
  if (directory === undefined || !equalBytes(shown, recoveryOf(directory, timeMs))) {
    return no('KEY_NOT_CURRENT');
  }
  return { ok: true, spender: { authority: 'recovery', account } };
}

/** One RecoveryStop and nothing else, by the old code or by a key that was in use shortly before. */
function isLoneStop(view: LedgerView, tx: Tx, key: Uint8Array, timeMs: number): boolean {
  const [act, more] = tx.body.acts;
  if (act?.kind !== 'RecoveryStop' || more !== undefined) return false;
  const directory = view.get(keys, tx.body.sender);
  const { codeKemHash } = act;
  return directory !== undefined && mayStop(directory, key, { codeKemHash, timeMs });
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
  // the account has not changed its keys since it was given.
  if (consent.writeKeyGeneration !== account.keyGeneration) return no('KEY_NOT_CURRENT');
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
