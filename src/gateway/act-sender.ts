import type { Code } from '../codes/index.ts';
import { labels } from '../crypto/labels.ts';
import { type SigningKey, signLabelled } from '../crypto/signature.ts';
import type { CommitOutcome, LedgerEngine } from '../engines/engine.ts';
import { encodeTx, encodeTxBody } from '../ledger/codec.ts';
import { suite } from '../ledger/object-types.ts';
import type { Act } from '../ledger/protocol.ts';
import { refusalOf } from '../ledger/refusals.ts';
import type { LogName } from '../ledger/shapes.ts';
import type { TxBody } from '../ledger/tx.ts';
import { decodeCbor } from '../primitives/cbor.ts';
import { CodedError } from '../primitives/errors.ts';
import type { AccountId, TxId } from '../primitives/ids.ts';
import type { CommittedState } from './committed-state.ts';

const validMs = 60_000;
const attempts = 3;

interface SenderBase {
  readonly engine: LedgerEngine;
  readonly view: CommittedState;
  readonly organisation: AccountId;
  readonly key: SigningKey;
  readonly now: () => number;
}

/**
 * Sends the organisation's own acts. Numbers rise from what the ledger holds; when a number turns out to be
 * used (another process of the same organisation, or a transaction from before a restart) they are taken from
 * the ledger anew and the act is sent again, which is safe because that refusal changes nothing.
 */
export class ActSender {
  readonly #base: SenderBase;
  #last: number | undefined;

  constructor(base: SenderBase) {
    this.#base = base;
  }

  /** Committed and accepted. Throws the rule's refusal, COMMIT_TIMEOUT, and what the engine throws. */
  async send(log: LogName, acts: readonly Act[], timeoutMs: number): Promise<CommitOutcome> {
    for (let attempt = 1; ; attempt++) {
      const tx = await this.#sign(log, acts, await this.#nextNonce());
      const { code, txId } = await this.#base.engine.submit(tx);
      const outcome = code === 0 ? await this.#base.engine.waitCommit(txId, timeoutMs) : undefined;
      const refused = outcome === undefined ? code : outcome.result.code;
      if (outcome !== undefined && refused === 0) return outcome;
      const error = refusedTx(refused, txId, outcome?.result.data);
      if (!isNonceTrouble(error.code) || attempt === attempts) throw error;
      this.#last = undefined;
    }
  }

  async #nextNonce(): Promise<number> {
    if (this.#last === undefined) {
      const account = await this.#base.view.account(this.#base.organisation);
      if (account === undefined) throw new CodedError('SENDER_UNKNOWN');
      // Another call may have asked meanwhile and be ahead already.
      this.#last = Math.max(account.window.top, this.#last ?? 0);
    }
    this.#last += 1;
    return this.#last;
  }

  async #sign(log: LogName, acts: readonly Act[], nonce: number): Promise<Uint8Array> {
    const body: TxBody = {
      suite,
      chainId: this.#base.engine.chainId,
      log,
      sender: this.#base.organisation,
      nonce,
      validUntilMs: Math.max(this.#base.now(), this.#base.engine.status().timeMs) + validMs,
      acts,
    };
    const signature = await signLabelled(this.#base.key, labels.txSign, encodeTxBody(body));
    return encodeTx({ body, signatures: [{ publicKey: this.#base.key.publicKey, signature }] });
  }
}

function isNonceTrouble(code: Code): boolean {
  return code === 'NONCE_USED' || code === 'NONCE_OLD' || code === 'NONCE_FAR';
}

/** A refusal by number, as clients are told it: which transaction, and which of its acts. */
export function refusedTx(number: number, txId: TxId, data?: Uint8Array): CodedError {
  const code = refusalOf(number)?.code ?? 'INTERNAL';
  const act = data === undefined ? undefined : refusedAct(data);
  return new CodedError(code, act === undefined ? { txId } : { txId, act });
}

/** Result data of a refused transaction: CBOR [index of the act that refused]. */
function refusedAct(data: Uint8Array): number | undefined {
  if (data.length === 0) return undefined;
  const value = decodeCbor(data);
  const index: unknown = Array.isArray(value) ? value[0] : undefined;
  return typeof index === 'number' ? index : undefined;
}
