import assert from 'node:assert/strict';
import { sealUnderKey } from '../../../src/crypto/aead.ts';
import { labelledInfo } from '../../../src/crypto/hash.ts';
import { labels } from '../../../src/crypto/labels.ts';
import { passphraseLimits, requireHonestCost } from '../../../src/crypto/passphrase.ts';
import { utf8, utf8ToText } from '../../../src/primitives/bytes.ts';
import { type Cbor, encodeCbor } from '../../../src/primitives/cbor.ts';
import { CodedError } from '../../../src/primitives/errors.ts';
import { accountIdOf, consentIdOf, recordIdOf, txIdOf } from '../../../src/primitives/ids.ts';
import { decodeAs, encodeAs } from '../../../src/primitives/shape.ts';
import { formatCode, parseCode } from '../../../src/sdk/wallet/code.ts';
import {
  decodeWalletContent,
  emptyWallet,
  encodeWalletContent,
  shardShape,
  type WalletContent,
} from '../../../src/sdk/wallet/content.ts';
import { openWalletFile, sealWalletFile } from '../../../src/sdk/wallet/file.ts';
import { mergeWallets } from '../../../src/sdk/wallet/merge.ts';
import { intoBuckets } from '../../../src/sdk/wallet/shards.ts';
import { costToCbor, wrapRoot } from '../../../src/sdk/wallet/unlock.ts';
import { bytesOf, someBlob } from '../../world.ts';
import { unlessCoded } from '../mutate-bytes.ts';
import type { Target, TargetModule } from '../target.ts';
import { mustEqual } from './codec.ts';

const account = accountIdOf(bytesOf('ana'));
const organisation = accountIdOf(bytesOf('hospital'));
const consent = consentIdOf(bytesOf('consent').slice(0, 16));
const record = recordIdOf(bytesOf('record').slice(0, 16));
const tx = txIdOf(bytesOf('tx'));
const rootId = '0102030405060708';
const none = new Uint8Array(0);

/** One entry in every list. */
const full: WalletContent = {
  ...emptyWallet('Ana'),
  copyKey: bytesOf('copy'),
  roots: [{ id: rootId, secret: bytesOf('root'), createdMs: 1 }],
  accounts: [
    {
      ...{ account, organisation, organisationName: 'North', role: 'patient', chainId: 'test' },
      ...{ gatewayUrl: 'http://127.0.0.1:1/north', enrolled: true, locator: bytesOf('locator') },
      generations: [{ rootId, index: 0 }],
      card: bytesOf('card'),
    },
  ],
  cards: [{ account: organisation, nickname: 'dr', card: bytesOf('card') }],
  keySets: [{ account, after: 0, salt: bytesOf('salt').slice(0, 16), rootId }],
  grants: [
    {
      ...{ account, consent, grantee: organisation, granteeName: 'Ada', body: bytesOf('body') },
      ...{ granteeOrganisation: organisation, granteeKemHash: bytesOf('kem'), salt: bytesOf('s') },
      ...{ tagKey: bytesOf('tag'), writeSeed: none, notBeforeMs: 1, notAfterMs: 2 },
      ...{ confirmed: true, ended: false, takenBackMs: 8, owesKeys: 1 },
      ...{ ownerGeneration: 1, granteeGeneration: 2 },
    },
  ],
  letters: [
    {
      ...{
        consent,
        account: organisation,
        grantee: account,
        ownerName: 'Bo',
        letter: bytesOf('l'),
      },
      ...{ receivedMs: 3, ended: false, ownerGeneration: 3, granteeGeneration: 4 },
    },
  ],
  segments: [{ consent, class: 'lab', epoch: 1, secret: bytesOf('sek') }],
  openings: [{ consent, record, secret: bytesOf('opening') }],
  openedSets: [{ consent, keySetBlob: someBlob }],
  imports: [
    {
      ...{ account, skeleton: record, fileName: 'a.json', sha256: bytesOf('file'), bytes: 9 },
      ...{ items: 1, importedMs: 4, anchored: false, index: new Uint8Array(64) },
    },
  ],
  erased: [record],
  pending: [
    {
      ...{ tx, account, kind: 'import', bytes: bytesOf('tx bytes'), createdMs: 5 },
      ...{
        consents: [consent],
        imports: [record],
        enveloped: [{ consent, kemHash: bytesOf('k') }],
      },
      outgoing: [{ to: account, sealed: bytesOf('message') }],
    },
  ],
  settled: [{ tx: txIdOf(bytesOf('settled')), atMs: 4 }],
  trust: [
    {
      ...{ chainId: 'test', rootJson: '{}', height: 3, headerHash: bytesOf('header'), timeMs: 6 },
      gateways: [{ organisation, url: 'http://127.0.0.1:1/north' }],
    },
  ],
  drawers: [
    { wing: 'notes', entries: [{ key: bytesOf('note'), value: bytesOf('words'), ended: false }] },
  ],
};
const words: readonly Cbor[] = [
  ...['argon2id', 'argon2d', 'patient', 'grant', 'import', 'lab', 'notes', rootId, someBlob],
  ...[passphraseLimits.minMemoryKiB - 1, passphraseLimits.maxMemoryKiB + 1, 2 ** 31, 10, 11],
  ...[bytesOf('ana'), bytesOf('consent').slice(0, 16)],
];

