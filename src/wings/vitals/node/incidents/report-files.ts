import type { DataServerBase } from '../data-server-base.ts';

/**
 * The files of a data server's reports in its hospital's folder, made again of what its own store has: where a disk had no room for
 * one, and in a home that was restored. Source: docs/protocol/vitals-tampering.md, rule VT-9.
 */
export class ReportFiles {
  readonly #base: Pick<DataServerBase, 'incidents' | 'keepReport'>;
  readonly #unkept = new Map<string, Uint8Array>();
  #isLookedThrough = false;

  constructor(base: Pick<DataServerBase, 'incidents' | 'keepReport'>) {
    this.#base = base;
  }

  /** Of a report that its store has: whatever the disk says, nothing waits for this. */
  keep(name: string, signed: Uint8Array): void {
    this.#unkept.set(name, signed);
    try {
      this.#keepOne(name, signed);
    } catch {
      // The next turn says what is wrong.
    }
  }

  /** What is not there yet. Throws what the disk throws. */
  async turn(): Promise<void> {
    if (!this.#isLookedThrough) {
      for (const { name, signed } of await this.#base.incidents.incidents())
        this.#unkept.set(name, signed);
      this.#isLookedThrough = true;
    }
    for (const [name, signed] of this.#unkept) this.#keepOne(name, signed);
  }

  #keepOne(name: string, signed: Uint8Array): void {
    this.#base.keepReport?.(name, signed);
    this.#unkept.delete(name);
  }
}
