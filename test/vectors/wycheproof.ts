import { platform } from '#platform';
import { openUnderKey, sealUnderKey } from '../../src/crypto/aead.ts';
import { openChunked } from '../../src/crypto/chunked.ts';
import { hkdfSha256, hmacSha256, sha512 } from '../../src/crypto/hash.ts';
import { x25519KeyFromSecret } from '../../src/crypto/kem.ts';
import { verifySignature } from '../../src/crypto/signature.ts';
import { concatBytes } from '../../src/primitives/bytes.ts';
import { hex, isHex, type Outcome, readJson, Tally, unlessRefused, unlessThrown } from './tally.ts';

/**
 * Project Wycheproof against our own functions. What lies outside our profile (AES-128, other nonce or tag
 * lengths) has no way in and must be refused; "acceptable" cases have the one verdict we document.
 */
interface Group<Test> {
  readonly testGroups: readonly (Test extends { group: infer Fields }
    ? Fields & { readonly tests: readonly Test[] }
    : { readonly tests: readonly Test[] })[];
}

interface Case {
  readonly tcId: number;
  readonly result: 'valid' | 'invalid' | 'acceptable';
}

type Run = (path: string, tally: Tally) => Promise<void>;

interface AesGcmCase extends Case {
  readonly group: { readonly keySize: number; readonly ivSize: number; readonly tagSize: number };
  readonly key: string;
  readonly iv: string;
  readonly aad: string;
  readonly msg: string;
  readonly ct: string;
  readonly tag: string;
}

const aesGcm: Run = async (path, tally) => {
  for (const group of readJson<Group<AesGcmCase>>(path).testGroups) {
    const ours = group.keySize === 256 && group.ivSize === 96 && group.tagSize === 128;
    for (const test of group.tests) {
      const key = hex(test.key);
      const aad = hex(test.aad);
      const sealed = hex(test.iv + test.ct + test.tag);
      const opened = await unlessRefused('CANNOT_OPEN', () => openUnderKey(key, aad, sealed));
      if (!ours || test.result !== 'valid') {
        tally.check(test.tcId, opened === undefined);
        continue;
      }
      const again = await sealUnderKey(key, aad, hex(test.msg), hex(test.iv));
      tally.check(test.tcId, isHex(opened, test.msg) && isHex(again, test.iv + test.ct + test.tag));
    }
  }
};

interface Ed25519Case extends Case {
  readonly group: { readonly publicKey: { readonly pk: string } };
  readonly msg: string;
  readonly sig: string;
}

const ed25519: Run = async (path, tally) => {
  for (const group of readJson<Group<Ed25519Case>>(path).testGroups) {
    const publicKey = hex(group.publicKey.pk);
    for (const test of group.tests) {
      const valid = await verifySignature(publicKey, hex(test.msg), hex(test.sig));
      tally.check(test.tcId, valid === (test.result === 'valid'));
    }
  }
};

interface X25519Case extends Case {
  readonly public: string;
  readonly private: string;
  readonly shared: string;
}

/** "acceptable" here means twist points and non-canonical keys, which RFC 7748 takes, and the all-zero secret, which we refuse. */
const x25519: Run = async (path, tally) => {
  for (const group of readJson<Group<X25519Case>>(path).testGroups) {
    for (const test of group.tests) {
      const key = await x25519KeyFromSecret(hex(test.private));
      const shared = await unlessRefused('CANNOT_OPEN', () => key.decapsulate(hex(test.public)));
      const isZero = /^0+$/.test(test.shared);
      tally.check(test.tcId, isZero ? shared === undefined : isHex(shared, test.shared));
    }
  }
};

interface HkdfCase extends Case {
  readonly ikm: string;
  readonly salt: string;
  readonly info: string;
  readonly size: number;
  readonly okm: string;
}

/** Our HKDF has no salt; cases with one are put together from HMAC, as RFC 5869 does. */
function hkdfWithSalt(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, size: number) {
  const prk = hmacSha256(salt, ikm);
  let block = new Uint8Array(0);
  let whole = new Uint8Array(0);
  for (let i = 1; whole.length < size; i++) {
    if (i > 255) throw new RangeError('HKDF gives 255 blocks at most');
    block = new Uint8Array(hmacSha256(prk, block, info, Uint8Array.of(i)));
    whole = new Uint8Array(concatBytes(whole, block));
  }
  return whole.subarray(0, size);
}

