import { type ActWith, defineAct } from '../../../../ledger/act.ts';
import { type ActContext, accept, type Outcome, refuse } from '../../../../ledger/outcome.ts';
import { hash } from '../../../../ledger/shapes.ts';
import { type LedgerView, put } from '../../../../ledger/table.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { incidentKind } from '../incidents.ts';
import { incidentRowId, statIncidents } from '../tables/stat-incidents.ts';

const fields = { report: hash, incident: incidentKind };
export type Incident = ActWith<'Incident', typeof fields>;

/**
 * Somebody who keeps things for others says that something happened to them. What and where stands in a signed report that he
 * keeps; here its SHA-256 and a word, so that it cannot be written later, otherwise or not at all.
 *
 * Refuses: INCIDENT_TAKEN. Writes: `stat-incidents[sender, report]`. Source: docs/protocol/vitals-ledger.md, rule VL-19.
 */
export const incident = defineAct({
  kind: 'Incident',
  number: 48,
  fields,
  log: 'user',
  senders: ['organisation', 'data-server'],
  rules: [{ fromVersion: 1, judge }],
  commits: ({ report }) => ({ kind: 'entries', hashes: [report] }),
  facts: ({ report, incident: word }) => ({ report: bytesToHex(report), incident: word }),
});

function judge(view: LedgerView, act: Incident, { sender, block }: ActContext): Outcome {
  const id = incidentRowId(sender, bytesToHex(act.report));
  // VL-19: once.
  if (view.get(statIncidents, id) !== undefined) return refuse('INCIDENT_TAKEN');
  return accept([put(statIncidents, id, { kind: act.incident, ...block })]);
}
