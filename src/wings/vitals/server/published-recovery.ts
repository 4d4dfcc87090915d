import type { AccountId } from '../../../primitives/ids.ts';
import { hasPassed } from '../api/report-pace.ts';
import type { ServerAddresses } from './peer-line.ts';

/** A gateway is not asked by each upload. */
const pauseMs = 60_000;

/** Which servers have published a recovery key: who has stays so. Source: docs/protocol/vitals-servers.md, rule VS-32a. */
export class PublishedRecovery {
  readonly #addresses: Pick<ServerAddresses, 'recoveryKeyOf'>;
  readonly #now: () => number;
  readonly #have = new Set<AccountId>();
  readonly #asked = new Map<AccountId, number>();

  constructor(addresses: Pick<ServerAddresses, 'recoveryKeyOf'>, now: () => number) {
    this.#addresses = addresses;
    this.#now = now;
  }

  /** False also where it cannot be found out: a gateway that is away keeps no page out. */
  readonly ofAll = async (servers: readonly AccountId[]): Promise<boolean> => {
    for (const server of servers) if (!(await this.#has(server))) return false;
    return true;
  };

  async #has(server: AccountId): Promise<boolean> {
    if (this.#have.has(server)) return true;
    const asked = this.#asked.get(server);
    if (asked !== undefined && !hasPassed(asked, this.#now(), pauseMs)) return false;
    this.#asked.set(server, this.#now());
    const key = await this.#addresses.recoveryKeyOf(server).catch(() => undefined);
    if (key !== undefined) this.#have.add(server);
    return key !== undefined;
  }
}
