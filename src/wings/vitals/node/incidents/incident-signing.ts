import { decodeSigned, encodeSigned } from '../../../../api/signed.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import { type SigningKey, signLabelled, verifyLabelled } from '../../../../crypto/signature.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { decodeAs, encodeAs } from '../../../../primitives/shape.ts';
import { type IncidentReport, incidentReport } from '../../api/incident-report.ts';
import { vitalsNames } from '../../names.ts';

/** As it is kept and handed on: signed bytes, and what the ledger has of them. */
export interface SignedReport {
  readonly signed: Uint8Array;
  /** SHA-256 of `signed`: nobody guesses it without the signature. */
  readonly hash: Uint8Array;
}

/** Signs a report by the key in use of the account that it names. Rule VT-3. */
export async function signReport(sign: SigningKey, report: IncidentReport): Promise<SignedReport> {
  const bytes = encodeAs(incidentReport, report);
  const signature = await signLabelled(sign, vitalsNames.labels.incident, bytes);
  const signed = encodeSigned({ bytes, signature });
  return { signed, hash: sha256(signed) };
}

/** A report as it was signed by this key. Throws CBOR_*, SIGNATURE_WRONG. Rule VT-3. */
export async function openReport(signed: Uint8Array, signKey: Uint8Array): Promise<IncidentReport> {
  const { bytes, signature } = decodeSigned(signed);
  if (!(await verifyLabelled(signKey, vitalsNames.labels.incident, bytes, signature)))
    throw new CodedError('SIGNATURE_WRONG');
  return decodeAs(incidentReport, bytes);
}
