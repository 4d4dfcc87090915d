import {
  accountOf,
  bytesOf,
  day,
  enrolAct,
  type Founders,
  identityOf,
  type Sent,
  t0,
  validatorOf,
  World,
} from '../../../../../test/world.ts';
import { type GenesisLog, spineLogs } from '../../../../ledger/genesis.ts';
import type { Act } from '../../../../ledger/protocol.ts';
import { spineRights } from '../../../../ledger/rights.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import type { Incident } from '../../ledger/acts/incident.ts';
import type { ServerQuarantine } from '../../ledger/acts/server-quarantine.ts';
import type { ServerRebuilt } from '../../ledger/acts/server-rebuilt.ts';
import type { StatBatch } from '../../ledger/acts/stat-batch.ts';
import type { StatDataset } from '../../ledger/acts/stat-dataset.ts';
import type { StatPermit } from '../../ledger/acts/stat-permit.ts';
import type { StatQuery } from '../../ledger/acts/stat-query.ts';
import type { StatSeal } from '../../ledger/acts/stat-seal.ts';
import { trioId } from '../../ledger/tables/stat-trios.ts';

/** A ledger of four hospitals, three of which keep statistics: a server each, and two researchers. */

const keeping = ['north', 'harbour', 'valley'] as const;

/** What the logs of these chains take. Frozen with the golden chain and the vectors. */
const taken = {
  user: [1, 2, 3, 4, 5, 6, 10, 11, 12, 20, 30, 40, 41, 42, 44, 45],
  doc: [21, 31, 43],
} as const;
export const studyLogs: readonly GenesisLog[] = spineLogs.map((log) => ({
  ...log,
  acts: taken[log.name],
}));

/** The same with permits that are taken back. */
export const withdrawingLogs: readonly GenesisLog[] = studyLogs.map((log) => ({
  ...log,
  acts: log.name === 'user' ? [...log.acts, 49] : log.acts,
}));

/** And with data servers that are tampered with. */
export const guardingLogs: readonly GenesisLog[] = withdrawingLogs.map((log) => ({
  ...log,
  acts: log.name === 'user' ? [...log.acts.filter((it) => it < 46), 46, 47, 48, 49] : log.acts,
}));

export const founders: Founders = {
  organisations: [
    ...keeping.map((name) => [name, [...spineRights, 'stat'] as const] as const),
    ['elm', spineRights] as const,
  ],
  validators: [validatorOf('north')],
};

/** Who is enrolled by whom as what; `twin` is a second server of North, `lone` one of a hospital without the right. */
export const enrolled = [
  ['north', 'server north', 'data-server'],
  ['north', 'twin', 'data-server'],
  ['harbour', 'server harbour', 'data-server'],
  ['valley', 'server valley', 'data-server'],
  ['elm', 'lone', 'data-server'],
  ['north', 'rosa', 'researcher'],
  ['valley', 'raul', 'researcher'],
  ['harbour', 'ana', 'patient'],
] as const;

export const trio = ['server north', 'server harbour', 'server valley'] as const;
export const idOf = (name: string): string => bytesToHex(bytesOf(name)).slice(0, 32);
export const queryOf = (name: string): string => bytesToHex(bytesOf(name));
export const trioOf = (names: readonly string[] = trio): string => trioId(names.map(accountOf));

export const datasetAct = (change: Partial<StatDataset> = {}): StatDataset => ({
  ...{ kind: 'StatDataset', dataset: idOf('dataset'), panel: 1, edges: 1, windows: 1 },
  servers: trio.map(accountOf),
  ...{ kMin: 20, pagesPerPatient: 24, researcherCap: 500, datasetCap: 800 },
  purposes: ['research', 'quality'],
  ...change,
});
export const permitAct = (change: Partial<StatPermit> = {}): StatPermit => ({
  ...{ kind: 'StatPermit', permit: idOf('permit'), dataset: idOf('dataset') },
  ...{ researcher: accountOf('rosa'), purpose: 'research', microRho: 600 },
  notAfterMs: t0 + 200 * day,
  ...change,
});
export const approveAct = (permit = idOf('permit')): Act => ({ kind: 'StatApprove', permit });
export const withdrawAct = (permit = idOf('permit')): Act => ({ kind: 'StatWithdraw', permit });
export const batchAct = (change: Partial<StatBatch> = {}): StatBatch => ({
  ...{ kind: 'StatBatch', trio: trioOf(), number: 1, root: bytesOf('pages'), pages: 3 },
  ...{ firstHour: 499_990, lastHour: 500_000 },
  signatures: signedBy(...trio),
  ...change,
});
export const signedBy = (...names: readonly string[]): StatBatch['signatures'] =>
  names.map((name) => ({ signKey: identityOf(name).signKey, signature: new Uint8Array(64) }));
export const queryAct = (change: Partial<StatQuery> = {}): StatQuery => ({
  ...{ kind: 'StatQuery', permit: idOf('permit'), dataset: idOf('dataset'), purpose: 'research' },
  ...{ query: queryOf('query'), asOfBatch: 1, microRho: 100 },
  ...change,
});
export const sealAct = (change: Partial<StatSeal> = {}): StatSeal => ({
  ...{ kind: 'StatSeal', researcher: accountOf('rosa'), query: queryOf('query') },
  answer: bytesOf('answer'),
  ...change,
});

export const incidentAct = (change: Partial<Incident> = {}): Incident => ({
  ...{ kind: 'Incident', report: bytesOf('report'), incident: 'tampering' },
  ...change,
});
export const quarantineAct = (change: Partial<ServerQuarantine> = {}): ServerQuarantine => ({
  ...{ kind: 'ServerQuarantine', trio: trioOf(), server: accountOf('server north') },
  ...{ incident: queryOf('report'), firstBatch: 1, lastBatch: 1 },
  ...change,
});
export const rebuiltAct = (change: Partial<ServerRebuilt> = {}): ServerRebuilt => ({
  ...{ kind: 'ServerRebuilt', trio: trioOf(), server: accountOf('server north') },
  ...{ fromBatch: 1, roots: [bytesOf('pages')] },
  ...change,
});

export const by = (from: string, act: Act, change: Partial<Sent> = {}): Sent => ({
  from,
  acts: [act],
  log: act.kind === 'StatBatch' ? 'doc' : 'user',
  ...change,
});

/** Everybody enrolled; `until` says how far a study has come. */
export function studyWorld(
  until: 'enrolled' | 'dataset' | 'permit' | 'approved' | 'batch' | 'asked' = 'batch',
  logs = studyLogs,
): World {
  const world = new World(logs, founders);
  for (const [from, name, role] of enrolled) {
    world.mustSend({ from, acts: [enrolAct(name, role)] });
  }
  const steps: readonly (readonly [typeof until, Sent])[] = [
    ['dataset', by('north', datasetAct())],
    ['permit', by('north', permitAct())],
    ['approved', by('valley', approveAct())],
    ['batch', by('server north', batchAct())],
    ['asked', by('rosa', queryAct())],
  ];
  const at = steps.findIndex(([name]) => name === until);
  for (const [, sent] of steps.slice(0, at + 1)) world.mustSend(sent);
  return world;
}
