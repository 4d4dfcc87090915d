import { isCoded } from '../../../primitives/errors.ts';
import { faultOfNow, isUnreadable } from '../../../server/maintenance/sqlite-faults.ts';
import type { Fault } from '../api/service-keys.ts';

/** What of a hospital's files of alerts cannot be read, by its error; what is none of these is thrown on. Source: rule AL-17. */
export function faultOf(error: unknown): Fault {
  if (isCoded(error, 'RELAY_INVALID')) return 'RELAY_INVALID';
  if (isCoded(error)) return 'HOME_INVALID';
  if (isUnreadable(error)) return 'ROW_CORRUPT';
  if (faultOfNow(error) === undefined) throw error;
  return 'STORE_BUSY';
}
