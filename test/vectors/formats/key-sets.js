import { recordClasses } from '../../../src/api/classes.js';
import { sha256 } from '../../../src/crypto/hash.js';
import { xwingKeyFromSeed } from '../../../src/crypto/kem.js';
import { consentIdOf, recordIdOf } from '../../../src/primitives/ids.js';
import { sealEnvelopeSet } from '../../../src/sdk/keys/envelope-set.js';
import { encodeKeySetBlob } from '../../../src/sdk/keys/key-set-blob.js';
import { segmentWriteSeed } from '../../../src/sdk/keys/segment.js';
import { blobIdOf } from '../../../src/storage/blob-id.js';
import { withFixedRandomness } from './fixed-randomness.js';
import { epochSalt, sekOf } from './items.js';
import { doctor, patient } from './people.js';
import { hex, hexOfAll, pattern } from './write.js';
const epochs = [4, 5];
async function keySetBlob() {
    return encodeKeySetBlob(await Promise.all(epochs.map(async (epoch) => {
        const pairs = recordClasses.map(async (name) => {
            const pair = await xwingKeyFromSeed(segmentWriteSeed(sekOf(name, epoch)));
            return [name, pair.publicKey];
        });
        return { epoch, writeKeys: new Map(await Promise.all(pairs)) };
    })));
}
export async function keySetBlobId() {
    return blobIdOf(await keySetBlob());
}
export const keySets = {
    about: 'keys.md K-8: write keys of all classes, from the SEKs of two epochs',
    async cases() {
        const bytes = await keySetBlob();
        return [
            {
                ...{ root: hex(patient.root), account: patient.account, salt: hex(epochSalt), epochs },
                ...{
                    classes: recordClasses,
                    bytes: bytes.length,
                    sha256: hex(sha256(bytes)),
                    id: blobIdOf(bytes),
                },
            },
        ];
    },
};
/** Grant `index` may read so many segments and single items. */
function envelopeOf(index, segments, openings, kemKey) {
    return {
        consent: consentIdOf(pattern(16, 50 + index)),
        tagKey: pattern(32, 60 + index),
        kemKey,
        segments: Array.from({ length: segments }, (_, i) => {
            const name = recordClasses[i % recordClasses.length] ?? 'other';
            return { class: name, epoch: 4 + i, secret: sekOf(name, 4 + i) };
        }),
        openings: Array.from({ length: openings }, (_, i) => ({
            record: recordIdOf(pattern(16, i)),
            secret: pattern(32, 200 + i),
        })),
    };
}
const throwAwaySeed = pattern(32, 99);
export const envelopeSets = {
    about: 'keys.md K-9 to K-12: envelopes [consent, tag key, segments, openings] to the doctor of accounts.json; drawn, for each envelope: tail key and nonce if it does not fit, ML-KEM randomness, X25519 secret; for each dummy: consent, tag, ML-KEM randomness, X25519 secret. Throw-away keys are of throwAwaySeed',
    async cases() {
        const id = await keySetBlobId();
        const throwAway = (await xwingKeyFromSeed(throwAwaySeed)).publicKey;
        const shapes = [
            [],
            [[2, 0]],
            [
                [2, 0],
                [0, 100],
                [40, 3],
            ],
            [
                [1, 0],
                [0, 1],
                [2, 2],
                [3, 0],
            ],
            [
                [36, 0],
                [37, 0],
                [38, 0],
                [39, 0],
                [200, 1_000],
            ],
        ];
        const cases = [];
        for (const [index, shape] of shapes.entries()) {
            const envelopes = shape.map(([segments, openings], i) => envelopeOf(i, segments, openings, doctor.keys.kem.publicKey));
            const { result, drawn } = await withFixedRandomness(`envelope set ${index}`, () => sealEnvelopeSet(id, envelopes, async () => throwAway));
            cases.push({
                ...{ keySetBlob: id, granteeRoot: hex(doctor.root), throwAwaySeed: hex(throwAwaySeed) },
                envelopes: envelopes.map(({ consent, tagKey, segments, openings }) => ({
                    consent,
                    tagKey: hex(tagKey),
                    segments: segments.map((it) => [it.class, it.epoch, hex(it.secret)]),
                    openings: openings.map((it) => [it.record, hex(it.secret)]),
                })),
                drawn: hexOfAll(drawn),
                bytes: result.length,
                sha256: hex(sha256(result)),
            });
        }
        return cases;
    },
};
