import type { AccountId } from '../../../primitives/ids.ts';
import { hasPassed } from '../api/report-pace.ts';
import type { PageStore } from '../node/stores/page-store.ts';
import type { ServerAddresses } from './peer-line.ts';

/** A gateway is not asked by each upload. */
const pauseMs = 60_000;

/**
 * Which servers have published a recovery key: who has stays so, also across restarts, or whoever sends pages while nobody knows it yet
 * would have them taken without envelopes. Source: docs/protocol/vitals-servers.md, rule VS-32a.
 */
export class PublishedRecovery {
  readonly #addresses: Pick<ServerAddresses, 'recoveryKeyOf'>;
  readonly #store: Pick<PageStore, 'kept' | 'keepOnce'>;
  readonly #now: () => number;
  readonly #have = new Set<AccountId>();
  /** When each was asked last, and what came or will come of it. */
  readonly #asked = new Map<AccountId, { readonly atMs: number; readonly has: Promise<boolean> }>();

  constructor(of: {
    readonly addresses: Pick<ServerAddresses, 'recoveryKeyOf'>;
    readonly store: Pick<PageStore, 'kept' | 'keepOnce'>;
    readonly now: () => number;
  }) {
    this.#addresses = of.addresses;
    this.#store = of.store;
    this.#now = of.now;
  }

  /** False also where it cannot be found out: a gateway that is away keeps no page out. */
  readonly ofAll = async (servers: readonly AccountId[]): Promise<boolean> => {
    const all = await Promise.all(servers.map((it) => this.#has(it)));
    return all.every((it) => it);
  };

  async #has(server: AccountId): Promise<boolean> {
    if (this.#have.has(server)) return true;
    const asked = this.#asked.get(server);
    if (asked !== undefined && !hasPassed(asked.atMs, this.#now(), pauseMs)) return asked.has;
    // Who comes meanwhile waits for the same answer.
    const has = this.#find(server);
    this.#asked.set(server, { atMs: this.#now(), has });
    return has;
  }

  async #find(server: AccountId): Promise<boolean> {
    const name = `recovery of ${server}`;
    const isKept = (await this.#store.kept(name)) !== undefined;
    if (!isKept) {
      const key = await this.#addresses.recoveryKeyOf(server).catch(() => undefined);
      if (key === undefined) return false;
      await this.#store.keepOnce(name, Uint8Array.of(1));
    }
    this.#have.add(server);
    return true;
  }
}
