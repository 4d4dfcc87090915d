import { createHash } from 'node:crypto';
import {
  accountOf,
  day,
  identityOf,
  minute,
  validatorOf,
  type World,
} from '../../../../test/world.ts';
import { validatorAddress } from '../../../ledger/chain/validators.ts';
import type { Act } from '../../../ledger/protocol.ts';
import { accounts } from '../../../ledger/tables/accounts.ts';
import type { Misbehaviour } from '../../../ledger/validator-set.ts';
import type { Change } from '../ledger/changes.ts';
import { proposals } from '../ledger/tables/proposals.ts';
import { changes, four, idOf, proposeAct, voteAct, votingLogs, worldOf } from './voting.ts';

/** One transaction of the chain: who, by which key, what. */
export interface DrawnTx {
  readonly from: string;
  readonly key: Uint8Array;
  readonly act: Act;
}
export interface DrawnBlock {
  readonly timeMs: number;
  readonly txs: readonly DrawnTx[];
  readonly misbehaviour: readonly Misbehaviour[];
}

interface Made {
  readonly by: string;
  readonly change: Change;
  readonly number: number;
}

const everybody = [...four, 'elm', 'fir'] as const;
const userActs = votingLogs.find(({ name }) => name === 'user')?.acts ?? [];

/**
 * A chain of a consortium that votes all the time: the same whenever it is made from a seed. Frozen for the seed of
 * `golden.json`: changes of a later version are in chains of their own.
 */
export class VotingChain {
  readonly world: World = worldOf(...four);
  readonly #made: Made[] = [];
  #state: number;
  #fresh = 0;

  constructor(seed: number) {
    this.#state = seed;
  }

  next(): DrawnBlock {
    const timeMs = this.world.timeMs + this.#pick([1, 1_000, 1_000, minute, day / 4, day / 2]);
    const txs = Array.from({ length: this.#pick([0, 1, 1, 1, 2, 3]) }, () => this.#tx());
    const twice = this.#pick([...four, 'elm']);
    const { publicKey } = validatorOf(twice);
    const evidence = { validatorAddress: validatorAddress(publicKey), height: 1 + this.#below(9) };
    return { timeMs, txs, misbehaviour: this.#below(40) === 0 ? [evidence] : [] };
  }

  /** Mulberry32. */
  #below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let z = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) % bound;
  }

  #pick<T>(list: readonly T[]): T {
    const picked = list[this.#below(list.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }

  #tx(): DrawnTx {
    const from = this.#pick([...everybody, ...four]);
    const held = this.world.view.get(accounts, accountOf(from))?.signKey;
    const own = held ?? identityOf(from).signKey;
    // Also by a key that was given up.
    const key = this.#below(20) === 0 ? identityOf(from).signKey : own;
    return { from, key, act: this.#act(from) };
  }

  #act(from: string): Act {
    const dice = this.#below(30);
    // Two of four that are frozen would never decide again.
    if (dice === 0 && this.#frozen() === undefined)
      return { kind: 'RevokeKey', account: accountOf(from) };
    if (dice < 6 || this.#made.length === 0) return this.#proposal(from);
    const isOpen = ({ by, change, number }: Made) =>
      this.world.view.get(proposals, idOf(by, change, number))?.outcome === 'open';
    const open = this.#made.slice(-40).filter(isOpen).slice(-3);
    const recent = open.length === 0 ? this.#made.slice(-3) : open;
    const { by, change, number } = dice === 9 ? this.#pick(this.#made) : this.#pick(recent);
    return voteAct(idOf(by, change, number), this.#below(8) > 0);
  }

  #frozen(): string | undefined {
    return everybody.find((name) => this.world.view.get(accounts, accountOf(name))?.frozen);
  }

  #proposal(from: string): Act {
    const change = this.#change();
    const number = this.#pick([1, 1, 2, this.#fresh++]);
    this.#made.push({ by: from, change, number });
    return proposeAct(change, number);
  }

  #change(): Change {
    const frozen = this.#frozen();
    if (frozen !== undefined && this.#below(2) === 0) {
      return changes.memberKeys(frozen, `${frozen} anew ${this.#fresh++}`);
    }
    const about = this.#pick(everybody);
    const again = `${about} anew ${this.#below(5)}`;
    return this.#pick<() => Change>([
      () => changes.validatorIn(about, this.#below(2) === 0 ? `${about} validator` : again),
      () => changes.validatorOut(about),
      () => changes.memberIn(about),
      () => changes.memberIn(about),
      () => changes.memberOut(about),
      () =>
        changes.memberChange(about, {
          rights: this.#pick([['serve'], ['enrol', 'serve', 'batch']]),
        }),
      () => changes.memberChange(about, { name: this.#pick(everybody) }),
      () => changes.memberKeys(about, again),
      () => changes.profile(this.#pick([userActs, [1, 2, 3]])),
    ])();
  }
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** SHA-256 over the app hashes of a chain, one after the other. */
export const digestOf = (appHashes: readonly string[]): string =>
  createHash('sha256')
    .update(Buffer.from(appHashes.join(''), 'hex'))
    .digest('hex');
