import { base64urlToBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { loadSodium } from '../sodium.ts';
import { cofactorlessCases } from './cofactorless-cases.ts';
import { type ChunkRun, type Platform, setChunkNonce } from './platform.ts';

/**
 * The platform in a browser, and in every engine that has WebCrypto and no `node:crypto`.
 *
 * WebCrypto where it has the primitive; noble for ML-KEM and where Ed25519 or X25519 are missing; libsodium
 * for Argon2id. What few pages need is imported when it is first asked for.
 */
type Owned = Uint8Array<ArrayBuffer>;

const { subtle } = globalThis.crypto;

const isOwned = (bytes: Uint8Array): bytes is Owned => bytes.buffer instanceof ArrayBuffer;
/** WebCrypto takes no shared memory: such bytes are copied. */
const owned = (bytes: Uint8Array): Owned => (isOwned(bytes) ? bytes : new Uint8Array(bytes));

// PKCS#8 up to the raw key (RFC 8410).
const pkcs8 = (oidEnd: number, secret: Uint8Array): Owned =>
  Uint8Array.of(
    ...[0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, oidEnd, 4, 0x22, 4, 0x20],
    ...secret,
  );
const ed25519Oid = 0x70;
const x25519Oid = 0x6e;

/** Asked once: the answer does not change while a page is open. */
function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const loadCurves = once(() => import('./curves.ts'));

async function nativeVerify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const key = await subtle.importKey('raw', owned(publicKey), 'Ed25519', false, ['verify']);
  return subtle.verify('Ed25519', key, owned(signature), owned(message));
}

/** WebCrypto names a public key only beside its secret, so a key that may be read out is made for it, and let go. */
async function nativePublicKey(encoded: Owned): Promise<Uint8Array> {
  const key = await subtle.importKey('pkcs8', encoded, 'Ed25519', true, ['sign']);
  const { x = '' } = await subtle.exportKey('jwk', key);
  const publicKey = base64urlToBytes(x);
  if (publicKey?.length !== 32) throw new CodedError('INTERNAL');
  return publicKey;
}

/**
 * Whether WebCrypto has Ed25519 and verifies without the cofactor. Engines are free to do either, and the
 * two differ on signatures that a malicious signer can make; so the engine is asked about such a pair.
 */
const hasEd25519 = once(async () => {
  try {
    for (const { publicKey, message, signature, valid } of cofactorlessCases) {
      if ((await nativeVerify(publicKey, message, signature)) !== valid) return false;
    }
    return true;
  } catch {
    return false;
  }
});

const hasX25519 = once(async () => {
  try {
    await subtle.generateKey('X25519', false, ['deriveBits']);
    return true;
  } catch {
    return false;
  }
});

/** Undefined when the shared secret is all zero. */
type Agree = (peer: Uint8Array) => Promise<Uint8Array | undefined>;

async function x25519Agree(secret: Uint8Array): Promise<Agree> {
  const native = (await hasX25519())
    ? await subtle.importKey('pkcs8', pkcs8(x25519Oid, secret), 'X25519', false, ['deriveBits'])
    : undefined;
  const kept = native === undefined ? secret.slice() : secret;
  return async (peer) => {
    let shared: Uint8Array;
    try {
      if (native === undefined) {
        shared = (await loadCurves()).x25519Shared(kept, peer);
      } else {
        const key = await subtle.importKey('raw', owned(peer), 'X25519', false, []);
        shared = new Uint8Array(
          await subtle.deriveBits({ name: 'X25519', public: key }, native, 256),
        );
      }
    } catch {
      return undefined; // Both refuse the all-zero secret themselves.
    }
    return shared.every((byte) => byte === 0) ? undefined : shared;
  };
}

const x25519Base = Uint8Array.of(9, ...new Array<number>(31).fill(0));

async function x25519Pair(secret: Uint8Array): Promise<{ publicKey: Uint8Array; agree: Agree }> {
  const agree = await x25519Agree(secret);
  // A public key is the secret agreed with the base point: no exportable key is needed.
  const publicKey = await agree(x25519Base);
  if (publicKey === undefined) throw new CodedError('KEY_WEAK');
  return { publicKey, agree };
}

const loadMlKem = once(async () => (await import('@noble/post-quantum/ml-kem.js')).ml_kem768);

const importAes = (key: Uint8Array): Promise<CryptoKey> =>
  subtle.importKey('raw', owned(key), 'AES-GCM', false, ['encrypt', 'decrypt']);

async function gcmOpen(
  key: CryptoKey,
  parameters: AesGcmParams,
  sealed: Uint8Array,
): Promise<Uint8Array> {
  try {
    return new Uint8Array(await subtle.decrypt(parameters, key, owned(sealed)));
  } catch {
    throw new CodedError('CANNOT_OPEN');
  }
}

/** WebCrypto answers from another thread: one chunk at a time would mostly wait. */
const inFlight = 16;

/** Runs `work` for every chunk of the run, `inFlight` at a time. */
async function eachChunk(
  run: ChunkRun,
  work: (index: number, nonce: Owned) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < run.chunks) {
      const index = next++;
      const nonce = new Uint8Array(12);
      setChunkNonce(nonce, run.baseNonce, run.firstChunk + index);
      await work(index, nonce);
    }
  };
  // All lanes end before a failure is passed on: nothing is written to `out` after that.
  const lanes = await Promise.allSettled(Array.from({ length: inFlight }, lane));
  for (const outcome of lanes) if (outcome.status === 'rejected') throw outcome.reason;
}

