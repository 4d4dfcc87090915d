import { isStrictKey } from '../../crypto/ed25519-strict.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import type { AccountId } from '../../primitives/ids.ts';
import { uint } from '../../primitives/shape.ts';
import { type ActWith, defineAct } from '../act.ts';
import { foldedTo } from '../folded-identities.ts';
import { type Identity, identity, identityRequirements, rotation } from '../identity.ts';
import { freshWindow } from '../nonce-window.ts';
import { type ActContext, accept, type Block, type Outcome, refuse } from '../outcome.ts';
import {
  hasRecovery,
  maxRotations,
  namedRecovery,
  recoveryOf,
  rotationEveryMs,
  waitingRecovery,
} from '../recovery.ts';
import type { RefusalCode } from '../refusals.ts';
import { optionalHash, optionalSignKey } from '../shapes.ts';
import { type LedgerView, put, type Write } from '../table.ts';
import { type Account, accounts } from '../tables/accounts.ts';
import { type Keys, keys, maxFormers } from '../tables/keys.ts';
import { withEndedGrants } from './consents.ts';

const fields = {
  identity,
  /** The printed code's signing key, which alone signs the transaction; empty: the key in use does. */
  recoveryKey: optionalSignKey,
  /** SHA-256 of the printed code's other key; shown together with `recoveryKey`. */
  codeKemHash: optionalHash,
  /** By the recovery key: what was granted at this height or later has ended; 0: nothing. */
  endGrantsFrom: uint,
};
export type RotateKey = ActWith<'RotateKey', typeof fields>;

/**
 * An account takes new keys, and with the old ones ends what they could read and write: the epochs and the write
 * keys. By the recovery key alone it is never refused for anything that somebody else can use up, thaws a frozen
 * account and may bring another printed code; by the key in use it is one a day, and 32 until the recovery key
 * comes: who stole a phone cannot lock its owner out.
 *
 * Refuses: ACCOUNT_UNKNOWN, KEY_WEAK, IDENTITY_WRONG, KEY_TAKEN, KEY_NOT_CURRENT, RECOVERY_NEEDED.
 * Writes: `accounts[sender]`, `keys[sender]`, `recoveries[recovery]`.
 * Source: docs/protocol/acts.md, rule A-2.
 */
export const rotateKey = defineAct({
  kind: 'RotateKey',
  number: 2,
  fields,
  log: 'user',
  senders: 'everybody',
  whileFrozen: true,
  takesBack: true,
  outside: {
    requires: (act, { chainId, sender }) =>
      identityRequirements(act.identity, chainId, sender, rotation),
    refusal: 'IDENTITY_WRONG',
  },
  rules: [{ fromVersion: 1, judge }],
  facts: ({ recoveryKey, endGrantsFrom }) => ({
    by: recoveryKey.length === 0 ? 'key in use' : 'printed code',
    ...(endGrantsFrom === 0 ? {} : { endGrantsFrom }),
  }),
});

function judge(view: LedgerView, act: RotateKey, context: ActContext): Outcome {
  const { sender, block, charter } = context;
  const { identity } = act;
  const account = view.get(accounts, sender);
  const directory = view.get(keys, sender);
  if (account === undefined || directory === undefined) return refuse('ACCOUNT_UNKNOWN');
  // ID-4: a key that engines judge differently would split the ledger.
  if (!isStrictKey(identity.signKey)) return refuse('KEY_WEAK');
  // ID-3, ID-5: the new key signed for this account, as a rotation, and knows the point's scalar.
  if (!context.isProven) return refuse('IDENTITY_WRONG');
  // a key that was given up does not come back.
  if (hadKey(directory, identity.signKey)) return refuse('KEY_TAKEN');
  const isRecovery = context.authority === 'recovery';
  // whose code it is, and its number, was seen at the door.
  const problem = isRecovery ? undefined : whyNotByKeyInUse(act, account, directory, block);
  if (problem !== undefined) return refuse(problem);

  const { recovery } = identity;
  const held = isRecovery ? withEndedGrants(account, act.endGrantsFrom, block.height) : account;
  return accept([
    ...rekeyed({ account: held, directory }, { sender, identity, block, isRecovery }),
    ...namedRecovery(view, charter, { recovery, account: sender }),
  ]);
}

/** The rows of an account that speaks by another key from now on; what the old ones open and write ends here. */
export function rekeyed(
  { account, directory }: { readonly account: Account; readonly directory: Keys },
  {
    sender,
    ...to
  }: {
    readonly sender: AccountId;
    readonly identity: Identity;
    readonly block: Block;
    readonly isRecovery: boolean;
  },
): readonly [account: Write, directory: Write] {
  const row: Account = {
    ...account,
    frozen: false,
    signKey: to.identity.signKey,
    window: freshWindow,
    schedule: [],
    keyGeneration: account.keyGeneration + 1,
    keySinceMs: to.block.timeMs,
    rotations: to.isRecovery ? 0 : account.rotations + 1,
  };
  return [put(accounts, sender, row), put(keys, sender, rotated(directory, to))];
}

/** Of the keys that the row still knows. */
export function hadKey({ identities, formers }: Keys, signKey: Uint8Array): boolean {
  return (
    identities.some((it) => equalBytes(it.identity.signKey, signKey)) ||
    formers.some((it) => equalBytes(it.signKey, signKey))
  );
}

function whyNotByKeyInUse(
  act: RotateKey,
  account: Account,
  directory: Keys,
  { timeMs }: Block,
): RefusalCode | undefined {
  // the recovery key signs alone; beside the key in use it says nothing.
  if (act.recoveryKey.length !== 0 || act.codeKemHash.length !== 0) return 'KEY_NOT_CURRENT';
  const recovery = recoveryOf(directory, timeMs);
  // neither a way back from a freeze, nor another printed code, nor an end of grants by the key in use alone.
  const changesRecovery = hasRecovery(recovery) && !equalBytes(act.identity.recovery, recovery);
  if (account.frozen || changesRecovery || act.endGrantsFrom !== 0) return 'RECOVERY_NEEDED';
  if (account.rotations === 0) return undefined;
  // one a day,
  if (timeMs < account.keySinceMs + rotationEveryMs) return 'RECOVERY_NEEDED';
  // and, where there is a way back, not for ever. Who has none could never change his keys again.
  const isUsedUp = hasRecovery(recovery) && account.rotations >= maxRotations;
  return isUsedUp ? 'RECOVERY_NEEDED' : undefined;
}

/** The directory with the new identity in use. */
function rotated(
  directory: Keys,
  {
    identity,
    block: { height, timeMs },
    isRecovery,
  }: { readonly identity: Identity; readonly block: Block; readonly isRecovery: boolean },
): Keys {
  const current = directory.identities.at(-1);
  const old = current === undefined ? [] : [{ ...current, untilHeight: height }];
  const identities = [
    ...directory.identities.slice(0, -1),
    ...old,
    { identity, fromHeight: height, untilHeight: 0 },
  ];
  const ended = old.map((it) => ({ signKey: it.identity.signKey, untilMs: timeMs }));
  const isWaiting = !isRecovery && waitingRecovery(directory, timeMs) !== undefined;
  return {
    credentialHash: directory.credentialHash,
    ...foldedTo(directory.folded, identities),
    // The new identity names the recovery in use itself.
    recovery: new Uint8Array(0),
    pendingRecovery: isWaiting ? directory.pendingRecovery : [],
    formers: [...directory.formers, ...ended].slice(-maxFormers),
  };
}
