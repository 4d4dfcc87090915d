import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeCard, encodeCard } from '../../src/api/card.ts';
import { decodeErase, decodeErased, encodeErase, encodeErased } from '../../src/api/erase.ts';
import { decodeGrantBody, encodeGrantBody } from '../../src/api/grant-body.ts';
import { decodeInboxMessage, encodeInboxMessage } from '../../src/api/inbox-message.ts';
import { decodeItemHeader, encodeItemHeader } from '../../src/api/item.ts';
import { decodeLook, encodeLook } from '../../src/api/look.ts';
import { decodeReadRequest, encodeReadRequest } from '../../src/api/read-request.ts';
import { decodeSigned } from '../../src/api/signed.ts';
import { hpkeSeal } from '../../src/crypto/hpke.ts';
import { kems, x25519KeyFromSecret, xwingKeyFromSeed } from '../../src/crypto/kem.ts';
import { labels } from '../../src/crypto/labels.ts';
import { openWith, sealTo } from '../../src/crypto/letter.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import { signingKeyFromSeed } from '../../src/crypto/signature.ts';
import { decodeReceipt } from '../../src/ledger/chain/receipt.ts';
import { decodeTx, encodeTx } from '../../src/ledger/codec.ts';
import { encodeGenesis, parseGenesis } from '../../src/ledger/genesis.ts';
import { identity as identityShape } from '../../src/ledger/identity.ts';
import { suite } from '../../src/ledger/object-types.ts';
import { concatBytes } from '../../src/primitives/bytes.ts';
import { type Cbor, decodeCbor, encodeCbor } from '../../src/primitives/cbor.ts';
import { isCoded } from '../../src/primitives/errors.ts';
import { accountIdOf, consentIdOf, recordIdOf } from '../../src/primitives/ids.ts';
import { readLetter, signLetter } from '../../src/sdk/grants/letter.ts';
import { openEnvelope, sealEnvelopeSet } from '../../src/sdk/keys/envelope-set.ts';
import { decodeKeySetBlob, encodeKeySetBlob } from '../../src/sdk/keys/key-set-blob.ts';
import {
  decodeWalletContent,
  emptyWallet,
  encodeWalletContent,
} from '../../src/sdk/wallet/content.ts';
import { firstGenerations } from '../../src/sdk/wallet/generations.ts';
import { identityOf, someBlob, World } from '../world.ts';
import { caught } from './middle.ts';

/**
 * The attacker changes the number of the suite: to an older one whose parts may be broken by then, to one that does
 * not exist, or to the other one that this program knows how to compute.
 *
 * Claim: every object names its suite, under the signature where it has one, and each is refused in all suites but
 * its own; sealed objects have one KEM, whose ciphertexts have one length. A suite changes as a whole, with a release.
 */
const filled = (length: number, n: number) => new Uint8Array(length).fill(n);
const none = new Uint8Array(0);
const account = accountIdOf(filled(32, 1));
const consent = consentIdOf(filled(16, 2));
const recordId = recordIdOf(filled(16, 3));
const signer = await signingKeyFromSeed(filled(32, 4));
const kem = await xwingKeyFromSeed(filled(32, 5));
const chainId = 'salus-test-1';

const grantBody = encodeGrantBody({
  ...{ account, grantee: account, readClasses: ['lab'], recordIds: [], fromMs: 0 },
  ...{ writeClasses: [], purposes: ['TREAT'] },
});
const letter = decodeSigned(
  await signLetter(signer, {
    ...{ consent, body: grantBody, salt: filled(32, 6), tagKey: filled(32, 7), writeSeed: none },
    ...{ notBeforeMs: 1, notAfterMs: 2, ownerCard: none, ...firstGenerations },
  }),
);
const envelopeSet = await sealEnvelopeSet(someBlob, [], async () => kem.publicKey);
const world = new World();

