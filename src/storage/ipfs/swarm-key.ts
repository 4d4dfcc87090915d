import { bytesToHex, utf8, utf8ToText } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';

const head = '/key/swarm/psk/1.0.0/\n/base16/\n';

/** The file `swarm.key` of IPFS for 32 random bytes. */
export function formatSwarmKey(secret: Uint8Array): Uint8Array {
  if (secret.length !== 32) throw new CodedError('SWARM_KEY_INVALID');
  return utf8(`${head}${bytesToHex(secret)}\n`);
}

/**
 * A file of three lines as every implementation reads it: base16 in lower case and nothing else, since js-libp2p misreads
 * the two other spellings in silence. Throws SWARM_KEY_INVALID.
 */
export function parseSwarmKey(file: Uint8Array): Uint8Array {
  let text: string;
  try {
    text = utf8ToText(file);
  } catch (cause) {
    throw new CodedError('SWARM_KEY_INVALID', {}, cause);
  }
  const secret = text.slice(head.length).trimEnd();
  if (!text.startsWith(head) || !/^[0-9a-f]{64}$/.test(secret)) {
    throw new CodedError('SWARM_KEY_INVALID');
  }
  return utf8(`${head}${secret}\n`);
}
