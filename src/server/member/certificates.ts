import {
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import type { SigningKey } from '../../crypto/signature.ts';
import { base64urlToBytes, bytesToBase64url } from '../../primitives/bytes.ts';

/**
 * X.509 certificates of an organisation, for TLS between members: the organisation's own key certifies, so whoever
 * knows the ledger knows whom to trust. Ed25519 alone. RFC 5280, RFC 8410.
 *
 * A certificate's signature covers DER, which begins with 0x30; no label begins so (labels.md L-2): none passes for another.
 */
const dayMs = 86_400_000;

/** How long a machine's certificate holds; the organisation's own holds for ten years. */
export const leafDays = 90;
const authorityDays = 3_653;

/** One DER value: tag, length, what is inside. */
function der(tag: number, ...inside: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(inside);
  const { length } = content;
  const size =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...inside: readonly Uint8Array[]): Buffer => der(0x30, ...inside);
const identifier = (...bytes: readonly number[]): Buffer => der(0x06, Buffer.from(bytes));
const octets = (inside: Uint8Array): Buffer => der(0x04, inside);
const yes = Buffer.from([0x01, 0x01, 0xff]);

/** id-Ed25519. */
const algorithm = sequence(identifier(0x2b, 0x65, 0x70));
const commonName = identifier(0x55, 0x04, 0x03);
const extension = {
  subjectAltName: identifier(0x55, 0x1d, 0x11),
  basicConstraints: identifier(0x55, 0x1d, 0x13),
  keyUsage: identifier(0x55, 0x1d, 0x0f),
  extendedKeyUsage: identifier(0x55, 0x1d, 0x25),
};
const serverAuth = identifier(0x2b, 6, 1, 5, 5, 7, 3, 1);
const clientAuth = identifier(0x2b, 6, 1, 5, 5, 7, 3, 2);

/** UTCTime until 2049, GeneralizedTime after (RFC 5280, 4.1.2.5); whole seconds. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  return digits < '2050'
    ? der(0x17, Buffer.from(digits.slice(2), 'latin1'))
    : der(0x18, Buffer.from(digits, 'latin1'));
}

const named = (name: string): Buffer =>
  sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from(name, 'utf8')))));

/** A DNS name, or an address as its bytes. */
function altName(host: string): Buffer {
  if (isIPv4(host)) return der(0x87, Buffer.from(host.split('.').map(Number)));
  return isIPv6(host) ? der(0x87, ipv6Bytes(host)) : der(0x82, Buffer.from(host, 'latin1'));
}

/** 16 bytes. What stands for zeros is filled up; a part in IPv4's spelling is written as the rest is by `URL`. */
function ipv6Bytes(host: string): Buffer {
  const plain = new URL(`http://[${host}]`).hostname.slice(1, -1);
  const [head = '', tail] = plain.split('::').map((it) => it.split(':').filter((x) => x !== ''));
  const before = head === '' ? [] : head;
  const after = tail ?? [];
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  const groups = [...before, ...zeros, ...after].map((it) => Number.parseInt(it, 16));
  return Buffer.from(groups.flatMap((group) => [group >> 8, group & 255]));
}

interface Stated {
  readonly issuer: string;
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly fromMs: number;
  readonly days: number;
  readonly extensions: readonly Buffer[];
}

async function certified(by: SigningKey, stated: Stated): Promise<string> {
  const { issuer, subject, publicKey, fromMs, days, extensions } = stated;
  // Positive, and 8 bytes of chance.
  const serial = der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)]));
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    serial,
    algorithm,
    named(issuer),
    sequence(time(fromMs), time(fromMs + days * dayMs)),
    named(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = await by.sign(body);
  const whole = sequence(body, algorithm, der(0x03, Buffer.from([0]), signature));
  const lines = whole.toString('base64').replace(/.{1,64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`;
}

const publicKeyOf = (key: Uint8Array): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: bytesToBase64url(key) }, format: 'jwk' });

/** The organisation certifies itself: what other members hold for its authority. PEM. */
export function authorityOf(key: SigningKey, organisation: string, nowMs: number): Promise<string> {
  return certified(key, {
    issuer: organisation,
    subject: organisation,
    publicKey: publicKeyOf(key.publicKey),
    fromMs: nowMs - dayMs,
    days: authorityDays,
    extensions: [
      sequence(extension.basicConstraints, yes, octets(sequence(yes))),
      // keyCertSign.
      sequence(extension.keyUsage, yes, octets(der(0x03, Buffer.from([2, 0x04])))),
    ],
  });
}

/** The key with which an authority certifies itself, 32 bytes; undefined: this is no authority of one key. */
export function keyOfAuthority(pem: string): Uint8Array | undefined {
  try {
    const read = new X509Certificate(pem);
    if (!read.ca || !read.verify(read.publicKey)) return undefined;
    const { crv, x } = read.publicKey.export({ format: 'jwk' });
    return crv === 'Ed25519' ? base64urlToBytes(x ?? '') : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What `authorityOf` makes, for a key whose secret is elsewhere, to put among the authorities that one believes: TLS takes the name and the
 * key of such a certificate and never looks at its signature, which is 64 zeros here. PEM.
 */
export function anchorOf(
  publicKey: Uint8Array,
  organisation: string,
  nowMs: number,
): Promise<string> {
  const nobody = { publicKey, sign: async () => new Uint8Array(64) };
  return authorityOf(nobody, organisation, nowMs);
}

/** A key for one machine, and the organisation's certificate for it. PEM; the key is PKCS #8. */
export async function machineCertificate(
  key: SigningKey,
  {
    organisation,
    hosts,
    nowMs,
  }: {
    readonly organisation: string;
    readonly hosts: readonly string[];
    readonly nowMs: number;
  },
): Promise<{ readonly cert: string; readonly key: string }> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const cert = await certified(key, {
    issuer: organisation,
    subject: hosts[0] ?? organisation,
    publicKey,
    fromMs: nowMs - dayMs,
    days: leafDays,
    extensions: [
      sequence(extension.subjectAltName, octets(sequence(...hosts.map(altName)))),
      sequence(extension.basicConstraints, yes, octets(sequence())),
      sequence(extension.extendedKeyUsage, octets(sequence(serverAuth, clientAuth))),
    ],
  });
  return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}
