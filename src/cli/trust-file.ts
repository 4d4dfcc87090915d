import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../primitives/errors.ts';
import { readSmallText } from './files.ts';

/** What is said where none was, and none lies in the home. */
export const noTrustRoot =
  'say which ledger to believe: --trust FILE. A person who is enrolled on it writes the file: salus person show --save-trust FILE';

/** The JSON of the trust root in a file, or of this home. Throws MISSING: there is none; FILE_UNREADABLE. */
export function trustRootJsonFrom(home: string, file: string | undefined): string {
  const path = file ?? join(home, 'trust.json');
  if (file === undefined && !existsSync(path)) {
    throw new CodedError('MISSING', { problem: noTrustRoot });
  }
  return readSmallText(path);
}
