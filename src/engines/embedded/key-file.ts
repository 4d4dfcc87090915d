import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { CodedError } from '../../primitives/errors.ts';
import type { VoteSigner } from './vote-signer.ts';

/**
 * Makes a validator's Ed25519 key: PKCS #8, PEM, readable by its owner alone; there whole or not at all, also
 * after a power failure. Throws if the file exists.
 */
export function createValidatorKey(path: string): VoteSigner {
  const { privateKey } = generateKeyPairSync('ed25519');
  const beside = `${path}.new`;
  rmSync(beside, { force: true });
  const file = openSync(beside, 'wx', 0o600);
  try {
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  // Not a rename: it would replace a key that is there.
  linkSync(beside, path);
  rmSync(beside);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
  return loadValidatorKey(path);
}

/** Throws KEY_FILE_OPEN when others may read the file, KEY_FILE_INVALID. */
export function loadValidatorKey(path: string): VoteSigner {
  const file = openSync(path, 'r');
  let text: string;
  try {
    // Windows has no such bits; there the folder's access list decides.
    if (process.platform !== 'win32' && (fstatSync(file).mode & 0o077) !== 0) {
      throw new CodedError('KEY_FILE_OPEN');
    }
    text = readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
  try {
    const key = createPrivateKey(text);
    const { x } = createPublicKey(key).export({ format: 'jwk' });
    if (key.asymmetricKeyType !== 'ed25519' || x === undefined) {
      throw new CodedError('KEY_FILE_INVALID');
    }
    const publicKey = new Uint8Array(Buffer.from(x, 'base64url'));
    return { publicKey, sign: (message) => sign(null, message, key) };
  } catch (cause) {
    // The cause is left out: a parser's message may quote what it read.
    if (cause instanceof CodedError) throw cause;
    throw new CodedError('KEY_FILE_INVALID');
  }
}
