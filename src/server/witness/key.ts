import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { createValidatorKey, loadValidatorKey } from '../../engines/embedded/key-file.ts';
import type { VoteSigner } from '../../engines/embedded/vote-signer.ts';
import { CodedError } from '../../primitives/errors.ts';
import { makeFolder } from '../files.ts';

/**
 * A witness's Ed25519 key, made on first use. Where its records lie and the key does not, none is made: whoever lost it
 * begins with another file. Throws HOME_INVALID, KEY_FILE_OPEN, KEY_FILE_INVALID.
 */
export function witnessKey(path: string): VoteSigner {
  if (existsSync(path)) return loadValidatorKey(path);
  if (existsSync(`${path}.records`)) {
    throw new CodedError('HOME_INVALID', { file: basename(path) });
  }
  makeFolder(dirname(path));
  return createValidatorKey(path);
}
