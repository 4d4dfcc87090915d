import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { platform } from '#platform';
import { shake256 } from '../../../src/crypto/hash.js';
import { utf8 } from '../../../src/primitives/bytes.js';
/**
 * Lets vectors go through the product's own sealing functions: inside `withFixedRandomness` every random
 * byte comes from one stream, draw after draw, and is noted. Draw i of a stream is SHAKE256(`name i`).
 */
let active;
const real = { ...platform };
function draw(length) {
    if (active === undefined)
        return undefined;
    const bytes = shake256(utf8(`${active.name} ${active.drawn.length}`), length);
    active.drawn.push(bytes);
    return bytes;
}
Object.assign(platform, {
    randomBytes: (length) => draw(length) ?? real.randomBytes(length),
    async mlkem768Peer(publicKey) {
        const peer = await real.mlkem768Peer(publicKey);
        return {
            async encapsulate() {
                const coins = draw(32);
                if (coins === undefined)
                    return peer.encapsulate();
                const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey, coins);
                return { ciphertext: cipherText, shared: sharedSecret };
            },
        };
    },
    async x25519Peer(publicKey) {
        const peer = await real.x25519Peer(publicKey);
        return { agree: (secret) => peer.agree(secret ?? draw(32)) };
    },
});
export async function withFixedRandomness(name, work) {
    const drawn = [];
    active = { name, drawn };
    try {
        return { result: await work(), drawn };
    }
    finally {
        active = undefined;
    }
}
