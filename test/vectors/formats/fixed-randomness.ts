import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { platform } from '#platform';
import { shake256 } from '../../../src/crypto/hash.ts';
import { utf8 } from '../../../src/primitives/bytes.ts';

/**
 * Lets vectors go through the product's own sealing functions: inside `withFixedRandomness` every random
 * byte comes from one stream, draw after draw, and is noted. Draw i of a stream is SHAKE256(`name i`).
 */
let active: { readonly name: string; readonly drawn: Uint8Array[] } | undefined;
const real = { ...platform };

function draw(length: number): Uint8Array | undefined {
  if (active === undefined) return undefined;
  const bytes = shake256(utf8(`${active.name} ${active.drawn.length}`), length);
  active.drawn.push(bytes);
  return bytes;
}

Object.assign(platform, {
  randomBytes: (length: number) => draw(length) ?? real.randomBytes(length),

  async mlkem768Peer(publicKey: Uint8Array) {
    const peer = await real.mlkem768Peer(publicKey);
    return {
      async encapsulate() {
        const coins = draw(32);
        if (coins === undefined) return peer.encapsulate();
        const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey, coins);
        return { ciphertext: cipherText, shared: sharedSecret };
      },
    };
  },

  async x25519Peer(publicKey: Uint8Array) {
    const peer = await real.x25519Peer(publicKey);
    return { agree: (secret?: Uint8Array) => peer.agree(secret ?? draw(32)) };
  },
});

export async function withFixedRandomness<Result>(
  name: string,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly drawn: readonly Uint8Array[] }> {
  const drawn: Uint8Array[] = [];
  active = { name, drawn };
  try {
    return { result: await work(), drawn };
  } finally {
    active = undefined;
  }
}
