import type { MemoryStore } from '../../../../../test/memory-store.ts';
import { type Format, hex, pattern } from '../../../../../test/vectors/formats/write.ts';
import { accountOf, bytesOf, type Sent, type World } from '../../../../../test/world.ts';
import { encodeTx } from '../../../../ledger/codec.ts';
import { stateKey } from '../../../../ledger/table.ts';
import { hexToBytes } from '../../../../primitives/bytes.ts';
import { encodeManifest, queryIdOf } from '../../api/query-manifest.ts';
import type { Question } from '../../api/question.ts';
import { noiseOf, zeroMask } from '../../crypto/statistics/answer-masks.ts';
import { vitalsLedger } from '../../ledger/index.ts';
import {
  approveAct,
  batchAct,
  by,
  datasetAct,
  guardingLogs,
  incidentAct,
  permitAct,
  quarantineAct,
  queryAct,
  rebuiltAct,
  sealAct,
  studyWorld,
  withdrawAct,
  withdrawingLogs,
} from '../settings/study.ts';

const rowsOf = (store: MemoryStore): ReadonlyMap<string, string> => {
  const heads = vitalsLedger.tables.map(({ name }) => hex(stateKey(name, '')));
  const own = [...store.rows].filter(([key]) => heads.some((head) => key.startsWith(head)));
  return new Map(own.map(([key, row]) => [key, hex(row)]));
};

/** One transaction after the other on one ledger, and the rows of the wing that each leaves. Signatures by decree. */
function steps(world: World, sent: readonly Sent[]): readonly object[] {
  return sent.map((it) => {
    const before = rowsOf(world.store);
    const tx = world.tx(it);
    const [result] = world.block([world.verified(it)]);
    const { height, timeMs } = world;
    const changed = [...rowsOf(world.store)].filter(([key, row]) => before.get(key) !== row);
    const rows = Object.fromEntries(changed.sort());
    return { tx: hex(encodeTx(tx)), height, timeMs, code: result?.code, rows };
  });
}

export const statisticsActs: Format = {
  about:
    'vitals-ledger.md: acts 40 to 45 one after the other on one ledger, a query twice and one too dear; the code of each, and the rows that it changed',
  cases: async () =>
    steps(studyWorld('enrolled'), [
      by('north', datasetAct()),
      by('north', permitAct()),
      by('valley', approveAct()),
      by('server north', batchAct()),
      by('rosa', queryAct()),
      by('rosa', queryAct()),
      by('rosa', queryAct({ query: '07'.repeat(32), microRho: 401 })),
      by('server valley', sealAct()),
    ]),
};

export const statisticsWithdrawals: Format = {
  about:
    'vitals-ledger.md VL-16: act 49 after acts 40 to 44 on one ledger, by a hospital of neither side, by who approved and again by who proposed, then a query and a seal; the code of each, and the rows that it changed',
  cases: async () =>
    steps(studyWorld('asked', withdrawingLogs), [
      by('harbour', withdrawAct()),
      by('valley', withdrawAct()),
      by('north', withdrawAct()),
      by('rosa', queryAct({ query: '07'.repeat(32) })),
      by('server valley', sealAct()),
    ]),
};

export const statisticsQuarantines: Format = {
  about:
    'vitals-ledger.md VL-17 to VL-19: acts 46 to 48 on one ledger: a report, once; a server accused by one hospital and then by another, rebuilt, accused with the report of before, and quarantined by its own; the code of each, and the rows that it changed',
  cases: async () =>
    steps(studyWorld('batch', guardingLogs), [
      by('server harbour', incidentAct()),
      by('server harbour', incidentAct()),
      by('valley', quarantineAct()),
      by('server harbour', quarantineAct()),
      by('valley', incidentAct({ incident: 'lied' })),
      by('valley', quarantineAct({ firstBatch: 0 })),
      by('north', rebuiltAct({ roots: [bytesOf('others')] })),
      by('north', rebuiltAct()),
      by('valley', quarantineAct()),
      by('north', incidentAct()),
      by('north', quarantineAct({ firstBatch: 0, lastBatch: 0 })),
      by('server north', rebuiltAct({ roots: [] })),
    ]),
};

const questions: readonly Question[] = [
  { kind: 'mean', vital: 0 },
  { kind: 'regression', vital: 1, on: [0, 4] },
  { kind: 'prevalence', vital: 2, side: 'from', edge: 30 },
];

export const statisticsQueries: Format = {
  about:
    'vitals-statistics.md VQ-1, VQ-10, VQ-17: manifests and their ids; three places of noise of these variances and of a mask, by keys of 32 bytes (i + start) mod 251',
  cases: async () =>
    questions.map((question, at) => {
      const manifest = encodeManifest({
        ...{ chainId: 'salus-test-1', researcher: accountOf('rosa'), permit: hex(pattern(16, 1)) },
        ...{ dataset: hex(pattern(16, 2)), purpose: 'research', asOfBatch: 3, question },
        cohort: at === 0 ? [] : [{ attribute: 'age-band', from: 4, to: 6 }],
        ...{ fromHour: 499_000, untilHour: 500_000, microRho: 50_000 * (at + 1) },
        ...{ issuedMs: 1_800_000_000_000, expiresMs: 1_800_003_600_000 },
        nonce: bytesOf(`nonce ${at}`).slice(0, 16),
      });
      const query = hexToBytes(queryIdOf(manifest)) ?? new Uint8Array(0);
      const variances = [7n, 10n ** 6n, 123_456_789_012_345n];
      const [noiseKey, next, previous] = [pattern(32, 10), pattern(32, 20), pattern(32, 30)];
      return {
        manifest: hex(manifest),
        query: hex(query),
        ...{ noiseKey: hex(noiseKey), nextKey: hex(next), previousKey: hex(previous) },
        variances: variances.map(String),
        noise: noiseOf(noiseKey, query, variances).map(String),
        mask: zeroMask({ next, previous }, query, 3).map(String),
      };
    }),
};
