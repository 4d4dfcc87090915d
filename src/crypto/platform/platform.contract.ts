import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, hexToBytes } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import { cofactorlessCases } from './cofactorless-cases.ts';
import { isCofactorless } from './ed25519-equation.ts';
import { type Platform, setChunkNonce } from './platform.ts';

const cannotOpen = (error: unknown): boolean => isCoded(error, 'CANNOT_OPEN');
const keyWeak = (error: unknown): boolean => isCoded(error, 'KEY_WEAK');
const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
const bytesOf = (hex: string): Uint8Array => hexToBytes(hex) ?? new Uint8Array(0);
const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
  const changed = bytes.slice();
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
};

/** What both platforms promise. Known answers stand in the vectors; here is what those do not reach. */
export function describePlatform(name: string, platform: Platform): void {
  test(`${name}: random bytes are as many as asked for, and differ`, () => {
    for (const length of [0, 1, 32, 65_537, 200_000]) {
      const bytes = platform.randomBytes(length);
      assert.equal(bytes.length, length);
      assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype);
    }
    const long = platform.randomBytes(200_000);
    for (const at of [0, 65_536, 131_072, 199_968]) {
      assert.ok(
        long.subarray(at, at + 32).some((byte) => byte !== 0),
        `zeros at ${at}`,
      );
    }
    assert.notDeepEqual(platform.randomBytes(32), platform.randomBytes(32));
  });

  test(`${name}: Ed25519 signs as RFC 8032 says and verifies without the cofactor`, async () => {
    const key = await platform.ed25519Key(filled(32, 7));
    const message = filled(100, 1);
    const signature = await key.sign(message);
    assert.deepEqual(await key.sign(message), signature);
    assert.equal(await platform.ed25519Verify(key.publicKey, message, signature), true);
    assert.equal(isCofactorless(key.publicKey, message, signature), true);
    for (let at = 0; at < 64; at += 9) {
      assert.equal(
        await platform.ed25519Verify(key.publicKey, message, flipped(signature, at)),
        false,
      );
    }
    for (const edge of cofactorlessCases) {
      assert.equal(
        await platform.ed25519Verify(edge.publicKey, edge.message, edge.signature),
        edge.valid,
      );
      assert.equal(isCofactorless(edge.publicKey, edge.message, edge.signature), edge.valid);
    }
  });

  test(`${name}: AES-128 in counter mode counts as SP 800-38A does, also past the end of 64 bits`, async () => {
    const key = bytesOf('2b7e151628aed2a6abf7158809cf4f3c');
    const counter = bytesOf('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff');
    // The output blocks of F.5.1.
    const stream = [
      ...['ec8cdf7398607cb0f2d21675ea9ea1e4', '362b7c3c6773516318a077d7fc5073ae'],
      ...['6a2cc3787889374fbeb4c81b17ba6c44', 'e89c399ff0f198c6d40a31db156cabfe'],
    ].join('');
    assert.deepEqual(await platform.aes128CtrStream(key, counter, 64), bytesOf(stream));
    assert.deepEqual(
      await platform.aes128CtrStream(key, counter, 37),
      bytesOf(stream).slice(0, 37),
    );
    const last = bytesOf('0000000000000000ffffffffffffffff');
    const next = bytesOf('00000000000000010000000000000000');
    const both = await platform.aes128CtrStream(key, last, 20_000);
    assert.deepEqual(both.slice(16), await platform.aes128CtrStream(key, next, 19_984));
    assert.equal(Object.getPrototypeOf(both), Uint8Array.prototype);
    assert.equal((await platform.aes128CtrStream(key, counter, 0)).length, 0);
  });

  test(`${name}: a key that is no point of the curve verifies nothing and throws nothing`, async () => {
    const nowhere = filled(32, 0);
    nowhere[0] = 2;
    assert.equal(await platform.ed25519Verify(nowhere, filled(1, 1), filled(64, 1)), false);
  });

  test(`${name}: many verifications at once keep their verdicts`, async () => {
    const keys = await Promise.all([1, 2, 3].map((n) => platform.ed25519Key(filled(32, n))));
    const verdicts = await Promise.all(
      Array.from({ length: 60 }, async (_, i) => {
        const key = keys[i % 3];
        assert.ok(key);
        const signature = await key.sign(filled(8, i));
        return platform.ed25519Verify(key.publicKey, filled(8, i - (i % 2)), signature);
      }),
    );
    verdicts.forEach((verdict, i) => {
      assert.equal(verdict, i % 2 === 0);
    });
  });

  test(`${name}: ES256 gives the verdict of RFC 6979, and no for everything beside it`, async () => {
    const { publicKey, message, signature } = es256Answer;
    assert.equal(await platform.es256Verify(publicKey, message, signature), true);
    for (const [key, text, signed] of [
      [flipped(publicKey, 3), message, signature],
      [publicKey, flipped(message, 0), signature],
      [publicKey, message, flipped(signature, 0)],
      [publicKey, message, flipped(signature, 63)],
      [publicKey, message, signature.subarray(0, 63)],
      [publicKey, message, filled(64, 0)],
      [filled(64, 0), message, signature],
      [publicKey.subarray(1), message, signature],
    ] as const) {
      assert.equal(await platform.es256Verify(key, text, signed), false);
    }
  });

  test(`${name}: X25519 agrees from both sides, with fresh and with given keys`, async () => {
    const key = await platform.x25519Key(filled(32, 3));
    const peer = await platform.x25519Peer(key.publicKey);
    const fresh = await peer.agree();
    assert.deepEqual(await key.agree(fresh.publicKey), fresh.shared);
    assert.notDeepEqual((await peer.agree()).publicKey, fresh.publicKey);
    const given = await peer.agree(filled(32, 4));
    assert.deepEqual(given, await peer.agree(filled(32, 4)));
    assert.deepEqual(await key.agree(given.publicKey), given.shared);
  });

  test(`${name}: a peer of small order is refused by both sides`, async () => {
    const key = await platform.x25519Key(filled(32, 3));
    await assert.rejects(key.agree(filled(32, 0)), cannotOpen);
    const peer = await platform.x25519Peer(filled(32, 0));
    await assert.rejects(peer.agree(), keyWeak);
  });

  test(`${name}: ML-KEM gives both sides one secret, and a stranger's ciphertext another`, async () => {
    const key = await platform.mlkem768Key(filled(64, 5));
    const peer = await platform.mlkem768Peer(key.publicKey);
    const { ciphertext, shared } = await peer.encapsulate();
    assert.deepEqual(await key.decapsulate(ciphertext), shared);
    const rejected = await key.decapsulate(flipped(ciphertext, 100));
    assert.equal(rejected.length, 32);
    assert.notDeepEqual(rejected, shared);
  });

  test(`${name}: GCM opens only what was sealed, under the same associated data`, async () => {
    const input = { key: filled(32, 1), nonce: filled(12, 2), aad: filled(5, 3) };
    for (const length of [0, 1, 32, 5000]) {
      const sealed = await platform.aes256GcmSeal(input, filled(length, 9));
      assert.equal(sealed.length, length + 16);
      assert.deepEqual(await platform.aes256GcmOpen(input, sealed), filled(length, 9));
      const others = [
        [input, flipped(sealed, 0)],
        [input, flipped(sealed, sealed.length - 1)],
        [input, sealed.subarray(0, -1)],
        [input, new Uint8Array(0)],
        [{ ...input, aad: filled(5, 4) }, sealed],
        [{ ...input, nonce: filled(12, 3) }, sealed],
        [{ ...input, key: filled(32, 3) }, sealed],
      ] as const;
      for (const [how, what] of others) {
        await assert.rejects(platform.aes256GcmOpen(how, what), cannotOpen);
      }
    }
  });

  test(`${name}: a run of chunks is one GCM message for each, with the counter in its nonce`, async () => {
    const key = filled(32, 1);
    const baseNonce = filled(12, 0xf0);
    const cipher = await platform.chunkCipher(key);
    const chunkBytes = 64;
    for (const [firstChunk, length] of [
      [0, 0],
      [0, 63],
      [7, 64 * 40],
      [2 ** 32 - 2, 64 * 3 + 5],
    ] as const) {
      const plaintext = platform.randomBytes(length);
      const chunks = Math.floor(length / chunkBytes) + 1;
      const run = { baseNonce, firstChunk, chunks, chunkBytes };
      const sealed = new Uint8Array(length + 16 * chunks);
      await cipher.seal(run, plaintext, sealed);
      const expected: Uint8Array[] = [];
      for (let i = 0; i < chunks; i++) {
        const nonce = new Uint8Array(12);
        setChunkNonce(nonce, baseNonce, firstChunk + i);
        const chunk = plaintext.subarray(i * chunkBytes, (i + 1) * chunkBytes);
        expected.push(await platform.aes256GcmSeal({ key, nonce, aad: new Uint8Array(0) }, chunk));
      }
      assert.deepEqual(sealed, concatBytes(...expected));
      const opened = new Uint8Array(length);
      await cipher.open(run, sealed, opened);
      assert.deepEqual(opened, plaintext);
    }
  });

  test(`${name}: a chunk that fails leaves nothing of itself behind`, async () => {
    const cipher = await platform.chunkCipher(filled(32, 1));
    const run = { baseNonce: filled(12, 0), firstChunk: 0, chunks: 3, chunkBytes: 32 };
    const sealed = new Uint8Array(80 + 48);
    await cipher.seal(run, filled(80, 0xaa), sealed);
    const opened = new Uint8Array(80);
    await assert.rejects(cipher.open(run, flipped(sealed, 50), opened), cannotOpen);
    assert.deepEqual(opened.subarray(32, 64), filled(32, 0));
  });

  test(`${name}: Argon2id gives the answer that OpenSSL and libsodium share`, async () => {
    const key = await platform.argon2id(
      new TextEncoder().encode('password'),
      new TextEncoder().encode('somesaltsomesalt'),
      { memoryKiB: 64, passes: 2 },
    );
    assert.equal(Buffer.from(key).toString('hex'), argonAnswer);
  });
}

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
/** RFC 6979 A.2.5, P-256 with SHA-256, message "sample". */
const es256Answer = {
  publicKey: hex(
    '60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6' +
      '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
  ),
  message: new TextEncoder().encode('sample'),
  signature: hex(
    'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716' +
      'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
  ),
};
const argonAnswer = '1a98fba8e6394425c9bdc333a9c750aaf811df070f5fb4a5788e1cf4db5793a1';
