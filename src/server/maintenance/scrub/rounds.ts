import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { utf8 } from '../../../primitives/bytes.ts';
import { makeFolder, writeWhole } from '../../files.ts';
import { hospitalsOf, serversOf } from '../../process.ts';
import { doubtState } from './doubted-state.ts';
import { leaveReport } from './reports.ts';
import { type ScrubbedStore, type ScrubOptions, scrubHome } from './scrub-home.ts';

export interface Round {
  readonly items: number;
  readonly bytes: number;
  readonly found: number;
  /** Stores that could not be looked at to their ends. */
  readonly missed: number;
  readonly busyMs: number;
}

const whereFile = z.record(z.string().max(128), z.string().max(128));
/** So often it is written down where the round is. */
const everyBlobs = 1_024;
const mostFlaws = 10_000;
const toldAtOnce = 8;

/**
 * Rounds over all stores of a home. What is found is left for the gateway at once, and again with the store's end; where a
 * round over blobs is stands in a file, so that one that takes weeks goes on after a restart.
 */
export class ScrubRounds {
  readonly #home: string;
  readonly #options: ScrubOptions;
  #where: Record<string, string>;
  #since = 0;

  constructor(home: string, options: ScrubOptions = {}) {
    this.#home = home;
    this.#options = options;
    this.#where = this.#readWhere();
  }

  /** Throws as `scrubHome`, and what the disk throws. */
  async next(): Promise<Round> {
    const cpu = process.cpuUsage();
    let [items, bytes, found, missed] = [0, 0, 0, 0];
    const began = { ...this.#where };
    const told = new Map<string, number>();
    const options: ScrubOptions = {
      ...this.#options,
      afterOf: (store) => began[store],
      reached: (store, id) => this.#reached(store, id),
      onFlaw: (flaw, store) => {
        // The first at once; where a whole file is another one, the rest comes with the end of its store.
        told.set(store, (told.get(store) ?? 0) + 1);
        if ((told.get(store) ?? 0) <= toldAtOnce) {
          leaveFlaws(this.#home, store, { flaws: [flaw], isWhole: false });
        }
        this.#options.onFlaw?.(flaw, store);
      },
    };
    for await (const it of scrubHome(this.#home, options)) {
      this.#store(it);
      items += it.items;
      bytes += it.bytes;
      found += it.flaws.length;
      missed += it.missed === undefined ? 0 : 1;
    }
    const { user, system } = process.cpuUsage(cpu);
    return { items, bytes, found, missed, busyMs: Math.round((user + system) / 1_000) };
  }

  #store({ store, isWhole, flaws, missed }: ScrubbedStore): void {
    leaveFlaws(this.#home, store, { flaws, isWhole });
    if (!(store in this.#where) || missed !== undefined) return;
    delete this.#where[store];
    this.#writeWhere();
  }

  #reached(store: string, id: string): void {
    this.#where[store] = id;
    this.#since += 1;
    if (this.#since < everyBlobs) return;
    this.#since = 0;
    this.#writeWhere();
  }

  get #path(): string {
    return join(serversOf(this.#home), 'scrub', 'where.json');
  }

  #readWhere(): Record<string, string> {
    if (!existsSync(this.#path)) return {};
    try {
      return whereFile.parse(JSON.parse(readFileSync(this.#path, 'utf8')));
    } catch {
      // It only says where to go on: a round begins anew.
      return {};
    }
  }

  #writeWhere(): void {
    makeFolder(join(serversOf(this.#home), 'scrub'));
    writeWhole(this.#path, utf8(JSON.stringify(this.#where)));
  }
}

/** What was found in one store, to the hospital that it is about; of the ledger, to the first. */
export function leaveStore(home: string, { store, flaws, isWhole }: ScrubbedStore): void {
  leaveFlaws(home, store, { flaws, isWhole });
}

function leaveFlaws(
  home: string,
  part: string,
  { flaws, isWhole }: Pick<ScrubbedStore, 'flaws' | 'isWhole'>,
): void {
  if (part === 'ledger state' && flaws.length > 0) doubtState(join(serversOf(home), 'ledger'));
  const hospitals = hospitalsOf(home);
  const [first = ''] = part.split(' ');
  const hospital = hospitals.includes(first) ? first : hospitals[0];
  if (hospital === undefined) return;
  const findings = flaws.slice(0, mostFlaws).map(({ of: _of, ...it }) => it);
  const report = { part, atMs: Date.now(), isWhole, findings };
  leaveReport(join(serversOf(home), hospital), report);
}
