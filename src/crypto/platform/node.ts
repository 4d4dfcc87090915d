import {
  argon2,
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  decapsulate,
  diffieHellman,
  encapsulate,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { isMainThread, workerData } from 'node:worker_threads';
import { concatBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { Recent } from '../../primitives/recent.ts';
import { type ChunkRun, type Platform, setChunkNonce } from './platform.ts';

/**
 * The platform on Node: `node:crypto` alone.
 *
 * Keys that come back are kept as KeyObjects: importing costs as much as a quarter of a verification,
 * and a raw AES key costs more than sealing 16 KiB under it.
 */

/** DER up to the raw key (RFC 8410, RFC 9935), and the raw key's length; importing DER is the fastest way in. */
interface Encoding {
  readonly head: Uint8Array;
  readonly rawBytes: number;
}
const encoding = (rawBytes: number, ...head: number[]): Encoding => ({
  head: Uint8Array.from(head),
  rawBytes,
});
const curveSpki = (oid: number) =>
  encoding(32, 0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, oid, 3, 33, 0);
const curvePkcs8 = (oid: number) =>
  encoding(32, 0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, oid, 4, 0x22, 4, 0x20);
const ed25519Spki = curveSpki(0x70);
const ed25519Pkcs8 = curvePkcs8(0x70);
const x25519Spki = curveSpki(0x6e);
const x25519Pkcs8 = curvePkcs8(0x6e);
// SubjectPublicKeyInfo of a point of P-256, uncompressed (RFC 5480).
const p256Oids = [
  6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7,
];
const p256Spki = encoding(64, 0x30, 0x59, 0x30, 0x13, ...p256Oids, 3, 0x42, 0, 4);
const mlkemOid = [6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 4, 2];
const mlkemSpki = encoding(1184, 0x30, 0x82, 4, 0xb2, 0x30, 0x0b, ...mlkemOid, 3, 0x82, 4, 0xa1, 0);
const mlkemPkcs8 = encoding(64, 0x30, 0x54, 2, 1, 0, 0x30, 0x0b, ...mlkemOid, 4, 0x42, 0x80, 0x40);

/** OpenSSL passes over bytes that follow the DER, so the length is checked here. */
function derOf({ head, rawBytes }: Encoding, raw: Uint8Array): Buffer {
  if (raw.length !== rawBytes) throw new CodedError('INTERNAL', { expectedKeyBytes: rawBytes });
  return Buffer.concat([head, raw]);
}

const publicKeyOf = (form: Encoding, raw: Uint8Array): KeyObject =>
  createPublicKey({ key: derOf(form, raw), format: 'der', type: 'spki' });

function privateKeyOf(form: Encoding, raw: Uint8Array): KeyObject {
  const encoded = derOf(form, raw);
  const key = createPrivateKey({ key: encoded, format: 'der', type: 'pkcs8' });
  encoded.fill(0);
  return key;
}

const rawPublicKey = (key: KeyObject, length: number): Uint8Array =>
  new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-length));

/** A thread of a pool has a core already: to hand each signature to Node's own pool costs half a verification more. */
const verifiesHere = !isMainThread && Object(workerData).verifiesHere === true;

const verifyKeys = new Recent<string, KeyObject>(4096);
const asMapKey = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

const ephemeralEncoding = { publicKeyEncoding: { format: 'der', type: 'spki' } } as const;

function agreed(privateKey: KeyObject, publicKey: KeyObject): Uint8Array | undefined {
  let shared: Uint8Array;
  try {
    shared = new Uint8Array(diffieHellman({ privateKey, publicKey }));
  } catch {
    return undefined; // OpenSSL refuses the all-zero secret itself.
  }
  return shared.every((byte) => byte === 0) ? undefined : shared;
}

function sealRun(key: KeyObject, run: ChunkRun, plaintext: Uint8Array, out: Uint8Array): void {
  const nonce = new Uint8Array(12);
  let at = 0;
  for (let i = 0; i < run.chunks; i++) {
    setChunkNonce(nonce, run.baseNonce, run.firstChunk + i);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    const from = i * run.chunkBytes;
    const sealed = cipher.update(plaintext.subarray(from, from + run.chunkBytes));
    cipher.final();
    out.set(sealed, at);
    at += sealed.length;
    out.set(cipher.getAuthTag(), at);
    at += 16;
  }
}

function openRun(key: KeyObject, run: ChunkRun, sealed: Uint8Array, out: Uint8Array): void {
  const nonce = new Uint8Array(12);
  const sealedChunk = run.chunkBytes + 16;
  for (let i = 0; i < run.chunks; i++) {
    setChunkNonce(nonce, run.baseNonce, run.firstChunk + i);
    const chunk = sealed.subarray(i * sealedChunk, (i + 1) * sealedChunk);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce);
    decipher.setAuthTag(chunk.subarray(-16));
    const opened = decipher.update(chunk.subarray(0, -16));
    try {
      decipher.final();
    } catch {
      throw new CodedError('CANNOT_OPEN');
    }
    out.set(opened, i * run.chunkBytes);
  }
}

let zeros = new Uint8Array(16_384);
const plain = (bytes: Buffer): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);

