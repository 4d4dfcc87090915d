import { decodeSigned } from '../../../../api/signed.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import { verifyLabelled } from '../../../../crypto/signature.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import { incidentLabel } from '../../api/incident-label.ts';
import { type IncidentReport, readReport } from '../../api/incident-report.ts';
import { readKept } from './incident-folder.ts';

/** What goes on the ledger of a report. */
export interface OwedReport {
  readonly hash: Uint8Array;
  readonly kind: IncidentReport['kind'];
}

/**
 * Of a row whose report is not on the ledger yet: what its hospital signed, as the row has it or as the file of its name does, and
 * nothing that another hand put there; undefined: there is neither. Source: docs/protocol/vitals-incidents.md, rule VT-24.
 */
export async function owedReport(
  { name, signed }: { readonly name: string; readonly signed: Uint8Array },
  of: { readonly signKey: Uint8Array; readonly folder: string | undefined },
): Promise<OwedReport | undefined> {
  if (await isSignedBy(signed, of.signKey)) return owedIn(signed);
  const kept = of.folder === undefined ? undefined : readKept(of.folder, name);
  // Signed perhaps by the key before: a file is not in the store that somebody wrote into.
  return kept !== undefined && bytesToHex(sha256(kept)) === name ? owedIn(kept) : undefined;
}

/** Undefined: these bytes are no report. */
function owedIn(signed: Uint8Array): OwedReport | undefined {
  try {
    return { hash: sha256(signed), kind: readReport(signed).kind };
  } catch (error) {
    if (isCoded(error)) return undefined;
    throw error;
  }
}

/** Bytes that are a report with this key's signature. */
export async function isSignedBy(signed: Uint8Array, signKey: Uint8Array): Promise<boolean> {
  try {
    const { bytes, signature } = decodeSigned(signed);
    return await verifyLabelled(signKey, incidentLabel, bytes, signature);
  } catch (error) {
    if (isCoded(error)) return false;
    throw error;
  }
}
