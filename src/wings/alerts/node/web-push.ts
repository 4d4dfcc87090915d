import {
  createCipheriv,
  createECDH,
  createPrivateKey,
  type ECDH,
  hkdfSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { bytesToBase64url, concatBytes, utf8 } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';

/**
 * Web push as this wing needs it: a short text sealed to one browser (RFC 8291 over RFC 8188, one record), and who sends it
 * (RFC 8292, VAPID). The push service learns neither what is said nor in which language, only when and how many.
 */

/** What a browser gave out when it asked for pushes. */
export interface Subscription {
  /** Where its push service takes them. */
  readonly endpoint: string;
  /** The browser's point of P-256, 65 bytes. */
  readonly p256dh: Uint8Array;
  /** 16 bytes that the push service does not know. */
  readonly auth: Uint8Array;
}

/** Of RFC 8188: longer than everything that is sent here, so that there is one record. */
const recordBytes = 4_096;
/** The longest that all push services take is 4,096 in all. */
const maxPlainBytes = 3_000;

export interface Draw {
  /** 16 bytes. */
  readonly salt: Uint8Array;
  /** A key pair of this message alone, with its keys made. */
  readonly sender: ECDH;
}

const curve = 'prime256v1';
export function newSender(): ECDH {
  const sender = createECDH(curve);
  sender.generateKeys();
  return sender;
}

/**
 * `salt 16 ‖ record size 4 ‖ 65 ‖ sender's point 65 ‖ AES-128-GCM(text ‖ 0x02 ‖ padding)`, padded to `plainBytes`.
 * Throws PUSH_KEY_WRONG: no point of the curve.
 */
export function sealPush(
  text: Uint8Array,
  { p256dh, auth }: Pick<Subscription, 'p256dh' | 'auth'>,
  { salt, sender, plainBytes = 0 }: Draw & { readonly plainBytes?: number },
): Uint8Array {
  if (text.length > maxPlainBytes) throw new CodedError('INTERNAL', { bytes: text.length });
  const own = new Uint8Array(sender.getPublicKey());
  const secret = secretWith(sender, p256dh);
  // RFC 8291, 3.3: the secret of the browser's `auth` and both points first, then as in RFC 8188.
  const info = concatBytes(utf8('WebPush: info\0'), p256dh, own);
  const keying = new Uint8Array(hkdfSync('sha256', secret, auth, info, 32));
  const key = hkdfSync('sha256', keying, salt, utf8('Content-Encoding: aes128gcm\0'), 16);
  const nonce = hkdfSync('sha256', keying, salt, utf8('Content-Encoding: nonce\0'), 12);
  const cipher = createCipheriv('aes-128-gcm', new Uint8Array(key), new Uint8Array(nonce));
  const padding = new Uint8Array(Math.max(0, plainBytes - text.length - 1));
  const plain = concatBytes(text, new Uint8Array([2]), padding);
  const sealed = concatBytes(cipher.update(plain), cipher.final(), cipher.getAuthTag());
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, recordBytes);
  return concatBytes(salt, size, new Uint8Array([own.length]), own, sealed);
}

function secretWith(sender: ECDH, point: Uint8Array): Uint8Array {
  try {
    return sender.computeSecret(point);
  } catch (cause) {
    throw new CodedError('PUSH_KEY_WRONG', {}, cause);
  }
}

/** Who sends: a hospital's key of P-256, and where its operator is reached. */
export interface Vapid {
  readonly key: KeyObject;
  /** 65 bytes: browsers are told it when they ask for pushes, and take none of another. */
  readonly publicKey: Uint8Array;
  /** `mailto:` or `https:`. */
  readonly subject: string;
}

/** Of 32 bytes that are the secret number. Throws PUSH_KEY_WRONG: no number of the curve. */
export function vapidOf(secret: Uint8Array, subject: string): Vapid {
  const ecdh = createECDH(curve);
  try {
    ecdh.setPrivateKey(secret);
  } catch (cause) {
    throw new CodedError('PUSH_KEY_WRONG', {}, cause);
  }
  const publicKey = new Uint8Array(ecdh.getPublicKey());
  const [x, y] = [bytesToBase64url(publicKey.slice(1, 33)), bytesToBase64url(publicKey.slice(33))];
  const jwk = { kty: 'EC', crv: 'P-256', d: bytesToBase64url(secret), x, y };
  return { key: createPrivateKey({ key: jwk, format: 'jwk' }), publicKey, subject };
}

/** RFC 8292 allows a day; a clock that is a few hours off is not refused for it. */
const tokenMs = 12 * 60 * 60_000;

/** The header `authorization` for one push service: a token for its origin alone. */
export function vapidHeader({ key, publicKey, subject }: Vapid, origin: string, nowMs: number) {
  const part = (value: object) => bytesToBase64url(utf8(JSON.stringify(value)));
  const exp = Math.floor((nowMs + tokenMs) / 1_000);
  const said = `${part({ typ: 'JWT', alg: 'ES256' })}.${part({ aud: origin, exp, sub: subject })}`;
  const signature = sign('sha256', utf8(said), { key, dsaEncoding: 'ieee-p1363' });
  const token = `${said}.${bytesToBase64url(new Uint8Array(signature))}`;
  return `vapid t=${token}, k=${bytesToBase64url(publicKey)}`;
}