/** What a decrypted file or copy holds, and what merging it with one's own does. */
export const walletContents: TargetModule = {
  open: (): Target => ({
    ...{ name: 'wallets', shape: 'cbor', words, allows: ['WALLET_INVALID'] },
    seeds: [encodeWalletContent(full), encodeWalletContent(emptyWallet('Bo'))],
    run: (input) => {
      const read = decodeWalletContent(input);
      const written = encodeWalletContent(read);
      // Content of before is read with fewer fields, and written with all.
      if (written.length <= input.length) mustEqual(written, input, 'another encoding');
      mustEqual(encodeWalletContent(decodeWalletContent(written)), written, 'another encoding');
      const merged = unlessCoded(() => mergeWallets(full, read));
      if (merged !== undefined) decodeWalletContent(encodeWalletContent(merged));
    },
  }),
};

/** Whoever opens a shard says WALLET_INVALID for each of them. */
const shardCodes = ['CBOR_SHAPE', 'CBOR_INVALID', 'ID_FORMAT'] as const;

/** What a shard holds that was opened. */
export const walletShards: TargetModule = {
  open(): Target {
    const cut = intoBuckets(full, () => 0).get(0);
    assert.ok(cut);
    return {
      ...{ name: 'wallet-shards', shape: 'cbor', words, allows: shardCodes },
      seeds: [encodeAs(shardShape, cut)],
      run: (input) => {
        const written = encodeAs(shardShape, decodeAs(shardShape, input, 'shard'));
        if (written.length <= input.length) mustEqual(written, input, 'another encoding');
      },
    };
  },
};

/**
 * A file of somebody else's making. What it asks of the key derivation is refused outside the limits, at once and
 * without memory; within them the key is at hand, because deriving it is slow on purpose.
 */
export const walletFiles: TargetModule = {
  async open(): Promise<Target> {
    const salt = bytesOf('salt').slice(0, 16);
    const cost = { memoryKiB: passphraseLimits.minMemoryKiB, passes: 2, salt };
    const key = bytesOf('key');
    const root = bytesOf('root');
    const index = { content: full, layout: { secret: bytesOf('secret'), buckets: 16, shards: [] } };
    const file = await sealWalletFile([await wrapRoot({ cost, key }, root)], root, index);
    const head = [2, 49, costToCbor(cost)];
    const aad = labelledInfo(labels.walletFile, head);
    const sealed = await sealUnderKey(key, aad, encodeWalletContent(full), new Uint8Array(12));
    return {
      ...{ name: 'wallet-files', shape: 'cbor', words, boundMiB: 16 },
      seeds: [file, encodeCbor([...head, sealed])],
      allows: ['WALLET_INVALID', 'WALLET_KDF', 'PASSPHRASE_WRONG'],
      run: async (input) => {
        const opened = await openWalletFile('a long passphrase', input, async (_, asked) => {
          requireHonestCost(asked);
          return key;
        });
        const read = encodeWalletContent(opened.index.content);
        mustEqual(read, encodeWalletContent(full), 'another wallet');
      },
    };
  },
};

/** What a person types from a printed sheet. */
export const codes: TargetModule = {
  open(): Target {
    const texts = ['a', 'b', 'c'].map((name) => formatCode(bytesOf(name).slice(0, 20)));
    return {
      ...{ name: 'codes', shape: 'bytes', allows: ['RECOVERY_CODE_WRONG'] },
      seeds: [...texts, texts[0]?.toLowerCase() ?? '', texts[1]?.replaceAll('-', ' ') ?? ''].map(
        utf8,
      ),
      words: ['O', 'I', 'l', '-', ' ', 'ß', 'ı', '0', 'U', '\u2013'],
      run: (input) => {
        const code = parseCode(typed(input));
        mustEqual(parseCode(formatCode(code)), code, 'another code');
      },
    };
  },
};

function typed(input: Uint8Array): string {
  try {
    return utf8ToText(input);
  } catch {
    throw new CodedError('RECOVERY_CODE_WRONG');
  }
}
