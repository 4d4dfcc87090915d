import { type ModelContext, Refused } from '../../../../../test/model/wing.ts';
import { accountOf, t0 } from '../../../../../test/world.ts';
import type { StatApprove } from '../../ledger/acts/stat-approve.ts';
import type { StatPermit } from '../../ledger/acts/stat-permit.ts';
import type { StatWithdraw } from '../../ledger/acts/stat-withdraw.ts';
import {
  type DatasetRow,
  idOf,
  keep,
  modelAct,
  needsRight,
  type PermitRow,
  purposeBy,
  type Rows,
  read,
} from './rows.ts';

/** VL-11. */
function judgePermit(rows: Rows, act: StatPermit, context: ModelContext): void {
  const { permit, dataset, researcher, purpose, microRho, notAfterMs } = act;
  const { spine, sender, timeMs } = context;
  needsRight(context);
  if (rows.has(`stat-permits/${permit}`)) throw new Refused('PERMIT_TAKEN');
  const of = read<DatasetRow>(rows, `stat-datasets/${dataset}`);
  if (of === undefined) throw new Refused('DATASET_UNKNOWN');
  const person = spine.account(researcher);
  if (person?.role !== 'researcher' || person.frozen) throw new Refused('RESEARCHER_UNKNOWN');
  if (!of.purposes.includes(purpose)) throw new Refused('PURPOSE_NOT_ALLOWED');
  const twoYears = 2 * 365 * 24 * 3_600_000;
  const isLong = notAfterMs <= timeMs || notAfterMs - timeMs > twoYears;
  if (isLong || microRho === 0 || microRho > 40_000_000) throw new Refused('PERMIT_TERMS');
  const said = { dataset, researcher, purpose, microRho, notAfterMs };
  keep(rows, `stat-permits/${permit}`, { ...said, proposer: sender, approver: '', spent: 0 });
}

/** VL-12. */
function judgeApprove(rows: Rows, act: StatApprove, context: ModelContext): void {
  needsRight(context);
  const id = `stat-permits/${act.permit}`;
  const permit = read<PermitRow>(rows, id);
  if (permit === undefined) throw new Refused('PERMIT_UNKNOWN');
  if (rows.has(`stat-withdrawn/${act.permit}`)) throw new Refused('PERMIT_WITHDRAWN');
  if (permit.proposer === context.sender) throw new Refused('APPROVAL_OWN');
  if (permit.approver !== '') throw new Refused('APPROVAL_TAKEN');
  if (permit.notAfterMs <= context.timeMs) throw new Refused('PERMIT_EXPIRED');
  keep(rows, id, { ...permit, approver: context.sender });
}

/** VL-16. */
function judgeWithdraw(rows: Rows, act: StatWithdraw, context: ModelContext): void {
  const { sender, height, timeMs } = context;
  const permit = read<PermitRow>(rows, `stat-permits/${act.permit}`);
  if (permit === undefined) throw new Refused('PERMIT_UNKNOWN');
  if (![permit.proposer, permit.approver].includes(sender)) throw new Refused('SENDER_WRONG');
  const id = `stat-withdrawn/${act.permit}`;
  if (rows.has(id)) throw new Refused('PERMIT_WITHDRAWN');
  keep(rows, id, { by: sender, height, timeMs });
}

export const statPermitModel = modelAct<StatPermit>({
  kind: 'StatPermit',
  number: 41,
  senders: ['organisation'],
  draw: ({ small, twist }) => ({
    ...{ kind: 'StatPermit', permit: idOf(`permit ${small % 3}`) },
    ...{ dataset: idOf(`dataset ${small % 2}`), purpose: purposeBy(twist) },
    researcher: accountOf(twist === 0 ? 'ana' : 'researcher'),
    ...{ microRho: 700_000, notAfterMs: t0 + small * 86_400_000 },
  }),
  judge: judgePermit,
});

export const statApproveModel = modelAct<StatApprove>({
  kind: 'StatApprove',
  number: 42,
  senders: ['organisation'],
  draw: ({ small }) => ({
    kind: 'StatApprove',
    permit: idOf(`permit ${small % 3}`),
  }),
  judge: judgeApprove,
});

export const statWithdrawModel = modelAct<StatWithdraw>({
  kind: 'StatWithdraw',
  number: 49,
  senders: ['organisation'],
  draw: ({ small }) => ({
    kind: 'StatWithdraw',
    permit: idOf(`permit ${small % 3}`),
  }),
  judge: judgeWithdraw,
});
