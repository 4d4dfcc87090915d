import { type ModelContext, Refused } from '../../../../../test/model/wing.ts';
import { accountOf, bytesOf } from '../../../../../test/world.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import type { StatQuery } from '../../ledger/acts/stat-query.ts';
import type { StatSeal } from '../../ledger/acts/stat-seal.ts';
import {
  type DatasetRow,
  idOf,
  keep,
  modelAct,
  number,
  type PermitRow,
  purposeBy,
  type Row,
  type Rows,
  read,
  type TrioRow,
} from './rows.ts';

/** VL-14: what was spent is added up from the queries themselves. */
function judgeQuery(rows: Rows, act: StatQuery, context: ModelContext): void {
  const { sender, timeMs, height } = context;
  const { dataset, purpose, asOfBatch, microRho } = act;
  const permit = read<PermitRow>(rows, `stat-permits/${act.permit}`);
  const of = read<DatasetRow>(rows, `stat-datasets/${dataset}`);
  if (permit === undefined || of === undefined) throw new Refused('PERMIT_UNKNOWN');
  if (permit.researcher !== sender || permit.dataset !== dataset)
    throw new Refused('PERMIT_UNKNOWN');
  if (rows.has(`stat-withdrawn/${act.permit}`)) throw new Refused('PERMIT_WITHDRAWN');
  if (permit.approver === '') throw new Refused('APPROVAL_MISSING');
  if (permit.notAfterMs <= timeMs) throw new Refused('PERMIT_EXPIRED');
  if (permit.purpose !== purpose) throw new Refused('PURPOSE_NOT_ALLOWED');
  const id = `stat-queries/${sender}${act.query}`;
  if (rows.has(id)) throw new Refused('QUERY_TAKEN');
  const newest = read<TrioRow>(rows, `stat-trios/${of.trio}`)?.newestBatch ?? 0;
  if (asOfBatch === 0 || asOfBatch > newest) throw new Refused('BATCH_UNKNOWN');
  const quarter = Math.floor(timeMs / (90 * 24 * 3_600_000));
  const spentOn = (fits: (it: Row, by: string) => boolean): number =>
    paid(rows)
      .filter(({ row, by }) => fits(row, by))
      .reduce((sum, { row }) => sum + Number(row.microRho), 0);
  const now = (it: Row) => it.dataset === dataset && it.quarter === quarter;
  const ofPermit = spentOn((it) => it.permit === act.permit);
  const ofOne = spentOn((it, by) => now(it) && by === sender);
  const ofAll = spentOn(now);
  const isTooMuch =
    ofPermit + microRho > permit.microRho ||
    ofOne + microRho > of.researcherCap ||
    ofAll + microRho > of.datasetCap;
  if (microRho === 0 || isTooMuch) throw new Refused('BUDGET_SPENT');
  const said = { permit: act.permit, dataset, purpose, asOfBatch, microRho };
  keep(rows, id, { ...said, quarter, height, timeMs });
  keep(rows, `stat-permits/${act.permit}`, { ...permit, spent: ofPermit + microRho });
  keep(rows, `stat-spent/${dataset}${number(quarter)}`, { microRho: ofAll + microRho });
  keep(rows, `stat-spent-by/${dataset}${number(quarter)}${sender}`, { microRho: ofOne + microRho });
}

/** Every query that was paid, and by whom. */
function paid(rows: ReadonlyMap<string, string>): readonly { row: Row; by: string }[] {
  return [...rows]
    .filter(([key]) => key.startsWith('stat-queries/'))
    .map(([key, text]) => ({
      row: JSON.parse(text) as Row,
      by: key.slice('stat-queries/'.length, -64),
    }));
}

/** VL-15. */
function judgeSeal(rows: Rows, act: StatSeal, { sender, height }: ModelContext): void {
  const { researcher, query, answer } = act;
  const asked = read<{ dataset: string } & Row>(rows, `stat-queries/${researcher}${query}`);
  if (asked === undefined) throw new Refused('QUERY_UNKNOWN');
  const { trio } = read<DatasetRow>(rows, `stat-datasets/${asked.dataset}`) ?? { trio: '' };
  const servers = read<TrioRow>(rows, `stat-trios/${trio}`)?.servers ?? [];
  if (!servers.includes(sender)) throw new Refused('SENDER_WRONG');
  const id = `stat-seals/${researcher}${query}${sender}`;
  if (rows.has(id)) throw new Refused('SEAL_TAKEN');
  keep(rows, id, { answer, height });
}

export const statQueryModel = modelAct<StatQuery>({
  kind: 'StatQuery',
  number: 44,
  senders: ['researcher'],
  draw: ({ small, twist }) => ({
    ...{ kind: 'StatQuery', permit: idOf(`permit ${small % 3}`) },
    ...{ dataset: idOf(`dataset ${small % 2}`), purpose: purposeBy(twist) },
    ...{ query: bytesToHex(bytesOf(`query ${twist}`)), asOfBatch: small, microRho: 10_000 * twist },
  }),
  judge: judgeQuery,
});

export const statSealModel = modelAct<StatSeal>({
  kind: 'StatSeal',
  number: 45,
  senders: ['data-server'],
  draw: ({ small, twist }) => ({
    ...{ kind: 'StatSeal', researcher: accountOf('researcher') },
    ...{ query: bytesToHex(bytesOf(`query ${twist}`)), answer: bytesOf(`answer ${small}`) },
  }),
  judge: judgeSeal,
});