/** name, bytes as they travel, what reads them, and where inside the suite's array lies. */
const objects: readonly (readonly [
  string,
  Uint8Array,
  (bytes: Uint8Array) => unknown,
  number[]?,
])[] = [
  [
    'a transaction',
    encodeTx(world.tx({ from: 'hospital', acts: [{ kind: 'RevokeKey', account }] })),
    decodeTx,
    [0],
  ],
  ['a genesis', encodeGenesis(world.genesis), parseGenesis],
  [
    'an identity',
    encodeCbor(identityShape.encode(identityOf('ana'))),
    (bytes) => identityShape.decode(decodeCbor(bytes), 'identity'),
  ],
  ['a grant body', grantBody, decodeGrantBody],
  ['a letter', letter.bytes, (bytes) => readLetter(encodeCbor([bytes, letter.signature]))],
  [
    'a read request',
    encodeReadRequest({
      ...{ chainId, organisation: account, consent, grantBody, grantSalt: filled(32, 8) },
      what: { kind: 'since', height: 0, limit: 1, cursor: '' },
      ...{ purpose: 'TREAT', nonce: filled(16, 9), issuedMs: 1, reader: account },
      readerKey: filled(32, 10),
    }),
    decodeReadRequest,
  ],
  [
    'a message',
    encodeInboxMessage({
      ...{ chainId, to: account, from: account, fromKey: filled(32, 1), sealed: none, sentMs: 1 },
    }),
    decodeInboxMessage,
  ],
  [
    'an erase order',
    encodeErase({
      ...{ chainId, account, accountKey: filled(32, 1), leaves: [filled(32, 2)], issuedMs: 1 },
    }),
    decodeErase,
  ],
  [
    'a tombstone',
    encodeErased({
      ...{ chainId, account, leaf: filled(32, 2), holder: account, holderKey: filled(32, 3) },
      erasedMs: 1,
    }),
    decodeErased,
  ],
  [
    'a look',
    encodeLook({ salt: filled(32, 1), signedRequest: none, servedMs: 1, recordIds: [] }),
    decodeLook,
  ],
  [
    'a card',
    encodeCard({
      ...{ chainId, account, name: 'Ana', role: 'patient', licence: '', organisation: account },
      ...{ organisationKey: filled(32, 1), credentialSalt: filled(32, 2) },
    }),
    decodeCard,
  ],
  [
    "an item's header",
    encodeItemHeader({
      suite,
      recordId,
      epoch: 1,
      wrapKind: 1,
      wrap: filled(60, 1),
      headline: filled(316, 2),
    }),
    decodeItemHeader,
    [0],
  ],
  ['a key set', encodeKeySetBlob([{ epoch: 1, writeKeys: new Map() }]), decodeKeySetBlob],
  [
    'an envelope set',
    envelopeSet,
    (bytes) =>
      openEnvelope(bytes, someBlob, {
        consent,
        tagKey: filled(32, 1),
        kemKeys: [kem],
        mostSegments: 0,
      }),
  ],
  ['the content of a wallet', encodeWalletContent(emptyWallet('Ana')), decodeWalletContent],
];

/** The same object in another suite, everything else as it was. */
function inSuite(
  bytes: Uint8Array,
  number: number,
  [first, ...rest]: readonly number[],
): Uint8Array {
  const replaced = (value: Cbor, path: readonly number[]): Cbor => {
    assert.ok(Array.isArray(value));
    const [at, ...below] = path;
    if (at === undefined) return [number, ...value.slice(1)];
    return value.map((it, i) => (i === at ? replaced(it, below) : it));
  };
  return encodeCbor(replaced(decodeCbor(bytes), first === undefined ? [] : [first, ...rest]));
}

for (const [name, bytes, read, path = []] of objects) {
  test(`${name} of another suite is refused: SUITE_UNKNOWN`, async () => {
    await read(bytes);
    for (const number of [0, 1, 2, 3, 255].filter((it) => it !== suite)) {
      const refusal = async () => read(inSuite(bytes, number, path));
      const error = await caught(refusal(), 'SUITE_UNKNOWN', 'WALLET_INVALID', 'CBOR_SHAPE');
      const cause = error.code === 'SUITE_UNKNOWN' ? error : error.cause;
      assert.ok(isCoded(cause, 'SUITE_UNKNOWN'), `${name} in suite ${number}: ${error.code}`);
    }
  });
}

test('a receipt of another suite is refused before anything else is looked at', () => {
  const receipt = encodeCbor([9, ...new Array<number>(13).fill(0)]);
  assert.throws(
    () => decodeReceipt(receipt),
    (error) => isCoded(error, 'RECEIPT_INVALID') && isCoded(error.cause, 'SUITE_UNKNOWN'),
  );
});

test('what is sealed to the classical half of a key alone is not opened: CANNOT_OPEN', async () => {
  // A key has both halves in clear: who breaks X25519 one day may seal, or ask to be sealed to, that half.
  const info = none;
  const publicKey = kem.publicKey.slice(-kems.x25519.publicKeyBytes);
  const sealed = await hpkeSeal({
    ...{ kem: 'x25519', publicKey, info, aad: none, plaintext: randomBytes(50) },
  });
  const travelling = concatBytes(sealed.enc, sealed.ciphertext);
  await caught(openWith(kem, labels.letterSeal, [], none, travelling), 'CANNOT_OPEN');
  const padded = concatBytes(filled(kems.xwing.encBytes, 0), travelling);
  await caught(openWith(kem, labels.letterSeal, [], none, padded), 'CANNOT_OPEN');
});

test('nothing is sealed to a key that has the classical half alone: KEY_WEAK', async () => {
  const half = await x25519KeyFromSecret(randomBytes(32));
  const sealing = sealTo(half.publicKey, labels.letterSeal, [], none, randomBytes(5));
  await caught(sealing, 'KEY_WEAK');
});
