import { recordClasses } from '../../../src/api/classes.js';
import { sha256 } from '../../../src/crypto/hash.js';
import { merkleRoot, merkleTree } from '../../../src/ledger/merkle.js';
import { recordIdOf } from '../../../src/primitives/ids.js';
import { segmentKey, segmentWriteSeed } from '../../../src/sdk/keys/segment.js';
import { emptyLine } from '../../../src/sdk/records/headline/headline-format.js';
import { paddedLength } from '../../../src/sdk/records/item-inside.js';
import { sealItem } from '../../../src/sdk/records/item-seal.js';
import { openingSecretOfHeader, writePairOf, } from '../../../src/sdk/records/item-wrap.js';
import { blobIdOf } from '../../../src/storage/blob-id.js';
import { withFixedRandomness } from './fixed-randomness.js';
import { hemoglobin } from './headlines.js';
import { doctor, patient } from './people.js';
import { hex, hexOfAll, pattern } from './write.js';
export const epochSalt = pattern(16, 5);
export const sekOf = (recordClass, epoch) => segmentKey(patient.root, {
    account: patient.account,
    class: recordClass,
    epoch,
    salt: epochSalt,
});
export const segments = {
    about: 'keys.md K-1: SEK, seed of the write key, SHA-256 of its public half',
    cases: () => Promise.all(recordClasses.map(async (recordClass, index) => {
        const sek = sekOf(recordClass, index + 1);
        return {
            ...{ root: hex(patient.root), account: patient.account, class: recordClass },
            ...{ epoch: index + 1, salt: hex(epochSalt), sek: hex(sek) },
            writeSeed: hex(segmentWriteSeed(sek)),
            writeKeySha256: hex(sha256((await writePairOf(sek)).publicKey)),
        };
    })),
};
const lengths = [0, 700, 3_900, 5_000, 16_384, 40_000];
/** Sealed once more by every run, always to the same bytes. */
export async function sealedItems() {
    const items = [];
    for (const [index, length] of lengths.entries()) {
        const byOwner = index % 2 === 0;
        const author = byOwner ? patient : doctor;
        const recordClass = index === 4 ? 'private' : (recordClasses[index] ?? 'other');
        const [epoch, sek] = [index + 3, sekOf(recordClass, index + 3)];
        const wrapping = byOwner
            ? { kind: 'segment', epoch, sek }
            : { kind: 'write-key', epoch, writeKey: (await writePairOf(sek)).publicKey };
        const description = {
            recordId: recordIdOf(pattern(16, index)),
            account: patient.account,
            author: author.account,
            recordClass,
            ordinaryClass: index === 4 ? 'lab' : undefined,
            line: index === 4 ? hemoglobin : undefined,
            mediaType: 'application/fhir+json',
            name: index === 1 ? 'Blutbild, Prüfung \u{1F9EA}' : '',
            previous: index === 2 ? recordIdOf(pattern(16, 0)) : undefined,
            writtenMs: 1_800_000_000_000 + index,
        };
        const { result, drawn } = await withFixedRandomness(`item ${index}`, () => sealItem({ ...description, bytes: pattern(length, index) }, author.keys.sign, wrapping));
        items.push({ index, length, epoch, sek, author, wrapping, description, item: result, drawn });
    }
    return items;
}
export const items = {
    about: 'items.md I-20 to I-27: bytes of item i are the pattern from i; drawn = record key, salt of the body, nonce of the headline, nonce of wrap 1 (or ML-KEM randomness and X25519 secret of wrap 2), salt of the leaf; authors are those of accounts.json. The last case is an anchor over the leaves before it',
    async cases() {
        const sealed = await sealedItems();
        const leaves = sealed.map(({ item }) => item.leaf);
        const cases = await Promise.all(sealed.map(async ({ index, length, epoch, sek, author, wrapping, description, item, drawn }) => ({
            ...{ index, length, epoch, sek: hex(sek), wrap: wrapping.kind },
            ...{ ...description, previous: description.previous ?? '' },
            ordinaryClass: description.ordinaryClass ?? description.recordClass,
            line: description.line ?? emptyLine,
            authorRoot: hex(author.root),
            drawn: hexOfAll(drawn),
            openingSecret: hex(await openingSecretOfHeader(item.header, { kind: 'segment', sek })),
            header: hex(item.header),
            bodySha256: hex(sha256(item.body)),
            blobId: item.blobId,
            paddedBytes: item.paddedBytes,
            leafContent: hex(item.leafContent),
            leaf: hex(item.leaf),
            path: hexOfAll(merkleTree(leaves).path(index)),
        })));
        return [...cases, { root: hex(merkleRoot(leaves)), count: leaves.length }];
    },
};
export const padding = {
    about: 'items.md I-23: length and padded length',
    async cases() {
        const near = [4096, 8192, 65_536, 1_048_576, 2 ** 33, 16 * 2 ** 30].flatMap((at) => [
            at - 1,
            at,
            at + 1,
        ]);
        return [0, 1, 4500, 12_345, 99_999, 123_456_789, ...near].map((length) => ({
            length,
            padded: paddedLength(length),
        }));
    },
};
export const blobs = {
    about: 'storage.md S-1 to S-3: byte i = i mod 251, and the id of so many of them',
    async cases() {
        const mib = 1_048_576;
        return [0, 1, 262_144, mib - 1, mib, mib + 1, 2 * mib, 3 * mib + 17].map((length) => ({
            length,
            id: blobIdOf(pattern(length, 0)),
        }));
    },
};
