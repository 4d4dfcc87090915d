import { sealUnderKey } from '../../../src/crypto/aead.ts';
import { labelledInfo, sha256 } from '../../../src/crypto/hash.ts';
import { labels } from '../../../src/crypto/labels.ts';
import { decodeCbor, encodeCbor, readArray } from '../../../src/primitives/cbor.ts';
import {
  accountIdOf,
  consentIdOf,
  parseBlobId,
  recordIdOf,
  txIdOf,
} from '../../../src/primitives/ids.ts';
import { formatCode, parseCode } from '../../../src/sdk/wallet/code.ts';
import {
  emptyWallet,
  encodeWalletContent,
  type WalletContent,
} from '../../../src/sdk/wallet/content.ts';
import { copyKeyOf, copyLocatorOf, sealCopy } from '../../../src/sdk/wallet/copy.ts';
import { openWalletFile, sealWalletFile } from '../../../src/sdk/wallet/file.ts';
import {
  bucketsUnder,
  intoBuckets,
  sealShard,
  withoutShards,
} from '../../../src/sdk/wallet/shards.ts';
import { costToCbor, newPassphraseKey, wrapRoot } from '../../../src/sdk/wallet/unlock.ts';
import { withFixedRandomness } from './fixed-randomness.ts';
import { code, hospital } from './people.ts';
import { codeOf, type Format, hex, hexOfAll, pattern } from './write.ts';

const rootId = hex(pattern(8, 1));
const someBlob = parseBlobId('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku');
const passphrase = 'correct horse ba\u0308ttery';
const cost = { memoryKiB: 19_456, passes: 2, salt: pattern(16, 4) };

/** One entry in every list, so that every field has a place. */
const full: WalletContent = {
  ...emptyWallet('Ana Ilić'),
  copyKey: copyKeyOf(code),
  roots: [{ id: rootId, secret: pattern(32, 1), createdMs: 1 }],
  accounts: [
    {
      account: accountIdOf(pattern(32, 2)),
      organisation: hospital.account,
      organisationName: 'North',
      role: 'patient',
      chainId: 'salus-vectors-1',
      gatewayUrl: 'http://127.0.0.1:7420/north',
      enrolled: true,
      locator: copyLocatorOf(code, hospital.account),
      generations: [{ rootId, index: 0 }],
      card: pattern(9, 3),
    },
  ],
  cards: [{ account: accountIdOf(pattern(32, 9)), nickname: 'Dr. Ora', card: pattern(20, 1) }],
  keySets: [{ account: accountIdOf(pattern(32, 2)), after: 3, salt: pattern(16, 2), rootId }],
  grants: [
    {
      ...{ account: accountIdOf(pattern(32, 2)), consent: consentIdOf(pattern(16, 6)) },
      ...{
        grantee: accountIdOf(pattern(32, 9)),
        granteeName: 'Ora',
        granteeOrganisation: hospital.account,
      },
      ...{
        granteeKemHash: pattern(32, 3),
        body: pattern(30, 4),
        salt: pattern(32, 5),
        tagKey: pattern(32, 6),
      },
      ...{
        writeSeed: new Uint8Array(0),
        notBeforeMs: 1,
        notAfterMs: 2,
        confirmed: true,
        ended: false,
        takenBackMs: 8,
        owesKeys: 1,
        ownerGeneration: 2,
        granteeGeneration: 3,
      },
    },
  ],
  letters: [
    {
      ...{ consent: consentIdOf(pattern(16, 7)), account: accountIdOf(pattern(32, 10)) },
      ...{ grantee: accountIdOf(pattern(32, 2)), ownerName: 'Eve', letter: pattern(40, 1) },
      ...{ receivedMs: 3, ended: true, ownerGeneration: 4, granteeGeneration: 5 },
    },
  ],
  segments: [
    { consent: consentIdOf(pattern(16, 7)), class: 'lab', epoch: 4, secret: pattern(32, 7) },
  ],
  openings: [
    {
      consent: consentIdOf(pattern(16, 6)),
      record: recordIdOf(pattern(16, 7)),
      secret: pattern(32, 8),
    },
  ],
  openedSets: [{ consent: consentIdOf(pattern(16, 6)), keySetBlob: someBlob }],
  imports: [
    {
      ...{ account: accountIdOf(pattern(32, 2)), skeleton: recordIdOf(pattern(16, 8)) },
      ...{ fileName: 'bundle.json', sha256: pattern(32, 9), bytes: 70_000, items: 2 },
      ...{ importedMs: 4, anchored: false, index: pattern(128, 1) },
    },
  ],
  erased: [recordIdOf(pattern(16, 9)), recordIdOf(pattern(16, 10))],
  pending: [
    {
      ...{ tx: txIdOf(pattern(32, 6)), account: accountIdOf(pattern(32, 2)), kind: 'grant' },
      ...{ bytes: pattern(100, 1), createdMs: 5, consents: [consentIdOf(pattern(16, 6))] },
      imports: [recordIdOf(pattern(16, 8))],
      enveloped: [{ consent: consentIdOf(pattern(16, 6)), kemHash: pattern(32, 3) }],
      outgoing: [{ to: accountIdOf(pattern(32, 9)), sealed: pattern(50, 2) }],
    },
  ],
  settled: [{ tx: txIdOf(pattern(32, 5)), atMs: 9 }],
  trust: [
    {
      chainId: 'salus-vectors-1',
      rootJson: '{}',
      height: 7,
      headerHash: pattern(32, 1),
      timeMs: 6,
      gateways: [{ organisation: hospital.account, url: 'http://127.0.0.1:7420/north' }],
    },
  ],
  drawers: [
    {
      wing: 'alerts',
      entries: [
        { key: pattern(1, 1), value: encodeCbor([7, 'two']), ended: false },
        { key: pattern(2, 1), value: encodeCbor([6]), ended: true },
      ],
    },
    { wing: 'alerts/rules', entries: [] },
    { wing: 'notes', entries: [{ key: pattern(64, 2), value: new Uint8Array(0), ended: false }] },
  ],
};

