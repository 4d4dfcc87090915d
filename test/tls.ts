import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

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

function nameOf(host: string): Buffer {
  return sequence(der(0x31, sequence(commonName, text(0x0c, host))));
}

function statedBy(host: string, publicKey: KeyObject): Buffer {
  const names = sequence(text(0x82, host));
  const extensions = der(0xa3, sequence(sequence(subjectAltName, der(0x04, names))));
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(8)]);
  const year = new Date().getUTCFullYear();
  return sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    nameOf(host),
    sequence(time(year - 1), time(year + 2)),
    nameOf(host),
    publicKey.export({ type: 'spki', format: 'der' }),
    extensions,
  );
}

/** A key and a certificate that it has signed itself, for one name: nobody trusts it until he is told. RFC 5280. */
export function selfSigned(host: string): { readonly key: string; readonly cert: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const stated = statedBy(host, publicKey);
  const signature = Buffer.concat([Buffer.from([0]), sign(null, stated, privateKey)]);
  const certificate = sequence(stated, algorithm, der(0x03, signature));
  const lines = certificate.toString('base64').replace(/.{1,64}/g, '$&\n');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`,
  };
}
