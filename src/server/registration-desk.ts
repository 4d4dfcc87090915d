import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesToHex } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import { RegistrationDesk } from '../sdk/desk/registration-desk.ts';
import { localHospitals } from './desk.ts';

/**
 * The desk of a hospital on this machine: whoever may read its token is the desk. Throws USAGE (no such hospital
 * runs here).
 */
export function localDesk(home: string, hospital: string, signal?: AbortSignal): RegistrationDesk {
  const found = localHospitals(home).find((it) => it.name === hospital);
  if (found === undefined) {
    throw new CodedError('USAGE', { problem: `no hospital ${hospital} runs on this home` });
  }
  const token = new Uint8Array(readFileSync(join(home, 'servers', hospital, 'desk.token')));
  return new RegistrationDesk(found.url, bytesToHex(token), signal);
}
