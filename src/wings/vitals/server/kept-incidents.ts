import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { decodeSigned } from '../../../api/signed.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { verifyLabelled } from '../../../crypto/signature.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { accountIdOfKeys } from '../../../sdk/wallet/identity.ts';
import { organisationKeys } from '../../../server/home-members.ts';
import { hospitalsOf, serversOf } from '../../../server/process.ts';
import { incidentLabel } from '../api/incident-label.ts';
import { type IncidentReport, readReport } from '../api/incident-report.ts';
import { readReports } from '../gateway/incidents/incident-folder.ts';
import { dataServerKeys, hasDataServer } from './data-server-keys.ts';

/** A report as it lies in a hospital's folder. */
export interface KeptReport {
  readonly hospital: string;
  /** Of its file. */
  readonly name: string;
  readonly signed: Uint8Array;
  /** Undefined: these bytes are none. */
  readonly report: IncidentReport | undefined;
  /**
   * `holds`: its bytes have its name and its hospital's signature by the key in use; `signature`: another key, as before a
   * rotation; `changed`: other bytes than its name says.
   */
  readonly state: 'holds' | 'signature' | 'changed';
}

/** The reports of all hospitals of a home, the newest first. Throws HOME_INVALID. Rule VT-24. */
export async function keptReports(home: string): Promise<readonly KeptReport[]> {
  if (!existsSync(serversOf(home))) throw new CodedError('HOME_INVALID', { file: 'servers' });
  const kept: KeptReport[] = [];
  for (const hospital of hospitalsOf(home)) kept.push(...(await reportsOf(home, hospital)));
  return kept.toSorted((one, other) => (other.report?.foundMs ?? 0) - (one.report?.foundMs ?? 0));
}

async function reportsOf(home: string, hospital: string): Promise<KeptReport[]> {
  const of = join(serversOf(home), hospital);
  const kept = readReports(of);
  if (kept.length === 0) return [];
  const keys = await keysIn(of);
  return Promise.all(
    kept.map(async ({ name, signed }) => ({
      ...{ hospital, name, signed },
      ...(await judge(name, signed, keys)),
    })),
  );
}

type Keys = ReadonlyMap<AccountId, Uint8Array>;

/** Of the hospital, and of its data server where it runs one, by their accounts: a report names whose key signs it. */
async function keysIn(of: string): Promise<Keys> {
  const own = await organisationKeys(of);
  const signers = [own];
  if (hasDataServer(of)) signers.push((await dataServerKeys(of, accountIdOfKeys(own))).keys);
  return new Map(signers.map((it) => [accountIdOfKeys(it), it.sign.publicKey]));
}

async function judge(
  name: string,
  signed: Uint8Array,
  keys: Keys,
): Promise<Pick<KeptReport, 'report' | 'state'>> {
  try {
    const report = readReport(signed);
    if (bytesToHex(sha256(signed)) !== name) return { report, state: 'changed' };
    const { bytes, signature } = decodeSigned(signed);
    const key = keys.get(report.by);
    const holds = key !== undefined && (await verifyLabelled(key, incidentLabel, bytes, signature));
    return { report, state: holds ? 'holds' : 'signature' };
  } catch (error) {
    if (!isCoded(error)) throw error;
    return { report: undefined, state: 'changed' };
  }
}

/** By its name, or the beginning of it. Throws NOT_FOUND, AMBIGUOUS. */
export async function keptReport(home: string, name: string): Promise<KeptReport> {
  const met = (await keptReports(home)).filter(
    (it) => name.length >= 4 && it.name.startsWith(name),
  );
  const [only, other] = met;
  if (only === undefined) throw new CodedError('NOT_FOUND', { incident: name });
  if (other !== undefined) throw new CodedError('AMBIGUOUS', { incident: name });
  return only;
}
