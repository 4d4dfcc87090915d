import { sha256 } from '../../../../crypto/hash.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import { parseAccountId } from '../../../../primitives/ids.ts';
import type { StatSeal } from '../../ledger/acts/stat-seal.ts';
import type { KeptQuestion, QuestionStore } from '../stores/question-store.ts';

/** What sealing works with: see `DeskParts`. */
interface SealingParts {
  readonly send: (act: StatSeal) => Promise<void>;
  readonly store: Pick<QuestionStore, 'unsealed' | 'sealed'>;
  readonly faultPoint?: (step: 'sent' | 'sealed') => void;
}

/** The last two steps of rule VQ-32: kept bytes are given, and sealed on the ledger meanwhile. */
export class AnswerSealing {
  readonly #parts: SealingParts;
  /** On their way, by query. */
  readonly #sending = new Map<string, Promise<void>>();

  constructor(parts: SealingParts) {
    this.#parts = parts;
  }

  /** The bytes, which are on disk; who asked holds them against the ledger (rule VQ-39). */
  given(kept: KeptQuestion): Uint8Array {
    const { query, answer, isSealed } = kept;
    if (answer === undefined) throw new CodedError('INTERNAL', { query });
    if (isSealed || this.#sending.has(query)) return answer;
    // The answer leaves first: sealing takes its time from who waits for it.
    const sending = new Promise<void>((resolve) => setImmediate(resolve))
      .then(() => this.#seal(kept))
      // What failed is still owed, and sent by `settle`, which tells what is wrong.
      .catch(() => undefined)
      .finally(() => this.#sending.delete(query));
    this.#sending.set(query, sending);
    return answer;
  }

  /** Sends the StatSeals that a crash or a ledger that was away left unsent. Throws why one cannot be sent. */
  async settle(): Promise<void> {
    for (const kept of await this.#parts.store.unsealed())
      await (this.#sending.get(kept.query) ?? this.#seal(kept));
  }

  /** Until nothing is on its way any more: for who stops this server. */
  async idle(): Promise<void> {
    await Promise.all(this.#sending.values());
  }

  async #seal({ query, researcher, answer }: KeptQuestion): Promise<void> {
    const { send, store, faultPoint = () => {} } = this.#parts;
    if (answer === undefined) throw new CodedError('INTERNAL', { query });
    const seal = { researcher: parseAccountId(researcher), query, answer: sha256(answer) };
    await send({ kind: 'StatSeal', ...seal }).catch((error: unknown) => {
      if (!isCoded(error, 'SEAL_TAKEN')) throw error;
    });
    faultPoint('sent');
    await store.sealed(query);
    faultPoint('sealed');
  }
}
