/**
 * What the cryptography asks of the machine it runs on; `node.ts` and `browser.ts` answer it alike.
 *
 * Everything but randomness is asynchronous, because WebCrypto is. Hashes are apart (`#hash`): they are
 * synchronous on both sides. Lengths are the caller's business; every function here gets right ones.
 */
export interface Platform {
  readonly randomBytes: (length: number) => Uint8Array;

  readonly ed25519Key: (seed: Uint8Array) => Promise<Ed25519Key>;
  /** The cofactorless equation. Asked only about what passed `ed25519-strict.ts`. Never throws. */
  readonly ed25519Verify: (
    publicKey: Uint8Array,
    message: Uint8Array,
    signature: Uint8Array,
  ) => Promise<boolean>;

  /** ECDSA on P-256 over SHA-256, of formats that others sign. `publicKey` is x ‖ y, `signature` r ‖ s. Never throws. */
  readonly es256Verify: (
    publicKey: Uint8Array,
    message: Uint8Array,
    signature: Uint8Array,
  ) => Promise<boolean>;

  readonly x25519Key: (secret: Uint8Array) => Promise<X25519Key>;
  readonly x25519Peer: (publicKey: Uint8Array) => Promise<X25519Peer>;

  /** `seed` = d ‖ z, 64 bytes (FIPS 203). */
  readonly mlkem768Key: (seed: Uint8Array) => Promise<MlKemKey>;
  /** Throws KEY_WEAK on a key whose coefficients are not reduced (FIPS 203 section 7.2). */
  readonly mlkem768Peer: (publicKey: Uint8Array) => Promise<MlKemPeer>;

  /** Gives ciphertext ‖ tag 16. */
  readonly aes256GcmSeal: (input: GcmInput, plaintext: Uint8Array) => Promise<Uint8Array>;
  /** Throws CANNOT_OPEN. */
  readonly aes256GcmOpen: (input: GcmInput, sealed: Uint8Array) => Promise<Uint8Array>;
  readonly chunkCipher: (key: Uint8Array) => Promise<ChunkCipher>;
  /** `length` bytes of AES-128 in counter mode over zeros; `counter` is the first block, 128 bits big-endian (SP 800-38A). */
  readonly aes128CtrStream: (
    key: Uint8Array,
    counter: Uint8Array,
    length: number,
  ) => Promise<Uint8Array>;

  /** One lane, 32 bytes; `salt` has 16. */
  readonly argon2id: (
    passphrase: Uint8Array,
    salt: Uint8Array,
    cost: { readonly memoryKiB: number; readonly passes: number },
  ) => Promise<Uint8Array>;
}

export interface Ed25519Key {
  readonly publicKey: Uint8Array;
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
}

export interface X25519Key {
  readonly publicKey: Uint8Array;
  /** Throws CANNOT_OPEN when the shared secret is all zero (RFC 7748 section 6.1). */
  readonly agree: (peer: Uint8Array) => Promise<Uint8Array>;
}

export interface X25519Peer {
  /** A fresh key pair, or the one of `secret`, against this peer. Throws KEY_WEAK when the secret is all zero. */
  readonly agree: (
    secret?: Uint8Array,
  ) => Promise<{ readonly publicKey: Uint8Array; readonly shared: Uint8Array }>;
}

export interface MlKemKey {
  readonly publicKey: Uint8Array;
  /** A foreign ciphertext gives a random secret, never an error (implicit rejection). */
  readonly decapsulate: (ciphertext: Uint8Array) => Promise<Uint8Array>;
}

export interface MlKemPeer {
  readonly encapsulate: () => Promise<{
    readonly ciphertext: Uint8Array;
    readonly shared: Uint8Array;
  }>;
}

export interface GcmInput {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
}

/** Consecutive chunks: all hold `chunkBytes` of plaintext but the last, which may hold fewer, or none. */
export interface ChunkRun {
  readonly baseNonce: Uint8Array;
  readonly firstChunk: number;
  readonly chunks: number;
  readonly chunkBytes: number;
}

/** AES-256-GCM under one key, the nonce of chunk i is `baseNonce` XOR i; each chunk is followed by its tag. */
export interface ChunkCipher {
  readonly seal: (run: ChunkRun, plaintext: Uint8Array, out: Uint8Array) => Promise<void>;
  /** Throws CANNOT_OPEN; no part of a chunk that failed is ever in `out`. */
  readonly open: (run: ChunkRun, sealed: Uint8Array, out: Uint8Array) => Promise<void>;
}

/** Writes `baseNonce` XOR `index` (40 bits, big-endian, at the end) into `nonce`. */
export function setChunkNonce(nonce: Uint8Array, baseNonce: Uint8Array, index: number): void {
  nonce.set(baseNonce);
  let rest = index;
  for (let at = 11; at >= 7; at--) {
    nonce[at] = (baseNonce[at] ?? 0) ^ (rest % 256);
    rest = Math.floor(rest / 256);
  }
}
