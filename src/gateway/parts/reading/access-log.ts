import type { AccessEntry } from '../../../ledger/acts/access-log.ts';
import { decodeCbor, readArray, readBytes } from '../../../primitives/cbor.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import type { TxId } from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';

/** Where an entry stands, and whether its consent was live at that block's time. */
export interface LoggedLook {
  readonly txId: TxId;
  readonly height: number;
  readonly timeMs: number;
  readonly index: number;
  readonly isLive: boolean;
}

interface Waiting {
  readonly entry: AccessEntry;
  readonly resolve: (logged: LoggedLook) => void;
  readonly reject: (error: unknown) => void;
}

const maxEntries = 500;

/**
 * Writes looks to the ledger. A look that comes while none is on its way goes at once; the others gather for
 * `gatherMs` at most and share one AccessLog. Each caller learns the one bit that the rule answered for its entry.
 * Source: docs/protocol/reading.md, rule R-7.
 */
export class AccessLogWriter {
  readonly #base: GatewayBase;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #onItsWay = 0;

  constructor(base: GatewayBase) {
    this.#base = base;
  }

  /** Resolves after commit. Throws LEDGER_STALLED when no block came, and what refuses a transaction. */
  write(entry: AccessEntry): Promise<LoggedLook> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject });
      const { gatherMs } = this.#base.settings;
      if (this.#waiting.length >= maxEntries) this.#flush();
      else this.#timer ??= setTimeout(() => this.#flush(), this.#onItsWay === 0 ? 0 : gatherMs);
    });
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#waiting;
    this.#waiting = [];
    if (batch.length > 0) void this.#send(batch);
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    const { sender, settings, figures } = this.#base;
    this.#onItsWay += 1;
    try {
      const entries = batch.map(({ entry }) => entry);
      const acts = [{ kind: 'AccessLog', entries }] as const;
      const outcome = await sender.send('user', acts, settings.stalledMs);
      const bits = liveBits(outcome.result.data, batch.length);
      figures.observe('looks_per_tx', batch.length);
      const { txId, height, timeMs } = outcome;
      for (const [index, { resolve }] of batch.entries()) {
        resolve({ txId, height, timeMs, index, isLive: bits[index] === 1 });
      }
    } catch (error) {
      const told = isCoded(error, 'COMMIT_TIMEOUT')
        ? new CodedError('LEDGER_STALLED', {}, error)
        : error;
      for (const { reject } of batch) reject(told);
    } finally {
      this.#onItsWay -= 1;
      if (this.#onItsWay === 0) this.#flush();
    }
  }
}

/** Result data of an accepted AccessLog: CBOR [one byte per entry]. Throws CBOR_INVALID, CBOR_SHAPE. */
export function liveBits(data: Uint8Array, entries: number, act = 0): Uint8Array {
  return readBytes(readArray(decodeCbor(data), 'result data')[act], 'bits', entries);
}
