import { decodeCopyHead, encodeSignedCopy, type SignedCopy } from '../../../src/api/wallet-copy.ts';
import { sealUnderKey } from '../../../src/crypto/aead.ts';
import { labelledInfo, sha256 } from '../../../src/crypto/hash.ts';
import { type KemKey, xwingKeyFromSeed } from '../../../src/crypto/kem.ts';
import { labels } from '../../../src/crypto/labels.ts';
import { CodedError } from '../../../src/primitives/errors.ts';
import { accountIdOf, idBytes } from '../../../src/primitives/ids.ts';
import { encodeWalletContent, type WalletContent } from '../../../src/sdk/wallet/content.ts';
import { syncCopy } from '../../../src/sdk/wallet/copy.ts';
import {
  type CopyPlace,
  openCopyIndex,
  recipientsHash,
  unwrapCopyKey,
} from '../../../src/sdk/wallet/copy-index.ts';
import type { CopyStore, CopyWriter, SyncedCopy } from '../../../src/sdk/wallet/copy-store.ts';
import { intoBuckets, sealShard } from '../../../src/sdk/wallet/shards.ts';
import { withFixedRandomness } from './fixed-randomness.ts';
import { accountBytes, code, codeKeys, hospital, patient } from './people.ts';
import { devicePair, full, ownLocal } from './wallet-content.ts';
import { headCases, signedCases } from './wallet-copy-heads.ts';
import { codeOf, type Format, hex, hexOfAll, pattern } from './write.ts';

const place: CopyPlace = { organisation: hospital.account, account: patient.account };
const writer: CopyWriter = {
  ...{ ...place, sign: patient.keys.sign, knownKeys: [patient.keys.sign.publicKey] },
  ...{ pairs: [devicePair], recipientsIn: () => [devicePair.publicKey, codeKeys.kem.publicKey] },
  local: ownLocal,
};

/** A hospital that keeps one copy. */
function keptAt(before?: SignedCopy): { readonly store: CopyStore; kept(): SignedCopy } {
  let held = before;
  return {
    store: {
      head: async () => held,
      shard: async () => undefined,
      putShard: async () => undefined,
      putHead: async (copy) => {
        held = copy;
      },
    },
    kept() {
      if (held === undefined) throw new CodedError('COPY_NONE');
      return held;
    },
  };
}

interface Written {
  readonly signed: SignedCopy;
  readonly copy: SyncedCopy;
  readonly drawn: readonly Uint8Array[];
}

/**
 * One writing by the product itself. Twice, because wraps are made side by side: once all public keys are known to
 * the process, they draw in the order of the recipients.
 */
async function written(
  name: string,
  content: WalletContent,
  known?: { readonly signed: SignedCopy; readonly copy: SyncedCopy },
): Promise<Written> {
  const once = () =>
    withFixedRandomness(name, async () => {
      const { store, kept } = keptAt(known?.signed);
      const { copy } = await syncCopy(store, writer, content, known?.copy);
      return { signed: kept(), copy };
    });
  await once();
  const { result, drawn } = await once();
  return { ...result, drawn };
}

const bytesAnd = (value: Uint8Array) => ({ bytes: value.length, sha256: hex(sha256(value)) });

function caseOf({ signed, copy, drawn }: Written, content: WalletContent) {
  return {
    ...{ what: 'copy', organisation: place.organisation, account: place.account },
    ...{ root: hex(patient.root), code: hex(code), deviceSeed: hex(ownLocal.seeds[0] ?? code) },
    ...{ serial: copy.serial, content: hex(encodeWalletContent(content)), drawn: hexOfAll(drawn) },
    ...{ deviceRoot: copy.deviceRoot[0], recipients: hex(copy.recipients) },
    ...{ wrapsSha256: copy.wraps.map((wrap) => hex(sha256(wrap))), head: bytesAnd(signed.head) },
    ...{ signature: hex(signed.signature), signed: bytesAnd(encodeSignedCopy(signed)) },
  };
}

