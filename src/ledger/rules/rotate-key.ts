import { isStrictKey } from '../../crypto/ed25519-strict.ts';
import { sha256 } from '../../crypto/hash.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import type { Identity, RotateKey } from '../acts.ts';
import { freshWindow } from '../nonce-window.ts';
import type { RefusalCode } from '../refusals.ts';
import { type ActContext, accept, type LedgerView, type Outcome, refuse } from './outcome.ts';

/** The directory keeps old keys for ever, so their number has an end. */
export const maxIdentities = 64;

/**
 * An account takes new keys; the old ones stay in the directory with the heights they counted at. With the
 * recovery key's signature it also brings a frozen account back, and only with it the recovery key changes:
 * who stole a phone cannot lock the owner out.
 *
 * Refuses: ACCOUNT_UNKNOWN, KEY_WEAK, IDENTITY_WRONG, KEY_TAKEN, KEYS_FULL, KEY_NOT_CURRENT,
 * SIGNATURE_MISSING.
 * Writes: `accounts[sender]`, `keys[sender]`.
 * Source: docs/protocol/acts.md, rule A-2.
 */
export function rotateKey(view: LedgerView, act: RotateKey, context: ActContext): Outcome {
  const { sender, block } = context;
  const { identity } = act;
  const account = view.get('accounts', sender);
  const keys = view.get('keys', sender);
  const current = keys?.identities.at(-1);
  if (account === undefined || keys === undefined || current === undefined) {
    return refuse('ACCOUNT_UNKNOWN');
  }
  if (!isStrictKey(identity.signKey)) return refuse('KEY_WEAK');
  if (!context.identityHolds) return refuse('IDENTITY_WRONG');
  if (keys.identities.some((old) => equalBytes(old.identity.signKey, identity.signKey))) {
    return refuse('KEY_TAKEN');
  }
  if (keys.identities.length >= maxIdentities) return refuse('KEYS_FULL');
  const problem = judgeRecovery(act, current.identity, account.frozen, context);
  if (problem !== undefined) return refuse(problem);

  const { height } = block;
  const identities = [
    ...keys.identities.slice(0, -1),
    { ...current, untilHeight: height },
    { identity, fromHeight: height, untilHeight: 0 },
  ];
  const row = { ...account, frozen: false, signKey: identity.signKey, window: freshWindow };
  return accept([
    { table: 'accounts', id: sender, row },
    { table: 'keys', id: sender, row: { credentialHash: keys.credentialHash, identities } },
  ]);
}

function judgeRecovery(
  act: RotateKey,
  current: Identity,
  frozen: boolean,
  context: ActContext,
): RefusalCode | undefined {
  const hasRecovery = current.recovery.some((byte) => byte !== 0);
  const changesRecovery = hasRecovery && !equalBytes(act.identity.recovery, current.recovery);
  if (act.recoveryKey.length === 0) {
    return frozen || changesRecovery ? 'SIGNATURE_MISSING' : undefined;
  }
  if (!equalBytes(sha256(act.recoveryKey), current.recovery)) return 'KEY_NOT_CURRENT';
  if (!context.signers.some((key) => equalBytes(key, act.recoveryKey))) return 'SIGNATURE_MISSING';
  return undefined;
}
