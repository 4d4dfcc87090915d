import {
  accountOf,
  bytesOf,
  day,
  identityOf,
  minute,
  type World,
} from '../../../../../test/world.ts';
import type { GenesisLog } from '../../../../ledger/genesis.ts';
import { type Act, moduleOf } from '../../../../ledger/protocol.ts';
import type { LogName } from '../../../../ledger/shapes.ts';
import { accounts } from '../../../../ledger/tables/accounts.ts';
import type { StatBatch } from '../../ledger/acts/stat-batch.ts';
import { incidentKinds } from '../../ledger/incidents.ts';
import { statPurposes } from '../../ledger/purposes.ts';
import { batchRowId, statBatches } from '../../ledger/tables/stat-batches.ts';
import { statPermits } from '../../ledger/tables/stat-permits.ts';
import { quarantineRowId, statQuarantines } from '../../ledger/tables/stat-quarantines.ts';
import { statTrios } from '../../ledger/tables/stat-trios.ts';
import {
  approveAct,
  batchAct,
  datasetAct,
  guardingLogs,
  idOf,
  incidentAct,
  permitAct,
  quarantineAct,
  queryAct,
  queryOf,
  rebuiltAct,
  sealAct,
  studyLogs,
  studyWorld,
  trioOf,
  withdrawAct,
  withdrawingLogs,
} from '../settings/study.ts';

/** One transaction of the chain: who, by which key, what. */
export interface DrawnTx {
  readonly from: string;
  readonly key: Uint8Array;
  readonly log: LogName;
  readonly holds: boolean;
  readonly act: Act;
}

const hospitals = ['north', 'harbour', 'valley', 'elm'] as const;
const servers = ['server north', 'server harbour', 'server valley', 'twin', 'lone'] as const;
const researchers = ['rosa', 'raul'] as const;
const trios = [
  ['server north', 'server harbour', 'server valley'],
  ['twin', 'server harbour', 'server valley'],
  ['server valley', 'server harbour', 'server north'],
  ['server north', 'twin', 'server valley'],
  ['server north', 'lone', 'server valley'],
] as const;

/**
 * A chain of hospitals and researchers that go on with statistics all the time: the same whenever it is made from a
 * seed. Frozen for the seed of `golden.json`: acts of a later version are in chains of their own.
 */
export class StudyChain {
  readonly logs: readonly GenesisLog[];
  readonly world: World;
  readonly #isWithdrawing: boolean;
  readonly #isGuarding: boolean;
  #state: number;
  #fresh = 0;
  readonly #reports: (readonly [by: string, report: string])[] = [];
  readonly #asked: (readonly [researcher: string, query: string])[] = [];

  /** `takes`: a ledger that takes act 49 too, or 46 to 49. */
  constructor(seed: number, takes: 'studies' | 'withdrawals' | 'incidents' = 'studies') {
    this.logs = { studies: studyLogs, withdrawals: withdrawingLogs, incidents: guardingLogs }[
      takes
    ];
    this.world = studyWorld('enrolled', this.logs);
    this.#isWithdrawing = takes !== 'studies';
    this.#isGuarding = takes === 'incidents';
    this.#state = seed;
  }

