import { decodeSigned } from '../../../api/signed.ts';
import { verifyLabelled } from '../../../crypto/signature.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import type { Action } from '../../../sdk/action.ts';
import { incidentLabel } from '../api/incident-label.ts';
import { type IncidentReport, readReport, reportName } from '../api/incident-report.ts';
import { incidentRowId, statIncidents } from '../ledger/tables/stat-incidents.ts';

export interface CheckedIncident {
  /** SHA-256 of the signed bytes, which the ledger has. */
  readonly name: string;
  readonly report: IncidentReport;
  /** Of the block that has it. */
  readonly height: number;
  readonly timeMs: number;
}

/**
 * An exported report, held against the ledger by whoever was given it. Throws SIGNATURE_WRONG: it is none, or not as whom it names
 * signed it; CHAIN_WRONG; INCIDENT_UNKNOWN: whom it names has put no such report on the ledger, or another word for it than this.
 * Source: docs/protocol/vitals-incidents.md, rule VT-26.
 */
export const checkIncident: Action<Uint8Array, CheckedIncident> = {
  name: 'vitals/check-incident',
  async run({ ledger, account }, signed, { signal }) {
    const report = reportIn(signed);
    if (report.chainId !== account.chainId) throw new CodedError('CHAIN_WRONG');
    const { identities } = await ledger.keys(report.by, signal).catch(asUnsigned);
    const { bytes, signature } = decodeSigned(signed);
    const tried = await Promise.all(
      identities.map(({ identity }) =>
        verifyLabelled(identity.signKey, incidentLabel, bytes, signature),
      ),
    );
    if (!tried.includes(true)) throw new CodedError('SIGNATURE_WRONG');
    const name = reportName(signed);
    const row = await ledger.row(statIncidents, incidentRowId(report.by, name), { signal });
    if (row?.kind !== report.kind) throw new CodedError('INCIDENT_UNKNOWN');
    const { height, timeMs } = row;
    return { name, report, height, timeMs };
  },
};

function reportIn(signed: Uint8Array): IncidentReport {
  try {
    return readReport(signed);
  } catch (cause) {
    if (isCoded(cause)) throw new CodedError('SIGNATURE_WRONG', {}, cause);
    throw cause;
  }
}

function asUnsigned(error: unknown): never {
  if (isCoded(error, 'ACCOUNT_UNKNOWN')) throw new CodedError('SIGNATURE_WRONG', {}, error);
  throw error;
}
