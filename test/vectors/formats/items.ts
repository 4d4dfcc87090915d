import { recordClasses } from '../../../src/api/classes.ts';
import { sha256 } from '../../../src/crypto/hash.ts';
import { merkleRoot, merkleTree } from '../../../src/ledger/merkle.ts';
import { recordIdOf } from '../../../src/primitives/ids.ts';
import { segmentKey, segmentWriteSeed } from '../../../src/sdk/keys/segment.ts';
import { emptyLine } from '../../../src/sdk/records/headline/headline-format.ts';
import { paddedLength } from '../../../src/sdk/records/item-inside.ts';
import { sealItem } from '../../../src/sdk/records/item-seal.ts';
import {
  openingSecretOfHeader,
  type Wrapping,
  writePairOf,
} from '../../../src/sdk/records/item-wrap.ts';
import { blobIdOf } from '../../../src/storage/blob-id.ts';
import { withFixedRandomness } from './fixed-randomness.ts';
import { hemoglobin } from './headlines.ts';
import { doctor, patient } from './people.ts';
import { type Format, hex, hexOfAll, pattern } from './write.ts';

export const epochSalt: Uint8Array = pattern(16, 5);

export const sekOf = (recordClass: string, epoch: number): Uint8Array =>
  segmentKey(patient.root, {
    account: patient.account,
    class: recordClass,
    epoch,
    salt: epochSalt,
  });

export const segments: Format = {
  about: 'keys.md K-1: SEK, seed of the write key, SHA-256 of its public half',
  cases: () =>
    Promise.all(
      recordClasses.map(async (recordClass, index) => {
        const sek = sekOf(recordClass, index + 1);
        return {
          ...{ root: hex(patient.root), account: patient.account, class: recordClass },
          ...{ epoch: index + 1, salt: hex(epochSalt), sek: hex(sek) },
          writeSeed: hex(segmentWriteSeed(sek)),
          writeKeySha256: hex(sha256((await writePairOf(sek)).publicKey)),
        };
      }),
    ),
};

const lengths = [0, 700, 3_900, 5_000, 16_384, 40_000] as const;

/** Sealed once more by every run, always to the same bytes. */
export async function sealedItems() {
  const items = [];
  for (const [index, length] of lengths.entries()) {
    const byOwner = index % 2 === 0;
    const author = byOwner ? patient : doctor;
    const recordClass = index === 4 ? 'private' : (recordClasses[index] ?? 'other');
    const [epoch, sek] = [index + 3, sekOf(recordClass, index + 3)];
    const wrapping: Wrapping = byOwner
      ? { kind: 'segment', epoch, sek }
      : { kind: 'write-key', epoch, writeKey: (await writePairOf(sek)).publicKey };
    const description = {
      recordId: recordIdOf(pattern(16, index)),
      account: patient.account,
      author: author.account,
      recordClass,
      ordinaryClass: index === 4 ? ('lab' as const) : undefined,
      line: index === 4 ? hemoglobin : undefined,
      mediaType: 'application/fhir+json',
      name: index === 1 ? 'Blutbild, Prüfung \u{1F9EA}' : '',
      previous: index === 2 ? recordIdOf(pattern(16, 0)) : undefined,
      writtenMs: 1_800_000_000_000 + index,
    };
    const { result, drawn } = await withFixedRandomness(`item ${index}`, () =>
      sealItem({ ...description, bytes: pattern(length, index) }, author.keys.sign, wrapping),
    );
    items.push({ index, length, epoch, sek, author, wrapping, description, item: result, drawn });
  }
  return items;
}

export const items: Format = {
  about:
    'items.md I-20 to I-27: bytes of item i are the pattern from i; drawn = record key, salt of the body, nonce of the headline, nonce of wrap 1 (or ML-KEM randomness and X25519 secret of wrap 2), salt of the leaf; authors are those of accounts.json. The last case is an anchor over the leaves before it',
  async cases() {
    const sealed = await sealedItems();
    const leaves = sealed.map(({ item }) => item.leaf);
    const cases = await Promise.all(
      sealed.map(
        async ({ index, length, epoch, sek, author, wrapping, description, item, drawn }) => ({
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
        }),
      ),
    );
    return [...cases, { root: hex(merkleRoot(leaves)), count: leaves.length }];
  },
};

/** A lock that is nobody's: the format of items does not look into it. */
const lock = pattern(99, 7);

/** One wrapped by the segment's key, one to the write key; each opens with both halves, and only so. */
export const doubleItems: Format = {
  about:
    'items.md I-90 to I-92: the items 0 and 1 of items.json, doubly encrypted under the half and the lock that stand here; drawn = first half, and the rest as there',
  async cases() {
    const cases = [];
    for (const { author, description, ...of } of (await sealedItems()).slice(0, 2)) {
      const { index, length, epoch, sek, wrapping } = of;
      const second = { half: pattern(32, 60 + index), lock };
      const bytes = pattern(length, index);
      const { result: item, drawn } = await withFixedRandomness(`double ${index}`, () =>
        sealItem({ ...description, second, bytes }, author.keys.sign, wrapping),
      );
      const secret = await openingSecretOfHeader(item.header, { kind: 'segment', sek });
      cases.push({
        ...{ index, length, epoch, sek: hex(sek), wrap: wrapping.kind, ...description },
        ...{ previous: description.previous ?? '', authorRoot: hex(author.root) },
        ordinaryClass: description.ordinaryClass ?? description.recordClass,
        line: description.line ?? emptyLine,
        ...{ half: hex(second.half), lock: hex(lock), drawn: hexOfAll(drawn) },
        ...{ openingSecret: hex(secret), header: hex(item.header), leaf: hex(item.leaf) },
        ...{ bodySha256: hex(sha256(item.body)), leafContent: hex(item.leafContent) },
      });
    }
    return cases;
  },
};

export const padding: Format = {
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

export const blobs: Format = {
  about: 'storage.md S-1 to S-3: byte i = i mod 251, and the id of so many of them',
  async cases() {
    const mib = 1_048_576;
    return [0, 1, 262_144, mib - 1, mib, mib + 1, 2 * mib, 3 * mib + 17].map((length) => ({
      length,
      id: blobIdOf(pattern(length, 0)),
    }));
  },
};
