import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../../../primitives/errors.ts';
import { hospitalsOf, serversOf } from '../../../server/process.ts';
import { readStanding, type Standing } from '../node/standing.ts';
import { faultOf } from './fault.ts';
import { places, readRelay } from './places.ts';

export interface AlertsStatus {
  /** Where letters go, without who signs in there; undefined: nowhere. */
  readonly relay?: string;
  readonly hospitals: readonly (Standing & { readonly hospital: string })[];
}

/** For the operator: how many letters of each hospital wait, were sent and were not, and what was tampered with. Throws HOME_INVALID, RELAY_INVALID, ROW_CORRUPT {hospital, store}, STORE_BUSY. */
export function alertsStatus(home: string): AlertsStatus {
  if (!existsSync(serversOf(home))) throw new CodedError('HOME_INVALID', { file: 'servers' });
  const relay = readRelay(home);
  const hospitals = hospitalsOf(home).flatMap((hospital) => {
    const path = join(serversOf(home), hospital, places.letters);
    return existsSync(path) ? [{ hospital, ...standingAt(path, hospital) }] : [];
  });
  return {
    ...(relay !== undefined && { relay: `${relay.host}:${relay.port}` }),
    hospitals,
  };
}

function standingAt(path: string, hospital: string): Standing {
  try {
    return readStanding(path);
  } catch (error) {
    throw new CodedError(faultOf(error), { hospital, store: 'letters' }, error);
  }
}
