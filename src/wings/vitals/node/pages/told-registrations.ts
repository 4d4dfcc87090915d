import { sha256 } from '../../../../crypto/hash.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { type CodedError, isCoded } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import type { DataServerBase } from '../data-server-base.ts';
import { isNewer } from '../stores/page-rows.ts';
import { ownTrio, triosOf } from '../trio.ts';
import { askPeople } from './batch-copies.ts';
import { register, registrationIn } from './registering.ts';

/** Of one server, each with 64 registrations: what one that makes them up costs is bounded. */
const answersATurn = 16;

/** How far another server was heard. */
interface Heard {
  readonly from: number;
  /** Of what came after that, by hash: it is said again as long as nothing follows. */
  readonly names: ReadonlySet<string>;
}
const nothing: Heard = { from: 0, names: new Set() };

/**
 * Takes from the two others what a patient told them and not this server: all three count the same people for a question, however she
 * told them. Each is judged as if it came from her. Source: docs/protocol/vitals-servers.md, rule VS-6b.
 */
export class ToldRegistrations {
  readonly #base: DataServerBase;
  readonly #heard = new Map<string, Heard>();

  constructor(base: DataServerBase) {
    this.#base = base;
  }

  /** Asks each of them for what came since; who is away or says nothing of use keeps nobody from being asked. Returns how many were new. */
  async turn(): Promise<number> {
    let taken = 0;
    for (const id of await triosOf(this.#base)) {
      const trio = await ownTrio(this.#base, id).catch(unlessCoded);
      for (const { account } of trio?.others ?? [])
        taken += (await this.#hear(id, account).catch(unlessCoded)) ?? 0;
    }
    return taken;
  }

  async #hear(trio: string, server: AccountId): Promise<number> {
    const key = `${trio} ${server}`;
    let taken = 0;
    for (let answers = 0; answers < answersATurn; answers++) {
      const { from, names } = this.#heard.get(key) ?? nothing;
      const { next, registrations } = await askPeople(this.#base, server, { trio, from });
      const said = new Set<string>();
      for (const signed of registrations) {
        const name = bytesToHex(sha256(signed));
        said.add(name);
        if (!names.has(name) && (await this.#take(signed))) taken++;
      }
      this.#heard.set(key, next === 0 ? { from, names: said } : { from: next, names: new Set() });
      if (next === 0) break;
    }
    return taken;
  }

  /** False: it is none that this server takes, or it is here, or one of before is meant: for those the ledger is not asked. */
  async #take(signed: Uint8Array): Promise<boolean> {
    try {
      const { account, pseudonym, counter } = registrationIn(signed);
      const kept = await this.#base.store.registration(pseudonym);
      if (kept !== undefined && !isNewer({ account, pseudonym, counter, signed }, kept))
        return false;
      await register(this.#base, signed);
      return true;
    } catch (error) {
      if (!isCoded(error) || isPassing(error)) throw error;
      return false;
    }
  }
}

/** The ledger is away: it is asked for again. */
const isPassing = ({ kind }: CodedError): boolean => kind === 'unavailable' || kind === 'fault';

const unlessCoded = (error: unknown): undefined => {
  if (!isCoded(error)) throw error;
};
