import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { accountIdText } from '../../../api/message-parts.ts';
import { type Identity, identity } from '../../../ledger/identity.ts';
import { noRecovery } from '../../../ledger/recovery.ts';
import { base64urlToBytes, bytesToBase64url, equalBytes, utf8 } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { type AccountId, accountIdOf } from '../../../primitives/ids.ts';
import { decodeAs, encodeAs } from '../../../primitives/shape.ts';
import { deriveAccountKeys, rotationIdentity } from '../../../sdk/wallet/identity.ts';
import { type HeldKey, takeNewKey } from '../../../server/home-members.ts';
import type { GovernanceDesk } from './governance.ts';

const newKeysFile = z.strictObject({
  chain: z.string().max(50),
  organisation: accountIdText,
  /** CBOR, signed for this organisation as a rotation. */
  identity: z.string().max(2_730),
});

// As the servers of a home derive the keys of their organisation.
const self: AccountId = accountIdOf(new Uint8Array(32));

/** A root of new keys, 32 bytes, and the file by which the other members vote them in. */
export async function makeNewKeys(
  chain: string,
  organisation: AccountId,
): Promise<{ readonly secret: Uint8Array; readonly file: Uint8Array }> {
  const secret = new Uint8Array(randomBytes(32));
  const keys = await deriveAccountKeys(secret, self, 0);
  const made = await rotationIdentity(keys, {
    chainId: chain,
    account: organisation,
    recovery: noRecovery,
  });
  const text = { chain, organisation, identity: bytesToBase64url(encodeAs(identity, made)) };
  return { secret, file: utf8(`${JSON.stringify(text, undefined, 2)}\n`) };
}

/** Throws GENESIS_INVALID: no such file. */
export function readNewKeys(json: string): {
  readonly chain: string;
  readonly organisation: AccountId;
  readonly identity: Identity;
} {
  try {
    const { chain, organisation, identity: text } = newKeysFile.parse(JSON.parse(json));
    const bytes = base64urlToBytes(text) ?? new Uint8Array(0);
    return { chain, organisation, identity: decodeAs(identity, bytes, 'identity') };
  } catch (cause) {
    throw new CodedError('GENESIS_INVALID', {}, cause);
  }
}

/**
 * Puts this secret in the place of `organisation.key` of a hospital of this home, when the ledger names its key. Throws
 * MEMBER_WRONG {held}: none, or several and none was named; KEY_OTHER: the ledger names another key.
 */
export async function takeVotedKey(
  home: string,
  of: {
    readonly desk: GovernanceDesk;
    readonly secret: Uint8Array;
    readonly named: string | undefined;
  },
): Promise<HeldKey> {
  const held = await of.desk.speaker(home, of.named);
  if (of.secret.length !== 32) throw new CodedError('KEY_FILE_INVALID', {});
  const { sign } = await deriveAccountKeys(of.secret, self, 0);
  if (!equalBytes(sign.publicKey, await of.desk.keyOf(held.account))) {
    throw new CodedError('KEY_OTHER', { name: held.name });
  }
  takeNewKey(home, held, of.secret);
  return held;
}
