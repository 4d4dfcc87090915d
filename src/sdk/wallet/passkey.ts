import { openUnderKey, sealUnderKey } from '../../crypto/aead.ts';
import { deriveKey } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { bytes, type Of, struct } from '../../primitives/shape.ts';
import { aadOf, type Unlocker } from './unlock.ts';

/**
 * A passkey as one more way to the device root: its PRF extension (WebAuthn Level 3, 10.1.4) gives the same 32 secret
 * bytes for the same input each time, on an authenticator that verified its owner. The file holds the credential's id
 * and the input, neither of them secret. Source: docs/protocol/wallet.md, rule W-32.
 */
const shape = struct({ credentialId: bytes(), prfInput: bytes(32) });
export type Passkey = Of<typeof shape>;

/** What an authenticator gave for one of the file's passkeys: 32 bytes, secret. */
export interface PasskeyAnswer {
  readonly credentialId: Uint8Array;
  readonly prfOutput: Uint8Array;
}

const kind = 'webauthn-prf';
const secretBytes = 32;
/** CTAP allows 1,023 bytes; a file full of passkeys stays small. */
const mostIdBytes = 1_023;

/** Those by which this file opens. */
export function passkeysIn(unlockers: readonly Unlocker[]): readonly Passkey[] {
  return unlockers.flatMap((it) => {
    const passkey = it.kind === kind ? readPasskey(it) : undefined;
    return passkey === undefined ? [] : [passkey];
  });
}

/** The root, wrapped for what this passkey gives. Throws PASSKEY_WRONG: it gave no 32 bytes. */
export async function wrapForPasskey(
  { credentialId, prfInput, prfOutput }: Passkey & PasskeyAnswer,
  root: Uint8Array,
): Promise<Unlocker> {
  if (credentialId.length === 0 || credentialId.length > mostIdBytes) {
    throw new CodedError('PASSKEY_WRONG');
  }
  const parameters = shape.encode({ credentialId, prfInput });
  const wrap = await sealUnderKey(keyOf(prfOutput), aadOf(kind, parameters), root);
  return { kind, parameters, wrap };
}

/** Throws PASSKEY_WRONG: the file has no such passkey, or another key came of it. */
export async function unwrapByPasskey(
  { credentialId, prfOutput }: PasskeyAnswer,
  unlockers: readonly Unlocker[],
): Promise<Uint8Array> {
  const own = unlockers.find((it) => it.kind === kind && isOf(it, credentialId));
  if (own === undefined) throw new CodedError('PASSKEY_WRONG');
  try {
    return await openUnderKey(keyOf(prfOutput), aadOf(kind, own.parameters), own.wrap);
  } catch (cause) {
    if (!isCoded(cause, 'CANNOT_OPEN')) throw cause;
    throw new CodedError('PASSKEY_WRONG', {}, cause);
  }
}

/** Without this passkey: it opens this file no more. What it opened before is known to whoever had it. */
export function withoutPasskey(
  unlockers: readonly Unlocker[],
  credentialId: Uint8Array,
): readonly Unlocker[] {
  return unlockers.filter((it) => it.kind !== kind || !isOf(it, credentialId));
}

function readPasskey({ parameters }: Unlocker): Passkey | undefined {
  try {
    return shape.decode(parameters, 'passkey');
  } catch (error) {
    if (!isCoded(error)) throw error;
    return undefined;
  }
}

function isOf(unlocker: Unlocker, credentialId: Uint8Array): boolean {
  const held = readPasskey(unlocker);
  return held !== undefined && equalBytes(held.credentialId, credentialId);
}

/** The authenticator's bytes are drawn for this site and input alone; the label keeps them to this use of it. */
function keyOf(prfOutput: Uint8Array): Uint8Array {
  if (prfOutput.length !== secretBytes) throw new CodedError('PASSKEY_WRONG');
  return deriveKey(prfOutput, labels.walletPasskey, []);
}
