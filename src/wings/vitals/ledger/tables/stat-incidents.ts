import { stateTable } from '../../../../ledger/table.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import { type Of, struct, uint } from '../../../../primitives/shape.ts';
import { incidentKind } from '../incidents.ts';

/** Id: `incidentRowId`. That somebody wrote a report on that day: what it says is the report's. */
const incident = struct({ kind: incidentKind, height: uint, timeMs: uint });
export type IncidentRow = Of<typeof incident>;

export const statIncidents = stateTable('stat-incidents', incident, { lasting: true });

/** Who says it ‖ SHA-256 of the signed report. */
export const incidentRowId = (by: AccountId, report: string): string => by + report;
