import type { Spender } from '../../ledger/admission.ts';
import type { Tx } from '../../ledger/tx.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import type { TxId } from '../../primitives/ids.ts';

export const maxInFlight = 200;

interface Waiting {
  readonly spender: string;
  readonly nonce: number;
  readonly validUntilMs: number;
}

/** Transactions that passed CheckTx and wait for a block: 200 a key, and no number twice. */
export class InFlight {
  readonly #waiting = new Map<TxId, Waiting>();
  readonly #nonces = new Map<string, Map<number, TxId>>();

  /** Undefined: the transaction may wait (or waits already). */
  judge(txId: TxId, tx: Tx, spender: Spender): 'NONCE_USED' | 'SENDER_BUSY' | undefined {
    if (this.#waiting.has(txId)) return undefined;
    const nonces = this.#nonces.get(keyOf(tx, spender));
    if (nonces === undefined) return undefined;
    if (nonces.has(tx.body.nonce)) return 'NONCE_USED';
    return nonces.size >= maxInFlight ? 'SENDER_BUSY' : undefined;
  }

  add(txId: TxId, tx: Tx, spender: Spender): void {
    const key = keyOf(tx, spender);
    const { nonce, validUntilMs } = tx.body;
    this.#waiting.set(txId, { spender: key, nonce, validUntilMs });
    const nonces = this.#nonces.get(key) ?? new Map<number, TxId>();
    this.#nonces.set(key, nonces.set(nonce, txId));
  }

  /** Drops what was in a block, and what no block may take any more. */
  settle(committed: readonly TxId[], blockTimeMs: number): void {
    this.drop(committed);
    for (const [txId, { validUntilMs }] of this.#waiting) {
      if (validUntilMs < blockTimeMs) this.#drop(txId);
    }
  }

  /** These wait no more: their senders may send others in their place. */
  drop(txIds: readonly TxId[]): void {
    for (const txId of txIds) this.#drop(txId);
  }

  #drop(txId: TxId): void {
    const waiting = this.#waiting.get(txId);
    if (waiting === undefined) return;
    this.#waiting.delete(txId);
    const nonces = this.#nonces.get(waiting.spender);
    nonces?.delete(waiting.nonce);
    if (nonces?.size === 0) this.#nonces.delete(waiting.spender);
  }
}

function keyOf(tx: Tx, spender: Spender): string {
  const { sender } = tx.body;
  switch (spender.authority) {
    case 'account':
      return sender;
    case 'write-key':
      return spender.consent;
    // Numbers of their own: who holds the account's key cannot take up their room.
    case 'recovery':
      return `recovery ${sender}`;
    case 'former':
      return `former ${bytesToHex(spender.publicKey)} ${sender}`;
  }
}
