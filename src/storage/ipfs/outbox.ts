import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId, BlobId } from '../../primitives/ids.ts';
import type { StoredBlob } from '../blob-store.ts';
import { type Here, memberNamed } from './here.ts';
import { askToPin } from './pin.ts';
import { maxPins } from './statements.ts';

interface Waiting {
  readonly blob: StoredBlob;
  /** Undefined: it is kept there now. */
  settle(error: CodedError | undefined): void;
}

/** Questions to one member at the same time; it takes no more. */
const questionsAtOnce = 2;
/** Who did not answer is not asked again for so long. */
const restMs = 3_000;
/** Of blobs that are asked for together: a large one goes alone, so that small ones do not wait for it. */
const maxTogetherBytes = 16 * 1024 * 1024;

/**
 * What one member is to be asked to keep: whatever waits goes into one question, so that a thousand small blobs cost a
 * few of them.
 */
export class Outbox {
  readonly #here: Here;
  readonly #account: AccountId;
  #waiting: Waiting[] = [];
  #asking = 0;
  #restsUntilMs = 0;
  #lastHeardMs: number | undefined;
  #words = 0;

  constructor(here: Here, account: AccountId) {
    this.#here = here;
    this.#account = account;
  }

  /** When the member last answered; undefined: not since this process began. */
  get lastHeardMs(): number | undefined {
    return this.#lastHeardMs;
  }

  /** How often it was heard: what a clock need not tell. */
  get words(): number {
    return this.#words;
  }

  heard(): void {
    this.#words += 1;
    this.#lastHeardMs = this.#here.now();
    this.#restsUntilMs = 0;
  }

  /** Resolves when the member has it on its disk. Throws HOLDER_SILENT, or what it refuses with. */
  keep(blob: StoredBlob): Promise<void> {
    if (this.#here.now() < this.#restsUntilMs) {
      return Promise.reject(new CodedError('HOLDER_SILENT', { account: this.#account }));
    }
    return new Promise((resolve, reject) => {
      const settle = (error: CodedError | undefined) => (error ? reject(error) : resolve());
      this.#waiting.push({ blob, settle });
      // After the input of this turn was taken in: all of it goes together.
      if (this.#asking < questionsAtOnce) setImmediate(() => void this.#ask());
    });
  }

  async #ask(): Promise<void> {
    if (this.#asking >= questionsAtOnce) return;
    this.#asking += 1;
    for (let batch = this.#next(); batch.length > 0; batch = this.#next()) {
      for (const [at, error] of (await this.#askFor(batch)).entries()) batch[at]?.settle(error);
    }
    this.#asking -= 1;
  }

  #next(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { blob } of this.#waiting) {
      bytes += blob.bytes;
      if (count === maxPins || (count > 0 && bytes > maxTogetherBytes)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  /** For each of the batch why it is not kept. */
  async #askFor(batch: readonly Waiting[]): Promise<readonly (CodedError | undefined)[]> {
    const here = this.#here;
    const account = this.#account;
    // The same blob twice is asked for once.
    const blobs = [...new Map(batch.map(({ blob }) => [blob.id, blob])).values()];
    try {
      const atMs = Math.max(
        here.now(),
        ...blobs.map(({ id }) => (here.rows.lastErasedAt(id) ?? 0) + 1),
      );
      const member = memberNamed(here, account);
      const onWorking = () => this.heard();
      const codes = await askToPin(here, { member, blobs, atMs, onWorking });
      this.heard();
      here.rows.together(() => {
        for (const { id } of blobs) if (codes.get(id) === '') here.rows.pinned(id, account, atMs);
      });
      return batch.map(({ blob }) => refusal(codes.get(blob.id), blob.id));
    } catch (error) {
      const told = isCoded(error) ? error : new CodedError('INTERNAL', { account }, error);
      if (told.code === 'HOLDER_SILENT') this.#restsUntilMs = here.now() + restMs;
      return batch.map(() => told);
    }
  }
}

/** Undefined: kept. What it left out it does not keep. */
function refusal(code: string | undefined, blobId: BlobId): CodedError | undefined {
  if (code === '') return undefined;
  const codes = [
    'QUOTA_EXCEEDED',
    'BLOB_ERASED',
    'BLOB_UNKNOWN',
    'DISK_FULL',
    'STORE_BUSY',
  ] as const;
  const known = codes.find((it) => it === code);
  return new CodedError(known ?? 'PIN_REFUSED', { blobId });
}
