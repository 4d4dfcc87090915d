import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '../../../src/crypto/hash.ts';
import { labels } from '../../../src/crypto/labels.ts';
import {
  type SigningKey,
  signingKeyFromSeed,
  signLabelled,
} from '../../../src/crypto/signature.ts';
import { genesisTip, makeBlock, type Tip } from '../../../src/engines/embedded/make-block.ts';
import { encodeTx, encodeTxBody } from '../../../src/ledger/codec.ts';
import {
  defaultGenesis,
  encodeGenesis,
  type Genesis,
  spineLogs,
} from '../../../src/ledger/genesis.ts';
import { readIncomingTx, type VerifiedTx } from '../../../src/ledger/incoming.ts';
import { executeBlock, executeGenesis } from '../../../src/ledger/ledger.ts';
import { leafHash, merkleRoot } from '../../../src/ledger/merkle.ts';
import { suite } from '../../../src/ledger/object-types.ts';
import type { Act } from '../../../src/ledger/protocol.ts';
import { recoveryHash } from '../../../src/ledger/recovery.ts';
import { spineRights } from '../../../src/ledger/rights.ts';
import type { LogName } from '../../../src/ledger/shapes.ts';
import { consentIdOf, idBytes } from '../../../src/primitives/ids.ts';
import { MemoryStore } from '../../memory-store.ts';
import { consent, grantOfBody, looks, t0, writeKey } from './grants.ts';
import { epochSalt, sealedItems } from './items.ts';
import { keySetBlobId } from './key-sets.ts';
import {
  chainId,
  codeKemHash,
  doctor,
  hospital,
  patient,
  recovery,
  restored,
  restoredKeys,
  rotated,
  rotatedKeys,
} from './people.ts';
import { pattern } from './write.ts';

/** One ledger of seven blocks in which every act occurs; all other ledger vectors are cut out of it. */
const hour = 3_600_000;
const day = 24 * hour;
const operatorSeed = pattern(32, 120);
const operator = ed25519.getPublicKey(operatorSeed);

/** What a ledger took at first, and a printed code's and a write key's changes. */
const logs = spineLogs.map((log) =>
  log.name === 'user' ? { ...log, acts: [1, 2, 3, 4, 5, 6, 10, 11, 12, 20, 30] } : log,
);

export const genesis: Genesis = defaultGenesis(
  {
    chainId,
    timeMs: t0,
    organisations: [
      {
        identity: hospital.identity,
        name: 'North',
        url: 'http://127.0.0.1:7420/north',
        rights: spineRights,
      },
    ],
    validators: [{ publicKey: operator, power: 1 }],
  },
  logs,
);

async function signed(
  sender: Uint8Array,
  nonce: number,
  acts: readonly Act[],
  keys: readonly SigningKey[],
  log: LogName = 'user',
): Promise<Uint8Array> {
  const body = {
    ...{ suite, chainId, log, nonce, acts, validUntilMs: t0 + day },
    sender: sender === hospitalId ? hospital.account : patient.account,
  };
  const bytes = encodeTxBody(body);
  const signatures = await Promise.all(
    keys.map(async (key) => ({
      publicKey: key.publicKey,
      signature: await signLabelled(key, labels.txSign, bytes),
    })),
  );
  return encodeTx({ body, signatures });
}

const hospitalId = idBytes(hospital.account);
const fromHospital = (nonce: number, acts: readonly Act[], log?: LogName) =>
  signed(hospitalId, nonce, acts, [hospital.keys.sign], log);
const fromPatient = (
  nonce: number,
  acts: readonly Act[],
  keys = [patient.keys.sign],
  log?: LogName,
) => signed(idBytes(patient.account), nonce, acts, keys, log);

/** What a batch anchors: a refusal's 32 bytes, and longer ones as tombstones have. */
export const batchLeaves: readonly Uint8Array[] = [
  pattern(32, 140),
  pattern(100, 141),
  pattern(90, 142),
];