/** How many entries each list has; of a name or key, its length. */
const entriesOf = (content: WalletContent): object =>
  Object.fromEntries(Object.entries(content).map(([name, value]) => [name, value.length]));

/** The same as it was written before there were drawers: one field less. */
function beforeDrawers(content: Uint8Array): Uint8Array {
  const [suite = 0, type = 0, fields] = readArray(decodeCbor(content), 'wallet');
  return encodeCbor([suite, type, readArray(fields, 'fields').slice(0, -1)]);
}

/** The whole of it under the passphrase's key, as files were before there were unlockers and shards. */
async function fileOfBefore(key: Uint8Array, content: Uint8Array): Promise<Uint8Array> {
  const head = [2, 49, costToCbor(cost)];
  const aad = labelledInfo(labels.walletFile, head);
  return encodeCbor([...head, await sealUnderKey(key, aad, content, pattern(12, 7))]);
}

const root = pattern(32, 11);
const secret = pattern(32, 12);

export const walletFiles: Format = {
  about:
    'wallet.md W-1, W-2, W-12: content, cut into an index and shards and sealed for the passphrase; drawn = of each shard name, key, nonce, then the nonces of wrap and index; before = content without drawers, fileBefore = the file, as both were written once and are read still; then files that are refused, with the code',
  async cases() {
    const key = await newPassphraseKey(passphrase, cost);
    const cases = [];
    for (const [index, content] of [emptyWallet(''), full].entries()) {
      const { result, drawn } = await withFixedRandomness(`wallet file ${index}`, async () => {
        const shards = [];
        for (const [bucket, shard] of intoBuckets(content, bucketsUnder(secret, 16))) {
          shards.push(await sealShard(bucket, shard));
        }
        const layout = { secret, buckets: 16, shards: shards.map(({ ref }) => ref) };
        const unlockers = [await wrapRoot(key, root)];
        const file = await sealWalletFile(unlockers, root, {
          ...{ content: withoutShards(content), layout },
        });
        return { file, shards };
      });
      const plain = encodeWalletContent(content);
      cases.push({
        ...{ passphrase, memoryKiB: cost.memoryKiB, passes: cost.passes, salt: hex(cost.salt) },
        ...{ root: hex(root), secret: hex(secret), buckets: 16, content: hex(plain) },
        ...{ drawn: hexOfAll(drawn), file: hex(result.file) },
        shards: result.shards.map(({ ref, sealed }) => ({
          ...{ bucket: ref.bucket, name: ref.name, sealed: hex(sealed) },
        })),
        before: hex(beforeDrawers(plain)),
        fileBefore: hex(await fileOfBefore(key.key, plain)),
        entries: entriesOf(content),
      });
    }
    const head = (...kdf: readonly (string | number | Uint8Array)[]) =>
      encodeCbor([2, 49, [['passphrase', kdf, pattern(60, 2)]], pattern(60, 1)]);
    const strange = [
      head('argon2id', 19_455, 2, 1, cost.salt),
      head('argon2id', 1_048_577, 2, 1, cost.salt),
      head('argon2id', 19_456, 1, 1, cost.salt),
      head('argon2id', 19_456, 11, 1, cost.salt),
      head('argon2id', 19_456, 2, 2, cost.salt),
      head('argon2id', 19_456, 2, 1, pattern(15, 0)),
      head('argon2i', 19_456, 2, 1, cost.salt),
      head('argon2id', 19_456, 2, 1, cost.salt),
      encodeCbor([2, 49, [['passkey', 1, pattern(60, 2)]], pattern(60, 1)]),
      encodeCbor([2, 49, [], pattern(60, 1)]),
      encodeCbor([2, 49, ['argon2id', 19_455, 2, 1, cost.salt], pattern(60, 1)]),
      encodeCbor([2, 49, ['argon2id', 19_456, 2, 1, cost.salt], pattern(60, 1)]),
      encodeCbor([1, 49, [['passphrase', costToCbor(cost), pattern(60, 2)]], pattern(60, 1)]),
      encodeCbor([2, 50, [['passphrase', costToCbor(cost), pattern(60, 2)]], pattern(60, 1)]),
    ];
    for (const file of strange) {
      cases.push({
        passphrase,
        file: hex(file),
        refused: await codeOf(() => openWalletFile(passphrase, file)),
      });
    }
    return cases;
  },
};