export const platform: Platform = {
  randomBytes(length) {
    const bytes = new Uint8Array(length);
    // One call gives 64 KiB at most.
    for (let at = 0; at < length; at += 65_536) {
      globalThis.crypto.getRandomValues(bytes.subarray(at, at + 65_536));
    }
    return bytes;
  },

  async ed25519Key(seed) {
    if (!(await hasEd25519())) {
      const { ed25519PublicKey, ed25519Sign } = await loadCurves();
      const kept = seed.slice();
      const publicKey = ed25519PublicKey(kept);
      return { publicKey, sign: async (message) => ed25519Sign(message, kept) };
    }
    const encoded = pkcs8(ed25519Oid, seed);
    const key = await subtle.importKey('pkcs8', encoded, 'Ed25519', false, ['sign']);
    const publicKey = await nativePublicKey(encoded);
    return {
      publicKey,
      sign: async (message) => new Uint8Array(await subtle.sign('Ed25519', key, owned(message))),
    };
  },

  async ed25519Verify(publicKey, message, signature) {
    try {
      return (await hasEd25519())
        ? await nativeVerify(publicKey, message, signature)
        : (await loadCurves()).isCofactorless(publicKey, message, signature);
    } catch {
      return false;
    }
  },

  async es256Verify(publicKey, message, signature) {
    try {
      const point = Uint8Array.of(4, ...publicKey);
      const curve = { name: 'ECDSA', namedCurve: 'P-256' };
      const key = await subtle.importKey('raw', point, curve, false, ['verify']);
      const how = { name: 'ECDSA', hash: 'SHA-256' };
      return await subtle.verify(how, key, owned(signature), owned(message));
    } catch {
      return false; // The key is no point of the curve.
    }
  },

  async x25519Key(secret) {
    const { publicKey, agree } = await x25519Pair(secret);
    return {
      publicKey,
      async agree(peer) {
        const shared = await agree(peer);
        if (shared === undefined) throw new CodedError('CANNOT_OPEN');
        return shared;
      },
    };
  },

  async x25519Peer(peer) {
    const kept = peer.slice();
    return {
      async agree(secret = platform.randomBytes(32)) {
        const { publicKey, agree } = await x25519Pair(secret);
        const shared = await agree(kept);
        if (shared === undefined) throw new CodedError('KEY_WEAK');
        return { publicKey, shared };
      },
    };
  },

  async mlkem768Key(seed) {
    const mlkem = await loadMlKem();
    const { publicKey, secretKey } = mlkem.keygen(seed);
    return {
      publicKey,
      decapsulate: async (ciphertext) => mlkem.decapsulate(ciphertext, secretKey),
    };
  },

  async mlkem768Peer(publicKey) {
    const mlkem = await loadMlKem();
    try {
      // Expands the matrix once and checks that the coefficients are reduced.
      const peer = mlkem.prepare(publicKey.slice());
      return {
        async encapsulate() {
          const { cipherText, sharedSecret } = peer.encapsulate();
          return { ciphertext: cipherText, shared: sharedSecret };
        },
      };
    } catch {
      throw new CodedError('KEY_WEAK');
    }
  },

  async aes256GcmSeal({ key, nonce, aad }, plaintext) {
    const parameters = { name: 'AES-GCM', iv: owned(nonce), additionalData: owned(aad) };
    const sealed = await subtle.encrypt(parameters, await importAes(key), owned(plaintext));
    return new Uint8Array(sealed);
  },

  async aes256GcmOpen({ key, nonce, aad }, sealed) {
    const parameters = { name: 'AES-GCM', iv: owned(nonce), additionalData: owned(aad) };
    return gcmOpen(await importAes(key), parameters, sealed);
  },

  async aes128CtrStream(rawKey, counter, length) {
    const key = await subtle.importKey('raw', owned(rawKey), 'AES-CTR', false, ['encrypt']);
    const parameters = { name: 'AES-CTR', counter: owned(counter), length: 128 };
    return new Uint8Array(await subtle.encrypt(parameters, key, new Uint8Array(length)));
  },

  async chunkCipher(rawKey) {
    const key = await importAes(rawKey);
    return {
      seal: (run, plaintext, out) =>
        eachChunk(run, async (i, iv) => {
          const from = i * run.chunkBytes;
          const chunk = owned(plaintext.subarray(from, from + run.chunkBytes));
          const sealed = await subtle.encrypt({ name: 'AES-GCM', iv }, key, chunk);
          out.set(new Uint8Array(sealed), i * (run.chunkBytes + 16));
        }),
      open: (run, sealed, out) =>
        eachChunk(run, async (i, iv) => {
          const from = i * (run.chunkBytes + 16);
          const chunk = sealed.subarray(from, from + run.chunkBytes + 16);
          out.set(await gcmOpen(key, { name: 'AES-GCM', iv }, chunk), i * run.chunkBytes);
        }),
    };
  },

  async argon2id(passphrase, salt, { memoryKiB, passes }) {
    const sodium = await loadSodium();
    const algorithm = sodium.crypto_pwhash_ALG_ARGON2ID13;
    return sodium.crypto_pwhash(32, passphrase, salt, passes, memoryKiB * 1024, algorithm);
  },
};
