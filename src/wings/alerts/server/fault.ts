import { isCoded } from '../../../primitives/errors.ts';
import { isUnreadable } from '../../../server/maintenance/scrub/databases.ts';
import type { Fault } from '../api/service-keys.ts';

/** SQLITE_CORRUPT, SQLITE_NOTADB. */
const damaged = [11, 26];

/** What of a hospital's files of alerts cannot be read, by its error; what is none of these is thrown on. Source: rule AL-17. */
export function faultOf(error: unknown): Fault {
  if (isCoded(error, 'RELAY_INVALID')) return 'RELAY_INVALID';
  if (isCoded(error)) return 'HOME_INVALID';
  if (!isUnreadable(error)) throw error;
  return damaged.includes(Number(Reflect.get(Object(error), 'errcode')))
    ? 'ROW_CORRUPT'
    : 'STORE_BUSY';
}
