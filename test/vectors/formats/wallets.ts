import { sha256 } from '../../../src/crypto/hash.ts';
import { encodeCbor } from '../../../src/primitives/cbor.ts';
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
import { newWalletKey, openWalletFile, sealWalletFile } from '../../../src/sdk/wallet/file.ts';
import { withFixedRandomness } from './fixed-randomness.ts';
import { code, hospital } from './people.ts';
import { codeOf, type Format, hex, hexOfAll, pattern } from './write.ts';

const passphrase = 'correct horse ba\u0308ttery';
const cost = { memoryKiB: 19_456, passes: 2, salt: pattern(16, 4) };

/** One entry in every list, so that every field has a place. */
const full: WalletContent = {
  ...emptyWallet('Ana Ilić'),
  copyKey: copyKeyOf(code),
  roots: [{ id: hex(pattern(8, 1)), secret: pattern(32, 1), createdMs: 1 }],
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
      generations: [{ rootId: hex(pattern(8, 1)), index: 0 }],
      card: pattern(9, 3),
    },
  ],
  settled: [txIdOf(pattern(32, 5))],
  openedSets: [
    {
      consent: consentIdOf(pattern(16, 6)),
      keySetBlob: parseBlobId('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'),
    },
  ],
  openings: [
    {
      consent: consentIdOf(pattern(16, 6)),
      record: recordIdOf(pattern(16, 7)),
      secret: pattern(32, 8),
    },
  ],
};

export const walletFiles: Format = {
  about:
    'rules F-23 and F-24: content, sealed under the passphrase; drawn = the nonce; then files that are refused, with the code',
  async cases() {
    const key = await newWalletKey(passphrase, cost);
    const cases = [];
    for (const [index, content] of [emptyWallet(''), full].entries()) {
      const { result, drawn } = await withFixedRandomness(`wallet file ${index}`, () =>
        sealWalletFile(key, content),
      );
      const plain = encodeWalletContent(content);
      cases.push({
        ...{ passphrase, memoryKiB: cost.memoryKiB, passes: cost.passes, salt: hex(cost.salt) },
        ...{ content: hex(plain), drawn: hexOfAll(drawn), file: hex(result) },
      });
    }
    const head = (kdf: readonly (string | number | Uint8Array)[]) =>
      encodeCbor([2, 49, kdf, pattern(60, 1)]);
    const strange = [
      head(['argon2id', 19_455, 2, 1, cost.salt]),
      head(['argon2id', 1_048_577, 2, 1, cost.salt]),
      head(['argon2id', 19_456, 1, 1, cost.salt]),
      head(['argon2id', 19_456, 11, 1, cost.salt]),
      head(['argon2id', 19_456, 2, 2, cost.salt]),
      head(['argon2id', 19_456, 2, 1, pattern(15, 0)]),
      head(['argon2i', 19_456, 2, 1, cost.salt]),
      head(['argon2id', 19_456, 2, 1, cost.salt]),
      encodeCbor([1, 49, ['argon2id', 19_456, 2, 1, cost.salt], pattern(60, 1)]),
      encodeCbor([2, 50, ['argon2id', 19_456, 2, 1, cost.salt], pattern(60, 1)]),
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
  about: 'rule F-25: key and locator from the code, content sealed as the copy; drawn = the nonce',
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
    'rule F-26: a code and how it is printed; then what people type, and the code or the refusal',
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
