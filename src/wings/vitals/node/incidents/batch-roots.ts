import { leafHash, merkleRoot } from '../../../../ledger/merkle.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import type { PageStore } from '../stores/page-store.ts';

/** A batch that is looked at in several steps: what its row lists, and what was read so far. */
interface PartOfBatch {
  readonly name: string;
  readonly pages: readonly Uint8Array[];
  /** Hashes of leaves, by the page's hex. */
  readonly hashes: Map<string, Uint8Array>;
  after: number;
}

/** Roots of batches as a store has them, for a scrub. Undefined: a page is missing, or the batch, or it cannot be read. */
export class BatchRoots {
  readonly #store: Pick<PageStore, 'sealedBatch' | 'upkeep'>;
  #part: PartOfBatch | undefined;

  constructor(store: Pick<PageStore, 'sealedBatch' | 'upkeep'>) {
    this.#store = store;
  }

  /** As the batch's row says it is. */
  said(trio: string, number: number): Promise<Uint8Array | undefined> {
    return readable(async () => (await this.#store.sealedBatch(trio, number))?.root);
  }

  /** From its leaves. */
  made(trio: string, number: number): Promise<Uint8Array | undefined> {
    return readable(async () => {
      const batch = await this.#store.sealedBatch(trio, number);
      const leaves = await this.#store.upkeep?.leaves(batch?.pages ?? []);
      if (leaves === undefined || leaves.length === 0) return undefined;
      return merkleRoot(leaves.map(leafHash));
    });
  }

  /** From its leaves, some rows a call; `more`: those were not the last. A store that has no such steps: all at once. */
  madeInSteps(
    trio: string,
    number: number,
    rows: number,
  ): Promise<Uint8Array | 'more' | undefined> {
    const { upkeep } = this.#store;
    if (upkeep?.leavesAfter === undefined) return this.made(trio, number);
    const leavesAfter = upkeep.leavesAfter.bind(upkeep);
    const name = `${trio} ${number}`;
    const before = this.#part?.name === name ? this.#part : undefined;
    this.#part = undefined;
    return readable(async () => {
      const part = before ?? (await this.#begun(name, trio, number));
      if (part === undefined) return undefined;
      const { leaves, next } = await leavesAfter({ trio, batch: number, after: part.after, rows });
      for (const { page, leaf } of leaves) part.hashes.set(bytesToHex(page), leafHash(leaf));
      if (next === undefined) return rootOf(part);
      this.#part = Object.assign(part, { after: next });
      return 'more';
    });
  }

  async #begun(name: string, trio: string, number: number): Promise<PartOfBatch | undefined> {
    const pages = (await this.#store.sealedBatch(trio, number))?.pages ?? [];
    return pages.length === 0 ? undefined : { name, pages, hashes: new Map(), after: 0 };
  }
}

function rootOf({ pages, hashes }: PartOfBatch): Uint8Array | undefined {
  const listed = pages.map((page) => hashes.get(bytesToHex(page))).filter((it) => it !== undefined);
  return listed.length === pages.length ? merkleRoot(listed) : undefined;
}

async function readable<It>(read: () => Promise<It>): Promise<It | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isCoded(error, 'HOME_INVALID')) return undefined;
    throw error;
  }
}
