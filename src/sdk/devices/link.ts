import { messageObjects } from '../../api/object-types.ts';
import { sha256 } from '../../crypto/hash.ts';
import { kems } from '../../crypto/kem.ts';
import { suite } from '../../ledger/object-types.ts';
import { base64urlToBytes, bytesToBase64url, bytesToHex } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import {
  accountId,
  bytes,
  checked,
  decodeAs,
  encodeAs,
  type StructOf,
  text,
  typed,
} from '../../primitives/shape.ts';

/** So that a link fits into one QR code that a telephone reads. */
const maxRelayLength = 512;
const prefix = 'salus:device#';
/** More characters than the longest link: an address in UTF-8 has three bytes a character at most. */
const maxLinkLength = 4 * maxRelayLength;

const relayAddress = checked(text(maxRelayLength), (address) => {
  if (!isRelayAddress(address)) throw new CodedError('CBOR_SHAPE', { field: 'relay' });
});
const fields = { session: bytes(16), account: accountId, relay: relayAddress };
const linkFields = { ...fields, keyHash: bytes(32) };
const linkShape = typed(suite, messageObjects.deviceLink, linkFields);
const firstMessage = typed(suite, messageObjects.deviceLink, {
  ...fields,
  key: bytes(kems.xwing.publicKeyBytes),
});

/**
 * What a device shows to add another: where to meet, for which account, and the hash of the key it made for this.
 * Nothing in it is secret, but who sees it can take the place of the new device, and is then found out by the digits.
 * Source: docs/protocol/devices.md, rule D-2.
 */
export type DeviceLink = StructOf<typeof linkFields>;

/** `salus:device#` and base64url of CBOR `[2, 53, session 16, account 32, relay, SHA-256(K_o) 32]`. */
export function formatDeviceLink(link: DeviceLink): string {
  return prefix + bytesToBase64url(encodeAs(linkShape, link));
}

/** Throws DEVICE_LINK_INVALID for anything but what `formatDeviceLink` gives. */
export function parseDeviceLink(link: string): DeviceLink {
  const encoded =
    link.startsWith(prefix) && link.length <= maxLinkLength
      ? base64urlToBytes(link.slice(prefix.length))
      : undefined;
  if (encoded === undefined) throw new CodedError('DEVICE_LINK_INVALID');
  try {
    return decodeAs(linkShape, encoded);
  } catch (cause) {
    if (!isCoded(cause)) throw cause;
    throw new CodedError('DEVICE_LINK_INVALID', {}, cause);
  }
}

/** SHA-256 of m1, CBOR `[2, 53, session 16, account 32, relay, K_o 1216]`: with the key itself in its hash's place. */
export function firstMessageHash(link: DeviceLink, key: Uint8Array): Uint8Array {
  return sha256(encodeAs(firstMessage, { ...link, key }));
}

/** Throws DEVICE_LINK_INVALID: no address that a link may name, such as one with a name and a password in it. */
export function makeDeviceLink(link: {
  readonly session: Uint8Array;
  readonly account: AccountId;
  readonly relay: string;
  readonly key: Uint8Array;
}): DeviceLink {
  const { session, account, relay, key } = link;
  if (relay.length > maxRelayLength || !isRelayAddress(relay)) {
    throw new CodedError('DEVICE_LINK_INVALID', { at: 'relay' });
  }
  return { session, account, relay, keyHash: sha256(key) };
}

/** How the relay names the session in its addresses. */
export function sessionNameOf({ session }: DeviceLink): string {
  return bytesToHex(session);
}

/** A base address as a wallet keeps them, in its one spelling: nothing in it that is not shown or not sent. */
function isRelayAddress(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  if (!/^https?:$/.test(url.protocol)) return false;
  const plain = `${url.origin}${url.pathname}`.replace(/\/+$/, '');
  return plain === address;
}
