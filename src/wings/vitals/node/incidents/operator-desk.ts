import { equalBytes } from '../../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import { idBytes } from '../../../../primitives/ids.ts';
import { type OperatorWord, operatorWords } from '../../api/operator.ts';
import type { DataServerBase } from '../data-server-base.ts';
import { forged } from '../forged.ts';
import { openPeerStatement } from '../statements.ts';
import type { KeptQuarantine } from '../stores/incident-store.ts';
import type { Rebuilding, Rebuilt } from './rebuilding.ts';
import type { Tampering } from './tampering.ts';

/** What runs, or ran last. */
export interface OperatorWork {
  readonly what: Exclude<OperatorWord, 'status'>;
  readonly isOver: boolean;
  readonly rows: number;
  /** Places that are not what was written. */
  readonly bad: number;
  readonly ms: number;
  /** Why it did not come to its end. */
  readonly code?: string;
  readonly rebuilt: readonly Rebuilt[];
}

export interface OperatorStatus {
  readonly quarantines: readonly KeptQuarantine[];
  readonly incidents: number;
  /** Of them those that the ledger does not have yet. */
  readonly owed: number;
  readonly toTell: number;
  readonly wholeMs: number;
  readonly work: OperatorWork | undefined;
}

/** What who runs a data server has it do: it is asked by the server's own key, which lies on that machine. Rule VT-15. */
export class OperatorDesk {
  readonly #base: DataServerBase;
  readonly #tampering: Tampering;
  readonly #rebuilding: Rebuilding;
  #work: OperatorWork | undefined;
  #running: Promise<void> | undefined;

  constructor(base: DataServerBase, tampering: Tampering, rebuilding: Rebuilding) {
    this.#base = base;
    this.#tampering = tampering;
    this.#rebuilding = rebuilding;
  }

  /** Begins what is asked, one at a time, and says how things stand. Throws UNAUTHENTICATED. */
  async asked(signed: Uint8Array): Promise<OperatorStatus> {
    const said = await openPeerStatement(this.#base, signed);
    const word = operatorWords.find((it) => it === said.word.replace('operator ', ''));
    const isOwn = said.from === this.#base.account && equalBytes(said.to, idBytes(said.from));
    if (!isOwn || word === undefined) throw forged('UNAUTHENTICATED');
    if (word !== 'status' && this.#running === undefined) this.#begin(word);
    return this.status();
  }

  async status(): Promise<OperatorStatus> {
    await this.#tampering.open();
    const { incidents } = this.#base;
    const kept = await incidents.incidents();
    return {
      quarantines: this.#tampering.quarantines(),
      incidents: kept.length,
      owed: kept.filter(({ isOnLedger }) => !isOnLedger).length,
      toTell: (await incidents.toTell(10_000)).length,
      wholeMs: (await incidents.round()).wholeMs,
      work: this.#work,
    };
  }

  /** Resolves when what runs is over. */
  async settled(): Promise<void> {
    await this.#running;
  }

  #begin(what: OperatorWork['what']): void {
    const began = performance.now();
    const told = (change: Partial<OperatorWork>) => {
      const before = this.#work ?? { what, isOver: false, rows: 0, bad: 0, rebuilt: [] };
      this.#work = { ...before, ...change, ms: performance.now() - began };
    };
    this.#work = undefined;
    told({});
    const run = what === 'scrub' ? this.#scrub(told) : this.#rebuild(told);
    this.#running = run
      .then(
        () => told({ isOver: true }),
        (error: unknown) => told({ isOver: true, code: isCoded(error) ? error.code : 'INTERNAL' }),
      )
      .finally(() => {
        this.#running = undefined;
      });
  }

  async #scrub(told: (change: Partial<OperatorWork>) => void): Promise<void> {
    let rows = 0;
    const { bad } = await this.#tampering.fullScrub('scrub', (some) => {
      rows += some;
      told({ rows });
    });
    told({ rows, bad: bad.length });
  }

  async #rebuild(told: (change: Partial<OperatorWork>) => void): Promise<void> {
    const key = await this.#base.recoveryKey?.();
    if (key === undefined) throw new CodedError('RECOVERY_KEY_AWAY');
    told({ rebuilt: await this.#rebuilding.rebuild(key) });
  }
}