/** A shard as a copy has it: with what lies in one bucket of a wallet. */
async function shardCase() {
  const [content] = intoBuckets(full, () => 0).values();
  if (content === undefined) throw new CodedError('WALLET_INVALID');
  const { result, drawn } = await withFixedRandomness('copy shard', () =>
    sealShard(0, content, { isPadded: true }),
  );
  return { what: 'shard', drawn: hexOfAll(drawn), ...bytesAnd(result.sealed) };
}

/** Who opens the first copy, and who does not. */
async function openings({ signed, copy }: Written) {
  const head = decodeCopyHead(signed.head);
  const elsewhere = accountIdOf(pattern(32, 60));
  const flipped = head.sealed.with(100, (head.sealed[100] ?? 0) ^ 1);
  const key = async (pair: KemKey, at: CopyPlace) => {
    if ((await unwrapCopyKey(head.wraps, at, [pair])) === undefined) {
      throw new CodedError('CANNOT_OPEN');
    }
  };
  const stranger = await xwingKeyFromSeed(pattern(32, 24));
  const wrong = await openingsOf(copy.copyKey, [
    ['another serial', { ...place, serial: 2 }, head.sealed],
    ['another account', { ...place, account: elsewhere, serial: 1 }, head.sealed],
    ['another hospital', { ...place, organisation: elsewhere, serial: 1 }, head.sealed],
    ['a flipped bit', { ...place, serial: 1 }, flipped],
    ['another padding', { ...place, serial: 1 }, await dirty(copy.copyKey)],
  ]);
  return [
    { what: 'wrap', by: 'device', refused: await codeOf(() => key(devicePair, place)) },
    { what: 'wrap', by: 'code', refused: await codeOf(() => key(codeKeys.kem, place)) },
    { what: 'wrap', by: 'stranger', refused: await codeOf(() => key(stranger, place)) },
    {
      ...{ what: 'wrap', by: 'device at another hospital' },
      refused: await codeOf(() => key(devicePair, { ...place, organisation: elsewhere })),
    },
    ...wrong,
  ];
}

type Opened = readonly [string, CopyPlace & { readonly serial: number }, Uint8Array];
const openingsOf = (copyKey: Uint8Array, opened: readonly Opened[]) =>
  Promise.all(
    opened.map(async ([by, at, sealed]) => ({
      ...{ what: 'index', by },
      refused: await codeOf(() => openCopyIndex(copyKey, at, sealed)),
    })),
  );

/** Sealed as an index is, but for one byte of its padding. */
function dirty(copyKey: Uint8Array): Promise<Uint8Array> {
  const context = [idBytes(place.organisation), accountBytes(patient), 1];
  const plain = new Uint8Array(16 * 1024).with(16 * 1024 - 1, 1);
  const aad = labelledInfo(labels.walletCopy, context);
  return sealUnderKey(copyKey, aad, plain, pattern(12, 3));
}

/** Of no key, of one, and of three in any order. */
const recipientCases = [[], [1], [1, 2, 3], [3, 1, 2]].map((starts) => ({
  ...{ what: 'recipients', starts },
  hash: hex(recipientsHash(starts.map((start) => pattern(1_216, start)))),
}));

export const walletCopies: Format = {
  about:
    'wallet.md W-5, W-7, W-23. copy: as it is first written for one device and the printed code, then once more with another name in it; drawn = secret of the layout, copy key, seeds of six keys for nobody, for each recipient and each of those ML-KEM randomness and X25519 secret, nonce; the second time the nonce alone. shard: of all that lies in shards of that content: name, key, nonce. head, signed: pattern bytes of these lengths, part n from n. wrap, index: who opens the first copy, or the refusal',
  async cases() {
    const first = await written('copy', full);
    const renamed = { ...full, name: 'Ana Ilić-Ora' };
    const second = await written('copy again', renamed, first);
    return [
      ...[caseOf(first, full), caseOf(second, renamed), await shardCase()],
      ...[...(await headCases()), ...(await signedCases())],
      ...[...(await openings(first)), ...recipientCases],
    ];
  },
};
