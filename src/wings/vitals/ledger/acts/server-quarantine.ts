import { type ActWith, defineAct } from '../../../../ledger/act.ts';
import { type ActContext, accept, type Outcome, refuse } from '../../../../ledger/outcome.ts';
import { type LedgerView, put } from '../../../../ledger/table.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import { accountId, hexId, uint } from '../../../../primitives/shape.ts';
import { organisationOf } from '../servers.ts';
import { incidentRowId, statIncidents } from '../tables/stat-incidents.ts';
import { type Quarantine, quarantineRowId, statQuarantines } from '../tables/stat-quarantines.ts';
import { statTrios } from '../tables/stat-trios.ts';

const fields = {
  trio: hexId(32),
  server: accountId,
  /** SHA-256 of the sender's report. */
  incident: hexId(32),
  /** Batches from this one to that; 0: what is in none. */
  firstBatch: uint,
  lastBatch: uint,
};
export type ServerQuarantine = ActWith<'ServerQuarantine', typeof fields>;

/**
 * What a data server keeps of these batches is not what it was: it must not answer of them. Its own organisation says so alone;
 * of the others of the three it takes both, so that one liar takes no honest server out.
 *
 * Refuses: TRIO_UNKNOWN, SERVER_UNKNOWN, SENDER_WRONG, BATCH_UNKNOWN, INCIDENT_UNKNOWN, INCIDENT_OLD, QUARANTINE_TAKEN. Writes:
 * `stat-quarantines[trio, server]`. Source: docs/protocol/vitals-ledger.md, rule VL-17.
 */
export const serverQuarantine = defineAct({
  kind: 'ServerQuarantine',
  number: 46,
  fields,
  log: 'user',
  senders: ['organisation', 'data-server'],
  rules: [{ fromVersion: 1, judge }],
  about: ({ server }) => ({ account: server }),
  facts: ({ trio, server, incident, firstBatch, lastBatch }) => ({
    ...{ trio, server, incident, firstBatch, lastBatch },
  }),
});

function judge(view: LedgerView, act: ServerQuarantine, context: ActContext): Outcome {
  const { trio: trioId, server, incident, firstBatch, lastBatch } = act;
  const { sender, block } = context;
  const trio = view.get(statTrios, trioId);
  // VL-17: of three that a dataset has named,
  if (trio === undefined) return refuse('TRIO_UNKNOWN');
  // one,
  if (!trio.servers.includes(server)) return refuse('SERVER_UNKNOWN');
  // by who runs one of them,
  const by = organisationOf(view, sender);
  const organisations = trio.servers.map((it) => organisationOf(view, it));
  if (by === undefined || !organisations.includes(by)) return refuse('SENDER_WRONG');
  // of batches that there are,
  if (firstBatch > lastBatch || lastBatch > trio.newestBatch) return refuse('BATCH_UNKNOWN');
  // with a report of his own
  const reported = view.get(statIncidents, incidentRowId(sender, incident));
  if (reported === undefined) return refuse('INCIDENT_UNKNOWN');
  const id = quarantineRowId(trioId, server);
  const before = view.get(statQuarantines, id);
  // that is newer than the last rebuilding,
  if (before?.state === 'rebuilt' && reported.height <= before.height)
    return refuse('INCIDENT_OLD');
  const said = { ...block, incident, firstBatch, lastBatch };
  const next = joined(before, { by, isOwn: by === organisationOf(view, server), ...said });
  // and says something new.
  return next === undefined ? refuse('QUARANTINE_TAKEN') : accept([put(statQuarantines, id, next)]);
}

type Said = Omit<Quarantine, 'state' | 'by'> & { readonly by: AccountId; readonly isOwn: boolean };

/** What stands with this as well; undefined: nothing more than stands. */
function joined(
  before: Quarantine | undefined,
  { by, isOwn, ...said }: Said,
): Quarantine | undefined {
  if (before === undefined || before.state === 'rebuilt')
    return { ...said, state: isOwn ? 'quarantined' : 'accused', by: [by] };
  const isEarlier = said.firstBatch < before.firstBatch;
  const isLater = said.lastBatch > before.lastBatch;
  const all = {
    ...{ ...said, firstBatch: (isEarlier ? said : before).firstBatch },
    lastBatch: (isLater ? said : before).lastBatch,
  };
  const stands = before.state === 'quarantined';
  if (isOwn)
    return stands && !isEarlier && !isLater
      ? undefined
      : { ...all, state: 'quarantined', by: [by] };
  if (stands || before.by.includes(by)) return undefined;
  return { ...all, state: 'quarantined', by: [...before.by, by] };
}
