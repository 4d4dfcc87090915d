import { isStrictKey } from '../../crypto/ed25519-strict.ts';
import { sha256 } from '../../crypto/hash.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { type ActWith, defineAct } from '../act.ts';
import { type Identity, identity, identityRequirements, rotation } from '../identity.ts';
import { freshWindow } from '../nonce-window.ts';
import { type ActContext, accept, type Outcome, refuse } from '../outcome.ts';
import type { RefusalCode } from '../refusals.ts';
import { optionalSignKey } from '../shapes.ts';
import { type LedgerView, put } from '../table.ts';
import { accounts } from '../tables/accounts.ts';
import { keys } from '../tables/keys.ts';

/** The directory keeps old keys for ever, so their number has an end. */
export const maxIdentities = 64;

const fields = {
  identity,
  /** The Ed25519 key whose SHA-256 is the account's `recovery`; empty unless it also signs. */
  recoveryKey: optionalSignKey,
};
export type RotateKey = ActWith<'RotateKey', typeof fields>;

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
export const rotateKey = defineAct({
  kind: 'RotateKey',
  number: 2,
  fields,
  log: 'user',
  senders: 'everybody',
  whileFrozen: true,
  outside: {
    requires: (act, { chainId, sender }) =>
      identityRequirements(act.identity, chainId, sender, rotation),
    refusal: 'IDENTITY_WRONG',
  },
  rules: [{ fromVersion: 1, judge }],
  facts: () => ({}),
});

function judge(view: LedgerView, act: RotateKey, context: ActContext): Outcome {
  const { sender, block } = context;
  const { identity } = act;
  const account = view.get(accounts, sender);
  const directory = view.get(keys, sender);
  const current = directory?.identities.at(-1);
  if (account === undefined || directory === undefined || current === undefined) {
    return refuse('ACCOUNT_UNKNOWN');
  }
  // ID-4: a key that engines judge differently would split the ledger.
  if (!isStrictKey(identity.signKey)) return refuse('KEY_WEAK');
  // ID-3, ID-5: the new key signed for this account, as a rotation, and knows the point's scalar.
  if (!context.isProven) return refuse('IDENTITY_WRONG');
  // a key that was given up does not come back.
  if (directory.identities.some((old) => equalBytes(old.identity.signKey, identity.signKey))) {
    return refuse('KEY_TAKEN');
  }
  // old keys stay in the directory, so there is an end.
  if (directory.identities.length >= maxIdentities) return refuse('KEYS_FULL');
  const problem = judgeRecovery(act, current.identity, account.frozen, context);
  if (problem !== undefined) return refuse(problem);

  const { height } = block;
  const identities = [
    ...directory.identities.slice(0, -1),
    { ...current, untilHeight: height },
    { identity, fromHeight: height, untilHeight: 0 },
  ];
  const { credentialHash } = directory;
  const row = { ...account, frozen: false, signKey: identity.signKey, window: freshWindow };
  return accept([put(accounts, sender, row), put(keys, sender, { credentialHash, identities })]);
}

function judgeRecovery(
  act: RotateKey,
  current: Identity,
  frozen: boolean,
  context: ActContext,
): RefusalCode | undefined {
  const hasRecovery = current.recovery.some((byte) => byte !== 0);
  const changesRecovery = hasRecovery && !equalBytes(act.identity.recovery, current.recovery);
  // neither a way back from a freeze, nor another printed code, by the running key alone.
  if (act.recoveryKey.length === 0) {
    return frozen || changesRecovery ? 'SIGNATURE_MISSING' : undefined;
  }
  // the key that is shown is the one that the printed code gives.
  if (!equalBytes(sha256(act.recoveryKey), current.recovery)) return 'KEY_NOT_CURRENT';
  // showing it is not enough, it signs.
  if (!context.signers.some((key) => equalBytes(key, act.recoveryKey))) return 'SIGNATURE_MISSING';
  return undefined;
}
