import { type KemKey, xwingKeyFromSeed } from '../../../src/crypto/kem.ts';
import { encodeCbor } from '../../../src/primitives/cbor.ts';
import {
  accountIdOf,
  consentIdOf,
  parseBlobId,
  recordIdOf,
  txIdOf,
} from '../../../src/primitives/ids.ts';
import { codeCheckOf } from '../../../src/sdk/wallet/code.ts';
import { emptyWallet, type WalletContent } from '../../../src/sdk/wallet/content.ts';
import { listedDevice } from '../../../src/sdk/wallet/device-list.ts';
import type { WalletLocal } from '../../../src/sdk/wallet/local.ts';
import { code, codeKeys, hospital } from './people.ts';
import { hex, pattern } from './write.ts';

const rootId = hex(pattern(8, 1));
const someBlob = parseBlobId('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku');
const root = { id: rootId, secret: pattern(32, 1), createdMs: 1 };
const deviceSeed = pattern(32, 20);
export const devicePair: KemKey = await xwingKeyFromSeed(deviceSeed);

/** What the wallet keeps on that device alone: a former pair too, a rotation on its way, a freeze to be sent. */
export const ownLocal: WalletLocal = {
  seeds: [deviceSeed, pattern(32, 21)],
  deviceRoot: [rootId],
  next: [
    {
      account: accountIdOf(pattern(32, 2)),
      root: { id: hex(pattern(8, 2)), secret: pattern(32, 22), createdMs: 11 },
      seed: pattern(32, 23),
    },
  ],
  freezing: [accountIdOf(pattern(32, 2))],
};

/** One entry in every list, so that every field has a place; as merging leaves it, so that a copy holds the same. */
export const full: WalletContent = {
  ...emptyWallet('Ana Ilić'),
  roots: [root],
  accounts: [
    {
      account: accountIdOf(pattern(32, 2)),
      organisation: hospital.account,
      organisationName: 'North',
      role: 'patient',
      chainId: 'salus-vectors-1',
      gatewayUrl: 'http://127.0.0.1:7420/north',
      enrolled: true,
      generations: [{ rootId, index: 0 }],
      card: pattern(9, 3),
    },
  ],
  printed: [{ check: codeCheckOf(code), madeMs: 1 }],
  codes: [
    {
      account: accountIdOf(pattern(32, 2)),
      recoveryKey: codeKeys.sign.publicKey,
      kem: codeKeys.kem.publicKey,
    },
  ],
  devices: [
    {
      ...listedDevice(root, { key: devicePair.publicKey, name: 'Telephone', addedMs: 10 }),
      seenMs: 86_400_000,
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
      ...{ receivedMs: 3, ended: false, ownerGeneration: 4, granteeGeneration: 5 },
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
        { key: pattern(2, 1), value: new Uint8Array(0), ended: true },
      ],
    },
    { wing: 'alerts/rules', entries: [] },
    { wing: 'notes', entries: [{ key: pattern(64, 2), value: new Uint8Array(0), ended: false }] },
  ],
};