const later = consentIdOf(pattern(16, 44));
const none = new Uint8Array(0);
const newRecovery = recoveryHash(pattern(32, 10), pattern(32, 11));
const otherWriteKey: SigningKey = await signingKeyFromSeed(pattern(32, 13));

async function plan(): Promise<
  readonly { readonly timeMs: number; readonly txs: readonly Uint8Array[] }[]
> {
  const items = await sealedItems();
  const root = merkleRoot(items.map(({ item }) => item.leaf));
  const entries = (await looks()).map(({ entry }) => entry);
  const blob = await keySetBlobId();
  const blobs = { keySetBlob: blob, envelopeSetBlob: blob };
  const [first = pattern(32, 0), second = first, third = first] = entries;
  const minute = 60_000;
  return [
    {
      timeMs: t0 + 1,
      txs: [
        await fromHospital(1, [
          {
            kind: 'Enrol',
            identity: patient.identity,
            role: 'patient',
            credentialHash: pattern(32, 1),
          },
          {
            kind: 'Enrol',
            identity: doctor.identity,
            role: 'clinician',
            credentialHash: pattern(32, 2),
          },
        ]),
      ],
    },
    {
      timeMs: t0 + minute,
      txs: [
        await fromPatient(1, [
          grantOfBody,
          {
            ...{
              kind: 'ConsentGrant',
              consent: later,
              bodyHash: pattern(32, 9),
              writeKey: new Uint8Array(0),
            },
            ...{ notBeforeMs: t0 + 5 * day, notAfterMs: t0 + 9 * day },
          },
          {
            ...{ kind: 'KeySet', after: 0, salt: epochSalt, ...blobs },
            schedule: [
              { epoch: 1, validFromMs: 0 },
              { epoch: 2, validFromMs: t0 + 10 * hour },
              { epoch: 3, validFromMs: t0 + 5 * day },
            ],
          },
        ]),
      ],
    },
    {
      timeMs: t0 + 2 * minute,
      txs: [
        await fromPatient(5, [
          { kind: 'DataAnchor', consent: '', epoch: 1, root, count: items.length },
        ]),
        await fromPatient(3, [
          { kind: 'DataAnchor', consent: '', epoch: 1, root: pattern(32, 8), count: 1 },
        ]),
        await fromPatient(5, [
          { kind: 'DataAnchor', consent: '', epoch: 1, root: pattern(32, 7), count: 1 },
        ]),
        await fromPatient(6, [
          { kind: 'ConsentRevoke', consent },
          { kind: 'DataAnchor', consent: '', epoch: 9, root: pattern(32, 6), count: 1 },
        ]),
        await fromPatient(
          1,
          [{ kind: 'DiagnosisAnchor', consent, epoch: 1, root: pattern(32, 5), count: 4 }],
          [writeKey],
          'doc',
        ),
        await fromHospital(2, [
          {
            kind: 'AccessLog',
            entries: [
              { consent, entryHash: first },
              { consent: later, entryHash: second },
              { consent: consentIdOf(pattern(16, 45)), entryHash: second },
              { consent, entryHash: third },
            ],
          },
        ]),
        await fromHospital(
          3,
          [
            {
              kind: 'BatchAnchor',
              batch: 'refusal',
              root: merkleRoot(batchLeaves.map(leafHash)),
              count: batchLeaves.length,
              firstMs: t0,
              lastMs: t0 + 9,
            },
          ],
          'doc',
        ),
        Uint8Array.of(0x80),
        await fromPatient(9, [{ kind: 'WriteKey', consent, writeKey: otherWriteKey.publicKey }]),
      ],
    },
    {
      timeMs: t0 + 20 * hour,
      txs: [
        await fromPatient(7, [
          { kind: 'ConsentRevoke', consent },
          {
            kind: 'KeySet',
            after: 3,
            salt: pattern(16, 6),
            ...blobs,
            schedule: [{ epoch: 4, validFromMs: t0 + 3 * day }],
          },
        ]),
        await fromPatient(10, [{ kind: 'RecoveryChange', recovery: newRecovery }]),
        await fromPatient(11, [{ kind: 'RecoveryChange', recovery: pattern(32, 12) }]),
        await fromHospital(300, [{ kind: 'AccessLog', entries: [{ consent, entryHash: second }] }]),
      ],
    },
    {
      timeMs: t0 + 20 * hour + minute,
      txs: [
        await fromPatient(12, [
          {
            ...{ kind: 'RotateKey', identity: rotated, recoveryKey: none },
            ...{ codeKemHash: none, endGrantsFrom: 0 },
          },
          {
            ...{ kind: 'KeySet', after: 4, salt: pattern(16, 7), ...blobs },
            schedule: [{ epoch: 5, validFromMs: 0 }],
          },
        ]),
        await fromPatient(
          1,
          [{ kind: 'RecoveryChange', recovery: pattern(32, 12) }],
          [rotatedKeys.sign],
        ),
        // By the key that was in use before, and then by nobody any more.
        await fromPatient(1, [{ kind: 'RecoveryStop', recovery: newRecovery, codeKemHash: none }]),
        await fromPatient(2, [{ kind: 'RecoveryStop', recovery: newRecovery, codeKemHash: none }]),
        // Its write key was of the keys before.
        await fromPatient(
          2,
          [{ kind: 'DiagnosisAnchor', consent, epoch: 5, root: pattern(32, 4), count: 4 }],
          [otherWriteKey],
          'doc',
        ),
      ],
    },
    {
      timeMs: t0 + 21 * hour,
      txs: [
        await fromHospital(299, [{ kind: 'RevokeKey', account: patient.account }]),
        await fromPatient(
          1,
          [
            {
              ...{ kind: 'RotateKey', identity: restored, recoveryKey: recovery.publicKey },
              ...{ codeKemHash, endGrantsFrom: 2 },
            },
          ],
          [recovery],
        ),
        await fromPatient(
          1,
          [{ kind: 'RevokeKey', account: patient.account }],
          [restoredKeys.sign],
        ),
      ],
    },
    { timeMs: t0 + 22 * hour, txs: [] },
  ];
}

