import { sha256 } from '../../../src/crypto/hash.ts';
import type { RotateKey } from '../../../src/ledger/acts/rotate-key.ts';
import type { Identity } from '../../../src/ledger/identity.ts';
import { suite } from '../../../src/ledger/object-types.ts';
import type { AccountId } from '../../../src/primitives/ids.ts';
import { signTx } from '../../../src/sdk/client/send-tx.ts';
import type { CodeKeys } from '../../../src/sdk/wallet/identity.ts';

/** What a recovery rotation says; its counter is its number. */
export interface RecoveryRotation {
  readonly chainId: string;
  readonly account: AccountId;
  readonly identity: Identity;
  /** What was granted at this height or later has ended; 0: nothing. */
  readonly endGrantsFrom: number;
  /** The last one that the ledger took, and one more. */
  readonly counter: number;
  readonly validUntilMs: number;
}

/**
 * One RotateKey and nothing else, signed by the printed code's key alone: what an owner comes back by, whatever
 * became of the account's own keys. Source: docs/protocol/transactions.md, rule T-8.
 */
export async function signedRecovery(
  { sign, kem }: CodeKeys,
  rotation: RecoveryRotation,
): Promise<Uint8Array> {
  const { chainId, account, identity, endGrantsFrom, counter, validUntilMs } = rotation;
  const act: RotateKey = {
    kind: 'RotateKey',
    identity,
    recoveryKey: sign.publicKey,
    codeKemHash: sha256(kem.publicKey),
    endGrantsFrom,
  };
  const body = {
    ...({ suite, chainId, log: 'user', sender: account } as const),
    ...{ nonce: counter, validUntilMs, acts: [act] },
  };
  return signTx(body, sign);
}
