import { sha256 } from '../../../../crypto/hash.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import { hasPassed } from '../../api/report-pace.ts';
import type { DataServerBase } from '../data-server-base.ts';
import { isNewer } from '../stores/page-rows.ts';
import { ownTrio, triosOf } from '../trio.ts';
import { askPeople } from './batch-copies.ts';
import { register, registrationIn } from './registering.ts';

/** Of one server, in all trios together: what one that makes them up costs is bounded. */
const answersATurn = 16;
/** Who takes longer for an answer holds up this turn, and then none for a while. */
const slowMs = 2_000;
const turnMs = 60_000;
const longestPauseMs = 3_600_000;
/** All of it is heard again: places that were given anew, and people who were of the trio only later. */
const anewMs = 3_600_000;

/** How far another server was heard in one trio. */
interface Heard {
  readonly sinceMs: number;
  readonly from: number;
  /** Of what came after that and is here, by hash: it is said again as long as nothing follows. */
  readonly here: ReadonlySet<string>;
  /** Nothing more came. */
  readonly isOver: boolean;
}

interface Pause {
  readonly sinceMs: number;
  readonly ms: number;
}

/**
 * Takes from the two others what a patient told them and not this server: all three count the same people for a question, however she
 * told them. Each is judged as if it came from her. Source: docs/protocol/vitals-servers.md, rule VS-6b.
 */
export class ToldRegistrations {
  readonly #base: DataServerBase;
  readonly #heard = new Map<string, Heard>();
  readonly #pauses = new Map<AccountId, Pause>();

  constructor(base: DataServerBase) {
    this.#base = base;
  }

  /** Asks each server for what came since, all at once: who is away, slow or a liar holds no other up. Returns how many were taken. */
  async turn(): Promise<number> {
    const others = [...(await this.#others())];
    const all = await Promise.allSettled(
      others.map(([server, trios]) => this.#hear(server, trios)),
    );
    // Once all have ended: the stores are closed after a turn.
    const failed = all.find((it) => it.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return all.reduce((sum, it) => sum + (it.status === 'fulfilled' ? it.value : 0), 0);
  }

  /** All other servers of its trios. */
  async others(): Promise<readonly AccountId[]> {
    return [...(await this.#others()).keys()];
  }

  /** With their trios, those with pages first: anybody with the right `stat` founds others. */
  async #others(): Promise<ReadonlyMap<AccountId, readonly string[]>> {
    const others = new Map<AccountId, string[]>();
    const trios = [...(await this.#base.store.trios()), ...(await triosOf(this.#base))];
    for (const id of new Set(trios)) {
      const trio = await ownTrio(this.#base, id).catch(unlessCoded);
      for (const { account } of trio?.others ?? [])
        others.set(account, [...(others.get(account) ?? []), id]);
    }
    return others;
  }

  async #hear(server: AccountId, trios: readonly string[]): Promise<number> {
    const { now } = this.#base;
    const pause = this.#pauses.get(server);
    if (pause !== undefined && !hasPassed(pause.sinceMs, now(), pause.ms)) return 0;
    let [taken, answers] = [0, 0];
    for (const trio of trios) {
      for (let isOver = false; !isOver && answers < answersATurn; answers++) {
        const began = performance.now();
        const asked = this.#askedOf(trio, server);
        const answer = await askPeople(this.#base, server, { trio, from: asked.from }).catch(
          unlessCoded,
        );
        // Not how long it takes here to judge what came.
        const isSlow = performance.now() - began >= slowMs;
        const came = answer && (await this.#came(asked, answer).catch(unlessCoded));
        if (came !== undefined) this.#heard.set(`${trio} ${server}`, came.heard);
        taken += came?.taken ?? 0;
        if (isSlow) {
          const ms = Math.min(longestPauseMs, Math.max(turnMs, 2 * (pause?.ms ?? 0)));
          this.#pauses.set(server, { sinceMs: now(), ms });
          return taken;
        }
        isOver = came?.heard.isOver ?? true;
      }
    }
    this.#pauses.delete(server);
    return taken;
  }

  /** From where on. */
  #askedOf(trio: string, server: AccountId): Heard {
    const { now } = this.#base;
    const before = this.#heard.get(`${trio} ${server}`);
    const isAnew =
      before === undefined || (before.isOver && hasPassed(before.sinceMs, now(), anewMs));
    return isAnew ? { sinceMs: now(), from: 0, here: new Set(), isOver: false } : before;
  }

  /** How far it is heard then, and how many were taken. Throws what asking the ledger throws: then it is said again. */
  async #came(
    { sinceMs, from, here }: Heard,
    { next, registrations }: Awaited<ReturnType<typeof askPeople>>,
  ): Promise<{ readonly heard: Heard; readonly taken: number }> {
    const areHere = new Set<string>();
    let taken = 0;
    for (const signed of registrations) {
      const name = bytesToHex(sha256(signed));
      const came = here.has(name) ? 'here' : await this.#take(signed);
      if (came === 'taken') taken++;
      // What is refused may be taken later: she is thawed, or the ledger shows her new key.
      if (came !== 'refused') areHere.add(name);
    }
    const isOver = next === 0;
    return { heard: { sinceMs, from: isOver ? from : next, here: areHere, isOver }, taken };
  }

  /** `here`: it is, or something newer; the ledger is not asked then. Throws what asking the ledger throws. */
  async #take(signed: Uint8Array): Promise<'taken' | 'here' | 'refused'> {
    try {
      const { account, pseudonym, counter } = registrationIn(signed);
      const kept = await this.#base.store.registration(pseudonym);
      if (kept !== undefined && !isNewer({ account, pseudonym, counter, signed }, kept))
        return 'here';
      await register(this.#base, signed);
      return 'taken';
    } catch (error) {
      if (!isCoded(error) || error.kind === 'unavailable' || error.kind === 'fault') throw error;
      return 'refused';
    }
  }
}

const unlessCoded = (error: unknown): undefined => {
  if (!isCoded(error)) throw error;
};
