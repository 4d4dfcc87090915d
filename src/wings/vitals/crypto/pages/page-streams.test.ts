import assert from 'node:assert/strict';
import { test } from 'node:test';
import { platform } from '#platform';
import { hmacSha256, sha256 } from '../../../../crypto/hash.ts';
import { concatBytes, u32be } from '../../../../primitives/bytes.ts';
import { compiled, folder } from '../../test/build-kernel.ts';

/** What page-streams.as exports, which page-kernel.as hands on in part. */
interface Streams {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly message: { readonly value: number };
  readonly secret: { readonly value: number };
  readonly binder: { readonly value: number };
  prepareStreams(): void;
  digest(length: number, to: number): void;
  setKey(key: number): void;
  hmac(length: number, to: number): void;
  stream(seed: number, length: number, to: number): void;
  readonly verifyKey: { readonly value: number };
  keyed(server: number, clinical: number, clinicalBytes: number, salt: number): void;
  queryStream(length: number, to: number): void;
  forget(): void;
}
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: object,
  ): Promise<{ readonly instance: { readonly exports: unknown } }>;
};

// Beyond everything that the module has in memory.
const entry = "export * from './page-streams'; export const room: usize = memory.data(2048, 16);";
const { instance } = await WebAssembly.instantiate(await compiled(entry, `${folder}pages`), {
  env: { abort: () => assert.fail() },
});
const streams = instance.exports as Streams & { readonly room: { readonly value: number } };
streams.prepareStreams();
const memory = new Uint8Array(streams.memory.buffer);
const room = streams.room.value;
const taken = (length: number): Uint8Array => memory.slice(room, room + length);

const drawn = (seed: number, length: number): Uint8Array => {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) =>
    sha256(u32be(seed), u32be(i)),
  );
  return concatBytes(...blocks).subarray(0, length);
};

test('a message of every length has the hash of the platform, and under a key the HMAC', () => {
  for (let length = 0; length <= 247; length++) {
    const [message, key] = [drawn(length, length), drawn(1000 + length, 32)];
    memory.set(message, streams.message.value);
    streams.digest(length, room);
    assert.deepEqual(taken(32), sha256(message), `${length} bytes`);
    memory.set(key, streams.secret.value);
    streams.setKey(streams.secret.value);
    // Twice: a key stays for the messages that follow.
    for (let i = 0; i < 2; i++) {
      memory.set(message, streams.message.value);
      streams.hmac(length, room);
      assert.deepEqual(taken(32), hmacSha256(key, message), `${length} bytes`);
    }
  }
});

const ones = new Uint8Array(16).fill(255);
const zeros = new Uint8Array(16);

test('a stream is that of the platform: many keys, every length, counters that overflow', async () => {
  for (let i = 0; i <= 300; i++) {
    const key = i === 0 ? zeros : i === 1 ? ones : drawn(i, 16);
    // The last bits of half of them are ones: they carry into the upper 64, or around.
    const high = i % 4 < 2 ? drawn(i, 8) : ones.subarray(8);
    const counter = concatBytes(high, i % 2 === 0 ? drawn(i, 8) : ones.subarray(8));
    memory.set(key, streams.secret.value);
    memory.set(counter, streams.secret.value + 16);
    streams.stream(streams.secret.value, i, room);
    assert.deepEqual(taken(i), await platform.aes128CtrStream(key, counter, i), `${i} bytes`);
  }
});

// SP 800-38A, F.5.1: the plaintext taken away again.
test('the first block of the published stream', () => {
  const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
  memory.set(hex('2b7e151628aed2a6abf7158809cf4f3c'), streams.secret.value);
  memory.set(hex('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff'), streams.secret.value + 16);
  streams.stream(streams.secret.value, 16, room);
  assert.deepEqual(taken(16), hex('ec8cdf7398607cb0f2d21675ea9ea1e4'));
});

test('nothing of a key stays in memory once it is told to forget, as it was or as it was worked with', () => {
  const [secret, verifyKey] = [drawn(1, 32), drawn(2, 32)];
  const seed = hmacSha256(verifyKey, new Uint8Array(35));
  const forms = [secret, verifyKey].flatMap((key) =>
    [0, 0x36, 0x5c].map((pad) => key.map((byte) => byte ^ pad)),
  );
  const swapped = (bytes: Uint8Array): Uint8Array => bytes.map((_, i) => bytes[i ^ 3] ?? 0);
  const found = (): number => {
    const all = Buffer.from(memory);
    const traces = [...forms, ...forms.map(swapped), seed, swapped(seed)];
    return traces.filter((it) => all.includes(Buffer.from(it.subarray(0, 16)))).length;
  };
  memory.fill(0, streams.binder.value, streams.binder.value + 48);
  memory.set(secret, streams.secret.value);
  memory.set(verifyKey, streams.verifyKey.value);
  streams.keyed(1, room, 640, room + 640);
  streams.queryStream(112, room + 1024);
  assert.ok(found() > 0);
  streams.forget();
  assert.equal(found(), 0);
});
