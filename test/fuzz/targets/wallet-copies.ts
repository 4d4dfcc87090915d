import {
  decodeCopyHead,
  decodeSignedCopy,
  encodeCopyHead,
  encodeSignedCopy,
} from '../../../src/api/wallet-copy.ts';
import { openUnderKey, sealUnderKey } from '../../../src/crypto/aead.ts';
import { labelledInfo } from '../../../src/crypto/hash.ts';
import { labels } from '../../../src/crypto/labels.ts';
import { accountIdOf, idBytes } from '../../../src/primitives/ids.ts';
import {
  type CopyIndex,
  openCopyIndex,
  recipientsHash,
  sealCopyIndex,
} from '../../../src/sdk/wallet/copy-index.ts';
import { padded, unpadded } from '../../../src/sdk/wallet/padded.ts';
import { full } from '../../vectors/formats/wallet-content.ts';
import { bytesOf } from '../../world.ts';
import type { Target, TargetModule } from '../target.ts';
import { codecModule, mustEqual } from './codec.ts';
import { words } from './wallets.ts';

const place = {
  ...{ organisation: accountIdOf(bytesOf('hospital')), account: accountIdOf(bytesOf('ana')) },
  serial: 3,
};
const wraps = Array.from({ length: 8 }, (_, n) => new Uint8Array(1_168).fill(n));
const shards = [
  { name: '0f'.repeat(16), sha256: bytesOf('shard'), bytes: 16 * 1024 + 28 },
  { name: 'f0'.repeat(16), sha256: bytesOf('other'), bytes: 28 },
];

/** What a hospital is given to keep, and gives out again: a head in it is read too, or refused. */
export const walletCopies = codecModule(() => ({
  ...{ name: 'wallet-copies', words: [...words, 8, 32, 40, new Uint8Array(1_168)] },
  allows: ['CBOR_INVALID', 'CBOR_SHAPE', 'SUITE_UNKNOWN', 'TYPE_UNKNOWN'] as const,
  seeds: [wraps, [...wraps, ...wraps]].map((held) =>
    encodeSignedCopy({
      head: encodeCopyHead({ ...place, wraps: held, sealed: bytesOf('sealed'), shards }),
      ...{ publicKey: bytesOf('key'), signature: new Uint8Array(64).fill(9) },
    }),
  ),
  decode(bytes) {
    const { head, ...signed } = decodeSignedCopy(bytes);
    return { head: decodeCopyHead(head), ...signed };
  },
  encode: ({ head, ...signed }) => encodeSignedCopy({ head: encodeCopyHead(head), ...signed }),
}));

const copyKey = bytesOf('copy key');
const aad = labelledInfo(labels.walletCopy, [
  ...[idBytes(place.organisation), idBytes(place.account), place.serial],
]);
const plainOf = async (index: CopyIndex): Promise<Uint8Array> =>
  unpadded(await openUnderKey(copyKey, aad, await sealCopyIndex(copyKey, place, index)));

/** What a device finds in a copy that somebody with its copy key wrote: read as it stands, or refused. */
export const copyIndexes: TargetModule = {
  async open(): Promise<Target> {
    const [rootId = ''] = full.roots.map(({ id }) => id);
    const index = { content: full, recipients: recipientsHash([bytesOf('key')]) };
    const layout = { secret: bytesOf('secret'), buckets: 0, shards: [] };
    const ref = { bucket: 0, name: '0f'.repeat(16), key: bytesOf('shard key'), bytes: 99 };
    return {
      ...{ name: 'copy-indexes', shape: 'cbor', words, allows: ['WALLET_INVALID'] },
      seeds: [
        await plainOf({ ...index, layout, deviceRoot: [rootId] }),
        await plainOf({
          ...index,
          layout: { ...layout, buckets: 16, shards: [ref] },
          deviceRoot: [],
        }),
      ],
      run: async (input) => {
        const sealed = await sealUnderKey(copyKey, aad, padded(input));
        const read = await openCopyIndex(copyKey, place, sealed);
        mustEqual(await plainOf(read), input, 'another encoding');
      },
    };
  },
};