export const platform: Platform = {
  randomBytes: (length) => new Uint8Array(randomBytes(length)),

  async ed25519Key(seed) {
    const key = privateKeyOf(ed25519Pkcs8, seed);
    const publicKey = rawPublicKey(key, 32);
    return { publicKey, sign: async (message) => new Uint8Array(sign(null, message, key)) };
  },

  ed25519Verify(publicKey, message, signature) {
    return new Promise((resolve) => {
      try {
        const key = verifyKeys.getOrMake(asMapKey(publicKey), () =>
          publicKeyOf(ed25519Spki, publicKey),
        );
        if (verifiesHere) {
          resolve(verify(null, message, key, signature));
          return;
        }
        // With a callback it runs in the thread pool: many signatures use all cores.
        verify(null, message, key, signature, (error, valid) => {
          resolve(error === null && valid);
        });
      } catch {
        resolve(false);
      }
    });
  },

  async es256Verify(publicKey, message, signature) {
    try {
      const key = publicKeyOf(p256Spki, publicKey);
      return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
    } catch {
      return false; // The key is no point of the curve.
    }
  },

  async x25519Key(secret) {
    const key = privateKeyOf(x25519Pkcs8, secret);
    return {
      publicKey: rawPublicKey(key, 32),
      async agree(peer) {
        const shared = agreed(key, publicKeyOf(x25519Spki, peer));
        if (shared === undefined) throw new CodedError('CANNOT_OPEN');
        return shared;
      },
    };
  },

  async x25519Peer(publicKey) {
    const peer = publicKeyOf(x25519Spki, publicKey);
    return {
      async agree(secret) {
        let own: { readonly publicKey: Uint8Array; readonly privateKey: KeyObject };
        if (secret === undefined) {
          // The generator gives the DER of the public half for free; exporting it later would not be.
          const pair = generateKeyPairSync('x25519', ephemeralEncoding);
          const spki: unknown = pair.publicKey;
          if (!(spki instanceof Uint8Array)) throw new CodedError('INTERNAL');
          own = { publicKey: spki.slice(-32), privateKey: pair.privateKey };
        } else {
          const privateKey = privateKeyOf(x25519Pkcs8, secret);
          own = { publicKey: rawPublicKey(privateKey, 32), privateKey };
        }
        const shared = agreed(own.privateKey, peer);
        if (shared === undefined) throw new CodedError('KEY_WEAK');
        return { publicKey: own.publicKey, shared };
      },
    };
  },

  async mlkem768Key(seed) {
    const key = privateKeyOf(mlkemPkcs8, seed);
    return {
      publicKey: rawPublicKey(key, 1184),
      decapsulate: async (ciphertext) => new Uint8Array(decapsulate(key, ciphertext)),
    };
  },

  async mlkem768Peer(publicKey) {
    let peer: KeyObject;
    try {
      peer = publicKeyOf(mlkemSpki, publicKey);
    } catch {
      throw new CodedError('KEY_WEAK');
    }
    return {
      async encapsulate() {
        const { sharedKey, ciphertext } = encapsulate(peer);
        return { shared: new Uint8Array(sharedKey), ciphertext: new Uint8Array(ciphertext) };
      },
    };
  },

  async aes256GcmSeal({ key, nonce, aad }, plaintext) {
    const cipher = createCipheriv('aes-256-gcm', createSecretKey(key), nonce);
    cipher.setAAD(aad);
    const sealed = cipher.update(plaintext);
    cipher.final();
    return concatBytes(sealed, cipher.getAuthTag());
  },

  async aes256GcmOpen({ key, nonce, aad }, sealed) {
    if (sealed.length < 16) throw new CodedError('CANNOT_OPEN');
    const decipher = createDecipheriv('aes-256-gcm', createSecretKey(key), nonce);
    decipher.setAAD(aad);
    decipher.setAuthTag(sealed.subarray(-16));
    const opened = decipher.update(sealed.subarray(0, -16));
    try {
      decipher.final();
    } catch {
      throw new CodedError('CANNOT_OPEN');
    }
    return plain(opened);
  },

  async aes128CtrStream(key, counter, length) {
    // Kept: a fresh array of zeros for each call costs a tenth of it.
    while (zeros.length < length) zeros = new Uint8Array(2 * zeros.length);
    const cipher = createCipheriv('aes-128-ctr', createSecretKey(key), counter);
    return plain(cipher.update(zeros.subarray(0, length)));
  },

  async chunkCipher(rawKey) {
    const key = createSecretKey(rawKey);
    return {
      seal: async (run, plaintext, out) => sealRun(key, run, plaintext, out),
      open: async (run, sealed, out) => openRun(key, run, sealed, out),
    };
  },

  argon2id(passphrase, salt, { memoryKiB, passes }) {
    const parameters = {
      message: passphrase,
      nonce: salt,
      parallelism: 1,
      tagLength: 32,
      memory: memoryKiB,
      passes,
    };
    return new Promise((resolve, reject) => {
      argon2('argon2id', parameters, (error, key) => {
        if (error) reject(new CodedError('INTERNAL', {}, error));
        else resolve(new Uint8Array(key));
      });
    });
  },
};
