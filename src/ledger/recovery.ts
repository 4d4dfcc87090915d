import { labelledHash } from '../crypto/hash.ts';
import { labels } from '../crypto/labels.ts';
import { bytesToHex, equalBytes } from '../primitives/bytes.ts';
import { encodeCbor } from '../primitives/cbor.ts';
import type { AccountId } from '../primitives/ids.ts';
import { type Charter, logTakes } from './charter.ts';
import { type LedgerView, put, type Write } from './table.ts';
import type { Keys } from './tables/keys.ts';
import { recoveries } from './tables/recoveries.ts';

const dayMs = 86_400_000;
/** By the key in use: one rotation a day, */
export const rotationEveryMs = dayMs;
/** and so many between two by the recovery key: who stole the key cannot use up what the owner comes back by. */
export const maxRotations = 32;
/** How far ahead of the last number of a recovery rotation the next may lie. */
export const recoveryCounterLead = 64;
/** A new printed code without the old one waits so long, and the key that begins it is as old. */
export const recoveryWaitMs = 7 * dayMs;
/** Who signed for the account so shortly before may stop it. */
export const formerKeyMs = 30 * dayMs;

/** 32 zeros: the account has no printed code. */
export const noRecovery: Uint8Array = new Uint8Array(32);

/** Whether there is a way back. */
export function hasRecovery(recovery: Uint8Array): boolean {
  return recovery.some((byte) => byte !== 0);
}

/**
 * What an identity binds of a printed code: SHA-256(label account/recovery-keys ‖ 0x00 ‖ CBOR[recovery key 32,
 * SHA-256(code-kem public key) 32]). So nobody puts another key beside the recovery key.
 * Source: docs/protocol/acts.md, rule ID-1.
 */
export function recoveryHash(recoveryKey: Uint8Array, codeKemHash: Uint8Array): Uint8Array {
  return labelledHash(labels.accountRecoveryKeys, encodeCbor([recoveryKey, codeKemHash]));
}

type Recovery = Pick<Keys, 'identities' | 'recovery' | 'pendingRecovery'>;

/** The change that still waits at this block time. */
export function waitingRecovery(
  { pendingRecovery: [pending] }: Pick<Keys, 'pendingRecovery'>,
  timeMs: number,
): Keys['pendingRecovery'][number] | undefined {
  return pending !== undefined && timeMs < pending.beganMs + recoveryWaitMs ? pending : undefined;
}

/** The recovery in use at this block time: a change that has waited long enough counts by itself. */
export function recoveryOf(directory: Recovery, timeMs: number): Uint8Array {
  const [pending] = directory.pendingRecovery;
  if (pending !== undefined && waitingRecovery(directory, timeMs) === undefined) {
    return pending.recovery;
  }
  if (directory.recovery.length !== 0) return directory.recovery;
  return directory.identities.at(-1)?.identity.recovery ?? noRecovery;
}

/** The directory with no change waiting: one that counts by now stays, one that waits is dropped. */
export function withoutWaiting(directory: Keys, timeMs: number): Keys {
  const [pending] = directory.pendingRecovery;
  if (pending === undefined) return directory;
  const isWaiting = waitingRecovery(directory, timeMs) !== undefined;
  const recovery = isWaiting ? directory.recovery : pending.recovery;
  return { ...directory, recovery, pendingRecovery: [] };
}

/** Whether a key that is not in use may stop the change that waits: see RecoveryStop. */
export function mayStop(
  directory: Keys,
  key: Uint8Array,
  { codeKemHash, timeMs }: { readonly codeKemHash: Uint8Array; readonly timeMs: number },
): boolean {
  const pending = waitingRecovery(directory, timeMs);
  if (pending === undefined) return false;
  if (codeKemHash.length !== 0) {
    return equalBytes(recoveryHash(key, codeKemHash), recoveryOf(directory, timeMs));
  }
  return directory.formers.some((it, index) => {
    // It came when the one before it ended.
    const sinceMs = directory.formers[index - 1]?.untilMs ?? 0;
    const wasInUse = sinceMs <= pending.beganMs && it.untilMs + formerKeyMs >= pending.beganMs;
    return wasInUse && equalBytes(it.signKey, key);
  });
}

/**
 * So that the code alone finds its account: the first that names a hash keeps it, and nobody is refused for it. A
 * ledger that does not take RecoveryChange keeps none: it was founded before there were any.
 */
export function namedRecovery(
  view: LedgerView,
  charter: Charter,
  { recovery, account }: { readonly recovery: Uint8Array; readonly account: AccountId },
): readonly Write[] {
  const id = bytesToHex(recovery);
  const isKept = logTakes(charter, 'user', 5) && hasRecovery(recovery);
  if (!isKept || view.get(recoveries, id) !== undefined) return [];
  return [put(recoveries, id, { account })];
}
