import type { AccountId } from '../primitives/ids.ts';
import type { Act } from './protocol.ts';
import type { LogName } from './shapes.ts';

/**
 * What somebody signs: `body = [suite, type, chain id, log, sender, nonce, validUntilMs, acts]`. All times
 * are milliseconds since 1970. Source: docs/protocol/transactions.md, rule T-1.
 */
export interface TxBody {
  readonly suite: number;
  readonly chainId: string;
  readonly log: LogName;
  readonly sender: AccountId;
  readonly nonce: number;
  readonly validUntilMs: number;
  readonly acts: readonly Act[];
}

export interface TxSignature {
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}

/** `tx = [body, [[public key 32, signature 64]...]]`, 64 KiB at most; id = SHA-256(tx). */
export interface Tx {
  readonly body: TxBody;
  readonly signatures: readonly TxSignature[];
}
