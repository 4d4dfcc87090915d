import { messageObjects } from '../../../src/api/object-types.ts';
import { copyWrapBytes, decodeCopyHead, decodeSignedCopy } from '../../../src/api/wallet-copy.ts';
import { sha256 } from '../../../src/crypto/hash.ts';
import { encodeCbor } from '../../../src/primitives/cbor.ts';
import { codeOf, hex, pattern } from './write.ts';

/** Lengths and counts of a head whose bytes are patterns. */
interface HeadOf {
  readonly suite: number;
  readonly type: number;
  readonly organisationBytes: number;
  readonly wraps: number;
  readonly wrapBytes: number;
  readonly sealedBytes: number;
  readonly nameBytes: number;
  readonly hashBytes: number;
  readonly shardBytes: number;
}
const valid: HeadOf = {
  ...{ suite: 2, type: messageObjects.walletCopy, organisationBytes: 32, wraps: 8 },
  ...{ wrapBytes: copyWrapBytes, sealedBytes: 50, nameBytes: 16, hashBytes: 32, shardBytes: 70 },
};
const headOf = (of: HeadOf): Uint8Array =>
  encodeCbor([
    ...[of.suite, of.type, pattern(of.organisationBytes, 1), pattern(32, 2), 3],
    Array.from({ length: of.wraps }, (_, n) => pattern(of.wrapBytes, n)),
    pattern(of.sealedBytes, 4),
    [[pattern(of.nameBytes, 5), pattern(of.hashBytes, 6), of.shardBytes]],
  ]);

const changes: readonly Partial<HeadOf>[] = [
  ...[{}, { wraps: 32 }, { sealedBytes: 0 }, { shardBytes: 4 * 1024 * 1024 + 28 }],
  ...[{ suite: 1 }, { type: messageObjects.walletCopyIndex }, { organisationBytes: 31 }],
  ...[{ wraps: 0 }, { wraps: 7 }, { wraps: 33 }, { wraps: 40 }, { wrapBytes: copyWrapBytes - 1 }],
  ...[{ nameBytes: 15 }, { hashBytes: 31 }, { shardBytes: 4 * 1024 * 1024 + 29 }],
];

/** What is read as a head, and what is refused. */
export async function headCases(): Promise<readonly object[]> {
  const cases = changes.map(async (change) => {
    const of = { ...valid, ...change };
    const encoded = headOf(of);
    const refused = await codeOf(() => decodeCopyHead(encoded));
    return { what: 'head', of, sha256: hex(sha256(encoded)), refused };
  });
  return Promise.all(cases);
}

/** Lengths of what travels: head, public key, signature. */
export async function signedCases(): Promise<readonly object[]> {
  const lengths = [
    [9, 32, 64],
    [9, 31, 64],
    [9, 32, 63],
    [5 * 1024 * 1024 + 1, 32, 64],
    [9, 32],
  ];
  const cases = lengths.map(async (of) => {
    const encoded = encodeCbor(of.map((length, n) => pattern(length, n)));
    return { what: 'signed', of, refused: await codeOf(() => decodeSignedCopy(encoded)) };
  });
  return Promise.all(cases);
}