  next(): { readonly timeMs: number; readonly txs: readonly DrawnTx[] } {
    const timeMs = this.world.timeMs + this.#pick([1, 1_000, minute, day / 4, day, 9 * day]);
    const txs = Array.from({ length: this.#pick([1, 1, 2, 3, 4]) }, () => this.#tx());
    return { timeMs, txs };
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
    const [from, act] = this.#sent();
    const held = this.world.view.get(accounts, accountOf(from))?.signKey;
    const key = held ?? identityOf(from).signKey;
    const isTurned = this.#below(40) === 0;
    const right = moduleOf(act).log;
    const log = isTurned ? (right === 'doc' ? 'user' : 'doc') : right;
    return { from, key, log, holds: this.#below(25) > 0, act };
  }

  #sent(): readonly [from: string, act: Act] {
    if (this.#isGuarding && this.#below(3) === 0) return this.#guarding();
    if (this.#isWithdrawing && this.#below(9) === 0) return this.#withdrawal();
    const dice = this.#below(100);
    // A server has no way back: were more frozen, nothing would go on.
    if (dice === 0 && this.#below(8) === 0) {
      const name = this.#pick(servers);
      return [this.#pick(hospitals), { kind: 'RevokeKey', account: accountOf(name) }];
    }
    if (dice === 1) {
      const name = this.#pick(servers);
      const identity = identityOf(`${name} ${this.#fresh++}`);
      const rest = { recoveryKey: new Uint8Array(0), codeKemHash: new Uint8Array(0) };
      return [name, { kind: 'RotateKey', identity, endGrantsFrom: 0, ...rest }];
    }
    if (dice < 12) return [this.#pick(hospitals), this.#dataset()];
    if (dice < 24) return [this.#pick(hospitals), this.#permit()];
    if (dice < 36) return [this.#pick(hospitals), approveAct(this.#permitId())];
    if (dice < 52) return [this.#pick([...hospitals, ...servers]), this.#batch()];
    if (dice < 86) return this.#query();
    return [this.#pick(servers), this.#seal()];
  }

  /** Permits run out: every 200 days others come. */
  readonly #permitId = () => {
    const period = Math.floor(this.world.timeMs / (200 * day));
    return idOf(`permit ${period} ${this.#below(6)}`);
  };
  readonly #datasetId = () => idOf(`dataset ${this.#pick([0, 0, 1, 2, this.#below(20)])}`);

  #dataset(): Act {
    return datasetAct({
      dataset: this.#datasetId(),
      servers: this.#pick([trios[0], ...trios]).map(accountOf),
      kMin: this.#pick([20, 20, 20, 19]),
      researcherCap: this.#pick([500, 900]),
      purposes: this.#pick([['research'], ['research', 'quality'], ['quality', 'research']]),
    });
  }

  #permit(): Act {
    return permitAct({
      permit: this.#permitId(),
      dataset: this.#datasetId(),
      researcher: accountOf(this.#pick([...researchers, 'ana'])),
      purpose: this.#pick([...statPurposes, 'research', 'research']),
      microRho: this.#pick([0, 300, 600, 2_000]),
      notAfterMs: this.world.timeMs + this.#pick([1, 30, 300, 600, 900]) * day,
    });
  }

  #withdrawal(): readonly [from: string, act: Act] {
    const permit = this.#permitId();
    const proposer = this.world.view.get(statPermits, permit)?.proposer;
    const own = hospitals.find((name) => accountOf(name) === proposer);
    return [this.#pick([own ?? 'elm', ...hospitals]), withdrawAct(permit)];
  }

  /** Mostly of the one trio, by those who may and by others. */
  #guarding(): readonly [from: string, act: Act] {
    const own = ['north', 'valley', 'server harbour', 'server valley'] as const;
    const from = this.#pick([...own, ...own, ...hospitals, ...servers]);
    const report = `report ${this.#below(3)} ${Math.floor(this.world.timeMs / (80 * day))}`;
    const dice = this.#below(10);
    if (dice < 3) {
      this.#reports.push([from, report]);
      return [from, incidentAct({ report: bytesOf(report), incident: this.#pick(incidentKinds) })];
    }
    const trio = trioOf(this.#pick([trios[0], trios[0], trios[0], trios[0], ...trios]));
    const server = accountOf(this.#pick(['server north', 'server north', ...servers]));
    const newest = this.world.view.get(statTrios, trio)?.newestBatch ?? 0;
    if (dice < 7) {
      const firstBatch = this.#pick([0, 1, newest]);
      const lastBatch = this.#pick([0, 1, newest, newest, newest, newest + 1]);
      const [by, said] = this.#pick([...this.#reports.slice(-6), [from, report] as const]);
      const incident = queryOf(said);
      return [by, quarantineAct({ trio, server, incident, firstBatch, lastBatch })];
    }
    const row = this.world.view.get(statQuarantines, quarantineRowId(trio, server));
    const fromBatch = Math.max(1, row?.firstBatch ?? 0) + this.#pick([0, 0, 0, 1]);
    const many = Math.max(0, (row?.lastBatch ?? 0) - fromBatch + this.#pick([0, 1, 1, 1, 2]));
    const roots = Array.from({ length: Math.min(many, this.#pick([1, 9, 40])) }, (_, at) => {
      const batch = this.world.view.get(statBatches, batchRowId(trio, fromBatch + at));
      return batch?.root ?? bytesOf('none');
    });
    const itself = servers.find((name) => accountOf(name) === server) ?? 'lone';
    return [this.#pick([itself, itself, from]), rebuiltAct({ trio, server, fromBatch, roots })];
  }

  #batch(): StatBatch {
    const names = this.#pick([trios[0], trios[0], trios[0], ...trios]);
    const trio = trioOf(names);
    const newest = this.world.view.get(statTrios, trio)?.newestBatch ?? 0;
    const signatures = names.map((name) => {
      const signKey = this.world.view.get(accounts, accountOf(name))?.signKey;
      return { signKey: signKey ?? bytesOf(name), signature: new Uint8Array(64) };
    });
    const isOld = this.#below(15) === 0;
    return batchAct({
      ...{ trio, number: newest + this.#pick([1, 1, 1, 1, 2, 0]), pages: this.#pick([1, 9, 0]) },
      root: bytesOf(`root ${this.#fresh++}`),
      signatures: isOld ? batchAct().signatures : signatures,
    });
  }

  #query(): readonly [from: string, act: Act] {
    const permit = this.#permitId();
    const held = this.world.view.get(statPermits, permit);
    const isHis = held !== undefined && this.#below(8) > 0;
    const his = researchers.find((name) => accountOf(name) === held?.researcher);
    const from = (isHis ? his : undefined) ?? this.#pick(researchers);
    const query = queryOf(`${this.#below(60)}`);
    this.#asked.push([from, query]);
    const act = queryAct({
      permit,
      dataset: isHis ? held.dataset : this.#datasetId(),
      purpose: this.#pick(['research', 'research', 'research', 'quality']),
      query,
      asOfBatch: this.#pick([1, 1, 1, 2, 0]),
      microRho: this.#pick([10, 50, 100, 400, 0]),
    });
    return [from, act];
  }

  #seal(): Act {
    const [by, query] = this.#pick([['rosa', queryOf('none')] as const, ...this.#asked.slice(-9)]);
    return sealAct({
      researcher: accountOf(by),
      query,
      answer: bytesOf(`answer ${this.#below(3)}`),
    });
  }
}
