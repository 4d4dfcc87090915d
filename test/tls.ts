import {
  generateKeyPairSync,
  type KeyObject,
  type KeyPairKeyObjectResult,
  randomBytes,
  sign,
} from 'node:crypto';

/** One DER value: tag, length, what is inside. */
function der(tag: number, ...inside: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(inside);
  const { length } = content;
  const bytes =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...bytes]), content]);
}

const sequence = (...inside: readonly Uint8Array[]) => der(0x30, ...inside);
const identifier = (...bytes: readonly number[]) => der(0x06, Buffer.from(bytes));
const text = (tag: number, words: string) => der(tag, Buffer.from(words, 'latin1'));
const time = (year: number) => text(0x17, `${String(year % 100).padStart(2, '0')}0101000000Z`);

/** Ed25519, RFC 8410. */
const algorithm = sequence(identifier(0x2b, 0x65, 0x70));
const commonName = identifier(0x55, 0x04, 0x03);
const subjectAltName = identifier(0x55, 0x1d, 0x11);
const basicConstraints = identifier(0x55, 0x1d, 0x13);

function nameOf(host: string): Buffer {
  return sequence(der(0x31, sequence(commonName, text(0x0c, host))));
}

const yes = der(0x01, Buffer.from([0xff]));
const forHost = (host: string) => sequence(subjectAltName, der(0x04, sequence(text(0x82, host))));
/** Critical, as RFC 5280 asks of it; what is not said is that it may not. */
const forIssuing = (may: boolean) =>
  sequence(basicConstraints, yes, der(0x04, may ? sequence(yes) : sequence()));

interface Stated {
  readonly subject: string;
  readonly issuer: string;
  readonly extension: Buffer;
}

function statedBy({ subject, issuer, extension }: Stated, publicKey: KeyObject): Buffer {
  const extensions = der(0xa3, sequence(extension));
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(8)]);
  const year = new Date().getUTCFullYear();
  return sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    nameOf(issuer),
    sequence(time(year - 1), time(year + 2)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    extensions,
  );
}

function certificate(stated: Buffer, signer: KeyObject): string {
  const signature = Buffer.concat([Buffer.from([0]), sign(null, stated, signer)]);
  const whole = sequence(stated, algorithm, der(0x03, signature));
  const lines = whole.toString('base64').replace(/.{1,64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`;
}

const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

/** PEM, both. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly cert: string;
}

/** A key and a certificate that it has signed itself, for one name: nobody trusts it until he is told. RFC 5280. */
export function selfSigned(host: string): KeyAndCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const stated = statedBy({ subject: host, issuer: host, extension: forHost(host) }, publicKey);
  return { key: pem(privateKey), cert: certificate(stated, privateKey) };
}

const pairs: Record<'rsa' | 'ecdsa', () => KeyPairKeyObjectResult> = {
  rsa: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ecdsa: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
};

/** One that signs certificates of others: its own certificate (PEM), and what it gives out for a host with a key of a kind. RFC 5280. */
export function authority(name: string, { mayIssue = true } = {}) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const own = statedBy({ subject: name, issuer: name, extension: forIssuing(mayIssue) }, publicKey);
  return {
    cert: certificate(own, privateKey),
    issue(host: string, kind: keyof typeof pairs): KeyAndCertificate {
      const pair = pairs[kind]();
      const of = { subject: host, issuer: name, extension: forHost(host) };
      return {
        key: pem(pair.privateKey),
        cert: certificate(statedBy(of, pair.publicKey), privateKey),
      };
    },
  };
}