export const walletCopies: Format = {
  about:
    'wallet.md W-5: key and locator from the code, content sealed as the copy; drawn = the nonce',
  async cases() {
    const { result, drawn } = await withFixedRandomness('copy', () =>
      sealCopy(copyKeyOf(code), full),
    );
    return [
      {
        ...{ code: hex(code), organisation: hospital.account, key: hex(copyKeyOf(code)) },
        locator: hex(copyLocatorOf(code, hospital.account)),
        content: hex(encodeWalletContent(full)),
        ...{ drawn: hexOfAll(drawn), bytes: result.length, sha256: hex(sha256(result)) },
      },
    ];
  },
};

export const printedCodes: Format = {
  about:
    'wallet.md W-4: a code and how it is printed; then what people type, and the code or the refusal',
  async cases() {
    const printed = formatCode(code);
    const typed = [
      printed,
      printed.toLowerCase(),
      printed.replaceAll('-', ' '),
      printed.replaceAll('-', ''),
      printed.replaceAll('0', 'o').replaceAll('1', 'l'),
      printed.slice(0, -1),
      `${printed}0`,
      printed.replace(/.$/, (last) => (last === 'Z' ? 'Y' : 'Z')),
      printed.replace(/^./, 'U'),
      '',
    ];
    const codes = [code, new Uint8Array(20), new Uint8Array(20).fill(255)];
    return [
      ...codes.map((bytes) => ({ code: hex(bytes), printed: formatCode(bytes) })),
      ...(await Promise.all(
        typed.map(async (text) => {
          const refused = await codeOf(() => parseCode(text));
          return refused === ''
            ? { typed: text, code: hex(parseCode(text)) }
            : { typed: text, refused };
        }),
      )),
    ];
  },
};