export interface MadeBlock {
  readonly height: number;
  readonly timeMs: number;
  readonly txs: readonly Uint8Array[];
  readonly results: readonly { readonly code: number; readonly data: Uint8Array }[];
  readonly appHash: Uint8Array;
  readonly rows: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[];
  readonly header: Uint8Array;
  readonly commit: Uint8Array;
}

function verified(bytes: Uint8Array): VerifiedTx {
  const incoming = readIncomingTx(bytes, genesis.limits.maxTxBytes);
  if (!('tx' in incoming)) return incoming;
  // All of them are signed as they should be; the model checks that with its own curves.
  const proven = new Set(incoming.tx.body.acts.keys());
  return { ...incoming, verdict: { isSigned: true, proven } };
}

async function run() {
  const store = new MemoryStore();
  const before = executeGenesis(genesis);
  store.apply(before.writes);
  let tip: Tip = genesisTip(genesis.timeMs, before.appHash);
  const blocks: MadeBlock[] = [];
  const signer = {
    publicKey: operator,
    sign: (message: Uint8Array) => ed25519.sign(message, operatorSeed),
  };
  for (const { timeMs, txs } of await plan()) {
    const height = tip.height + 1;
    const { results, appHash, writes } = executeBlock(store, genesis, txs.map(verified), {
      height,
      timeMs,
    });
    store.apply(writes);
    const block = { timeMs, txs, txIds: txs.map((tx) => sha256(tx)), results, appHash };
    const made = makeBlock({ chainId, validators: genesis.validators }, tip, block, signer);
    tip = made.tip;
    const { header, commit } = made.stored;
    blocks.push({ height, timeMs, txs, results, appHash, rows: writes.rows, header, commit });
  }
  return { genesisBytes: encodeGenesis(genesis), before, store, blocks };
}

let made: ReturnType<typeof run> | undefined;
export const ledger = (): ReturnType<typeof run> => {
  made ??= run();
  return made;
};
