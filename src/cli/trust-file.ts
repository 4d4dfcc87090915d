import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../primitives/errors.ts';
import { readSmallText } from './files.ts';

/** The JSON of the trust root in a file, or of this home. Throws USAGE: there is none; FILE_UNREADABLE. */
export function trustRootJsonFrom(home: string, file: string | undefined): string {
  const path = file ?? join(home, 'trust.json');
  if (file === undefined && !existsSync(path)) {
    throw new CodedError('USAGE', { problem: 'say which trust root to believe: --trust FILE' });
  }
  return readSmallText(path);
}
