import { randomBytes } from '../../crypto/random.ts';
import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { AccountId, ConsentId } from '../../primitives/ids.ts';
import { decodeAs, encodeAs, type Shape } from '../../primitives/shape.ts';
import { openBeside, sealBeside } from '../wallet/beside.ts';
import type { ItemStore } from './item-store.ts';
import { type KeptItem, keptItem, keptList, type ListedItem } from './kept-format.ts';

/** How much a device keeps: what was opened longest ago goes first. */
export const keptLimits = { items: 4_096, bytes: 64 * 1024 * 1024, itemBytes: 8 * 1024 * 1024 };

/** An item that was opened and verified just now. */
export interface ItemToKeep {
  readonly item: KeptItem;
  readonly leaf: Uint8Array;
  readonly holder: AccountId;
  readonly consent: ConsentId | undefined;
  /** When the grant ends; undefined: one's own. */
  readonly endMs: number | undefined;
}

const listName = 'list';

/** The wallet that it stands beside, as far as this needs it. */
interface Root {
  root(): Uint8Array;
}

/**
 * The sealed items that a device keeps beside a wallet, under the root that opens the wallet. Without a store nothing is
 * kept, and nothing is there. Nothing is given out whose grant has ended.
 *
 * Source: docs/protocol/wallet.md, rules W-29 and W-31.
 */
export class KeptItems {
  readonly #store: ItemStore | undefined;
  readonly #vault: Root;
  readonly #nowMs: () => number;

  /** `nowMs`: the later of the device's clock and the newest header that the wallet has seen. */
  constructor(store: ItemStore | undefined, vault: Root, nowMs: () => number) {
    this.#store = store;
    this.#vault = vault;
    this.#nowMs = nowMs;
  }

  /** Whether this device has a place for them. */
  get isKeeping(): boolean {
    return this.#store !== undefined;
  }

  /** What is kept and may be read now, the newest opened last. */
  async list(): Promise<readonly ListedItem[]> {
    const store = this.#store;
    if (store === undefined) return [];
    const listed = await this.#listed(store);
    const inForce = this.#inForce(listed);
    if (inForce.length < listed.length) await this.#change((it) => it);
    return inForce;
  }

  /** Undefined: it is gone, or is not what was written there. */
  async load({ name }: ListedItem): Promise<KeptItem | undefined> {
    const store = this.#store;
    return store === undefined ? undefined : this.#read(store, name, keptItem);
  }

  /** Those of before with the same leaf stay as they lie, and were opened now. What is too large is left out. */
  async keep(items: readonly ItemToKeep[]): Promise<void> {
    const store = this.#store;
    if (store === undefined || items.length === 0) return;
    const openedMs = this.#nowMs();
    await store.locked(async () => {
      const held = new Map((await this.#listed(store)).map((it) => [keyOf(it), it]));
      const files = new Map<string, Uint8Array>();
      for (const { item, leaf, holder, consent = '', endMs = 0 } of items) {
        const { account: chart, recordId } = item;
        const about = { holder, consent, chart, recordId, leaf, openedMs, endMs } as const;
        const key = keyOf(about);
        const before = held.get(key);
        // Behind all others: the list is in the order of opening.
        held.delete(key);
        if (before !== undefined && equalBytes(before.leaf, leaf)) {
          held.set(key, { ...before, ...about });
          continue;
        }
        const name = bytesToHex(randomBytes(16));
        const sealed = await this.#sealed(name, keptItem, item);
        if (sealed.length > keptLimits.itemBytes) continue;
        files.set(name, sealed);
        held.set(key, { name, ...about, bytes: sealed.length });
      }
      await this.#write(store, [...held.values()], files);
    });
  }

  /** Lets go what `isGone` says of, at once. Throws what the store throws. */
  async drop(isGone: (item: ListedItem) => boolean): Promise<void> {
    const store = this.#store;
    if (store === undefined || !(await this.#listed(store)).some(isGone)) return;
    await this.#change((items) => items.filter((it) => !isGone(it)));
  }

  /** The same where it is done by the way: a device that cannot write reads on, and is asked again the next time. */
  async dropWhereItCan(isGone: (item: ListedItem) => boolean): Promise<void> {
    await this.drop(isGone).catch(() => undefined);
  }

  async #change(edit: (items: readonly ListedItem[]) => readonly ListedItem[]): Promise<void> {
    const store = this.#store;
    if (store === undefined) return;
    await store.locked(async () => this.#write(store, edit(await this.#listed(store)), new Map()));
  }

  /** The new files, then the list that names them, then nothing that it does not name. */
  async #write(
    store: ItemStore,
    items: readonly ListedItem[],
    files: ReadonlyMap<string, Uint8Array>,
  ): Promise<void> {
    const kept = newestWithin(this.#inForce(items));
    const names = new Set([listName, ...kept.map((it) => it.name)]);
    await store.save(new Map([...files].filter(([name]) => names.has(name))));
    const list = await this.#sealed(listName, keptList, { version: 1, items: kept });
    await store.save(new Map([[listName, list]]));
    await store.drop((await store.names()).filter((it) => !names.has(it)));
  }

  #inForce(items: readonly ListedItem[]): readonly ListedItem[] {
    const nowMs = this.#nowMs();
    return items.filter(({ endMs }) => endMs === 0 || nowMs < endMs);
  }

  async #listed(store: ItemStore): Promise<readonly ListedItem[]> {
    return (await this.#read(store, listName, keptList))?.items ?? [];
  }

  async #read<T>(store: ItemStore, name: string, shape: Shape<T>): Promise<T | undefined> {
    const sealed = await store.load(name);
    if (sealed === undefined) return undefined;
    const plain = await openBeside(this.#vault.root(), word(name), sealed);
    if (plain === undefined) return undefined;
    try {
      return decodeAs(shape, plain);
    } catch (error) {
      if (!isCoded(error)) throw error;
      return undefined;
    }
  }

  #sealed<T>(name: string, shape: Shape<T>, value: T): Promise<Uint8Array> {
    return sealBeside(this.#vault.root(), word(name), encodeAs(shape, value));
  }
}

const word = (name: string): string => `kept/${name}`;

const keyOf = (it: Pick<ListedItem, 'holder' | 'consent' | 'recordId'>): string =>
  `${it.holder} ${it.consent} ${it.recordId}`;

function newestWithin(items: readonly ListedItem[]): readonly ListedItem[] {
  let bytes = 0;
  let from = items.length;
  while (from > 0 && items.length - from < keptLimits.items) {
    bytes += items[from - 1]?.bytes ?? 0;
    if (bytes > keptLimits.bytes) break;
    from -= 1;
  }
  return items.slice(from);
}