const hkdf: Run = async (path, tally) => {
  for (const group of readJson<Group<HkdfCase>>(path).testGroups) {
    for (const test of group.tests) {
      const [ikm, salt, info] = [hex(test.ikm), hex(test.salt), hex(test.info)];
      const okm = await unlessThrown(() =>
        salt.length === 0
          ? hkdfSha256(ikm, info, test.size)
          : hkdfWithSalt(ikm, salt, info, test.size),
      );
      tally.check(test.tcId, test.result === 'valid' ? isHex(okm, test.okm) : okm === undefined);
    }
  }
};

interface HmacCase extends Case {
  readonly group: { readonly tagSize: number };
  readonly key: string;
  readonly msg: string;
  readonly tag: string;
}

const hmac: Run = async (path, tally) => {
  for (const group of readJson<Group<HmacCase>>(path).testGroups) {
    for (const test of group.tests) {
      const tag = hmacSha256(hex(test.key), hex(test.msg)).subarray(0, group.tagSize / 8);
      tally.check(test.tcId, isHex(tag, test.tag) === (test.result === 'valid'));
    }
  }
};

interface MlKemCase extends Case {
  readonly seed: string;
  readonly ek?: string;
  readonly c: string;
  readonly K: string;
}

const mlkem: Run = async (path, tally) => {
  for (const group of readJson<Group<MlKemCase>>(path).testGroups) {
    for (const test of group.tests) {
      const opened = await unlessThrown(async () => {
        const key = await platform.mlkem768Key(hex(test.seed));
        return { publicKey: key.publicKey, shared: await key.decapsulate(hex(test.c)) };
      });
      const matches = isHex(opened?.shared, test.K) && isHex(opened?.publicKey, test.ek ?? '');
      tally.check(test.tcId, test.result === 'valid' ? matches : opened === undefined);
    }
  }
};

interface MlKemEncapsCase extends Case {
  readonly m: string;
  readonly ek: string;
  readonly c: string;
  readonly K: string;
}

/** Engines draw the randomness themselves, so a valid case shows that the key is taken and fits `c` in length. */
const mlkemEncaps: Run = async (path, tally) => {
  for (const group of readJson<Group<MlKemEncapsCase>>(path).testGroups) {
    for (const test of group.tests) {
      const sealed = await unlessRefused('KEY_WEAK', async () =>
        (await platform.mlkem768Peer(hex(test.ek))).encapsulate(),
      );
      const fits = sealed?.ciphertext.length === 1088 && sealed.shared.length === 32;
      tally.check(test.tcId, test.result === 'valid' ? fits : sealed === undefined);
    }
  }
};

interface ChunkedCase extends Case {
  readonly key: string;
  readonly ctx: string;
  /** zlib. */
  readonly ct: string;
  /** Absent where opening must fail. */
  readonly msgLength?: number;
  readonly msgSha512?: string;
}

async function inflated(zlib: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([zlib.slice()]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const chunked: Run = async (path, tally) => {
  for (const group of readJson<Group<ChunkedCase>>(path).testGroups) {
    for (const test of group.tests) {
      const sealed = await inflated(hex(test.ct));
      const opened = await unlessRefused('CANNOT_OPEN', () =>
        openChunked(hex(test.key), hex(test.ctx), sealed),
      );
      const right =
        opened !== undefined &&
        opened.length === test.msgLength &&
        isHex(sha512(opened), test.msgSha512 ?? '');
      tally.check(test.tcId, test.result === 'valid' ? right : opened === undefined);
    }
  }
};

const runs: Readonly<Record<string, Run>> = {
  'wycheproof/aes_gcm_test.json': aesGcm,
  'wycheproof/c2sp_chunked_encryption_aes_256_gcm_test.json': chunked,
  'wycheproof/ed25519_test.json': ed25519,
  'wycheproof/hkdf_sha256_test.json': hkdf,
  'wycheproof/hmac_sha256_test.json': hmac,
  'wycheproof/mlkem_768_encaps_test.json': mlkemEncaps,
  'wycheproof/mlkem_768_test.json': mlkem,
  'wycheproof/x25519_test.json': x25519,
};

export const wycheproof: Readonly<Record<string, (path: string) => Promise<Outcome>>> =
  Object.fromEntries(
    Object.entries(runs).map(([file, run]) => [
      file,
      async (path: string) => {
        const tally = new Tally(file);
        await run(path, tally);
        return tally.outcome();
      },
    ]),
  );
