import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod/mini';
import { decodeBodiesAsk, encodeBodiesAsk, maxBodiesAsked } from '../../src/api/bodies.ts';
import { encodeCard } from '../../src/api/card.ts';
import { recordClasses } from '../../src/api/classes.ts';
import { maxLicenceLength, maxNameLength } from '../../src/api/display-name.ts';
import { encodeErase, encodeErased, maxEraseLeaves } from '../../src/api/erase.ts';
import { encodeGrantBody, maxGrantRecords } from '../../src/api/grant-body.ts';
import { inboxAnchor, inboxEntry } from '../../src/api/inbox.ts';
import { encodeInboxMessage, maxInboxSealedBytes } from '../../src/api/inbox-message.ts';
import {
  encodeItemHeader,
  encodeLeafContent,
  headlineBytes,
  maxWrapBytes,
} from '../../src/api/item.ts';
import { encodeItems, eraseAnswer, maxItemsPerPost, readItems } from '../../src/api/items.ts';
import { encodeLook, encodeRefusal, encodeRefusalCount } from '../../src/api/look.ts';
import { textOfBytes } from '../../src/api/message-parts.ts';
import { enrolAnswer } from '../../src/api/people.ts';
import { purposes } from '../../src/api/purposes.ts';
import { encodeReadRequest, maxReadRecords } from '../../src/api/read-request.ts';
import { maxJsonBytes, type Route } from '../../src/api/route.ts';
import { bodiesPost } from '../../src/api/routes/bodies-post.ts';
import { cardGet } from '../../src/api/routes/card-get.ts';
import { erasePost } from '../../src/api/routes/erase-post.ts';
import { inboxPost } from '../../src/api/routes/inbox-post.ts';
import { itemsPost } from '../../src/api/routes/items-post.ts';
import { readPost } from '../../src/api/routes/read-post.ts';
import { statePost } from '../../src/api/routes/state-post.ts';
import { txPost } from '../../src/api/routes/tx-post.ts';
import { walletGet } from '../../src/api/routes/wallet-get.ts';
import { walletKeptGet } from '../../src/api/routes/wallet-kept-get.ts';
import { walletPut } from '../../src/api/routes/wallet-put.ts';
import { walletShardGet } from '../../src/api/routes/wallet-shard-get.ts';
import { walletShardPut } from '../../src/api/routes/wallet-shard-put.ts';
import {
  type AnchoredRows,
  decodeItemsPage,
  decodeReadAnswer,
  type ItemRow,
  listingPieces,
  readPieces,
} from '../../src/api/rows.ts';
import { encodeSigned } from '../../src/api/signed.ts';
import { maxRowBytes, maxStateAnswerBytes, maxStateRows, stateAnswer } from '../../src/api/tx.ts';
import {
  copyWrapBytes,
  decodeCopyHead,
  decodeSignedCopy,
  encodeCopyHead,
  encodeSignedCopy,
  maxSignedCopyBytes,
  type WalletCopyHead,
  walletCopyLimits,
} from '../../src/api/wallet-copy.ts';
import { xwingKeyFromSeed } from '../../src/crypto/kem.ts';
import { signingKeyFromSeed } from '../../src/crypto/signature.ts';
import { keptForMs } from '../../src/gateway/parts/wallets/retention.ts';
import { defaultSettings } from '../../src/gateway/settings.ts';
import { maxScheduled } from '../../src/ledger/acts/key-set.ts';
import { maxTxBytes } from '../../src/ledger/genesis.ts';
import { suite } from '../../src/ledger/object-types.ts';
import { tables } from '../../src/ledger/protocol.ts';
import { maxRotations } from '../../src/ledger/recovery.ts';
import { organisationRights } from '../../src/ledger/rights.ts';
import { encodeStateAnswerProof } from '../../src/ledger/state-proof.ts';
import { decodeRow, encodeRow } from '../../src/ledger/table.ts';
import { maxEndedRanges } from '../../src/ledger/tables/accounts.ts';
import { maxFormers, maxIdentities } from '../../src/ledger/tables/keys.ts';
import { maxMembers } from '../../src/ledger/tables/members.ts';
import { maxValidators } from '../../src/ledger/tables/validators.ts';
import { maxCases } from '../../src/ledger/tables/validators-cases.ts';
import { concatBytes } from '../../src/primitives/bytes.ts';
import { isCoded } from '../../src/primitives/errors.ts';
import { accountIdOf, consentIdOf, recordIdOf, txIdOf } from '../../src/primitives/ids.ts';
import { sealMessage } from '../../src/sdk/client/messages.ts';
import { type Letter, readLetter, signLetter } from '../../src/sdk/grants/letter.ts';
import { receivedLimits } from '../../src/sdk/grants/received-room.ts';
import {
  decodeKeySetBlob,
  encodeKeySetBlob,
  maxKeySetBytes,
} from '../../src/sdk/keys/key-set-blob.ts';
import { emptyWallet, type WalletContent } from '../../src/sdk/wallet/content.ts';
import { openCopyIndex, sealCopyIndex } from '../../src/sdk/wallet/copy-index.ts';
import { newLayout } from '../../src/sdk/wallet/file.ts';
import { firstGenerations } from '../../src/sdk/wallet/generations.ts';
import { blobIdOf } from '../../src/storage/blob-id.ts';
import { wings } from './wings.ts';

/**
 * Limits agree: what a rule of the ledger or a writer of ours makes at its largest, every answer, reader, file and client
 * takes. Each format is built here as large as its writer makes it.
 */
const most = Number.MAX_SAFE_INTEGER;
const filled = (length: number): Uint8Array => new Uint8Array(length).fill(255);
const text = textOfBytes;
/** The longest text in bytes: of three bytes in UTF-8 a UTF-16 unit. */
const wide = (units: number): string => '漢'.repeat(units);
const account = accountIdOf(filled(32));
const consent = consentIdOf(filled(16));
const record = recordIdOf(filled(16));
const blobId = blobIdOf(filled(1));
const chainId = 'c'.repeat(50);
const mebibyte = 1024 * 1024;
const clientBytes = 64 * mebibyte;
const records = (count: number) => Array.from({ length: count }, () => record);

const window = { top: most, used: filled(32) };
const identity = {
  ...{ suite, signKey: filled(32), kemKey: filled(1_216), point: filled(32) },
  ...{ recovery: filled(32), pointProof: filled(64), signature: filled(64) },
};

/** By table: the row at the limits of the rules that write it. */
const largestRows: Readonly<Record<string, unknown>> = {
  accounts: {
    ...{ role: 'security-officer', organisation: account, frozen: true, enrolledHeight: most },
    ...{ signKey: filled(32), window, highestEpoch: most, newestKeySet: most },
    schedule: Array.from({ length: maxScheduled + 1 }, () => ({
      ...{ epoch: most, validFromMs: most, keySet: most },
    })),
    ...{ keyGeneration: most, keySinceMs: most, recoveryCounter: most, rotations: most },
    endedGrants: Array.from({ length: maxEndedRanges }, () => ({ from: most, until: most })),
  },
  anchors: { consent, epoch: most, count: most, height: most, timeMs: most, log: 'user' },
  batches: { batch: 'deferred', count: most, firstMs: most, lastMs: most, height: most },
  consents: {
    ...{ account, bodyHash: filled(32), notBeforeMs: most, notAfterMs: most },
    ...{ writeKey: filled(32), grantedHeight: most, revokedHeight: most, looks: most },
    ...{ lookChain: filled(32), window, writeKeyGeneration: most },
  },
  keys: {
    credentialHash: filled(32),
    identities: Array.from({ length: maxIdentities }, () => ({
      ...{ identity, fromHeight: most, untilHeight: most },
    })),
    folded: { count: most, peaks: Array.from({ length: 53 }, () => filled(32)) },
    recovery: filled(32),
    pendingRecovery: [{ recovery: filled(32), beganMs: most, beganHeight: most }],
    formers: Array.from({ length: maxFormers }, () => ({ signKey: filled(32), untilMs: most })),
  },
  keysets: {
    ...{ previous: most, salt: filled(16), keySetBlob: blobId, envelopeSetBlob: blobId },
    ...{ height: most, timeMs: most },
    schedule: Array.from({ length: maxScheduled }, () => ({ epoch: most, validFromMs: most })),
  },
  recoveries: { account },
  profiles: Array.from({ length: 2 }, () => ({
    ...{ acts: Array.from({ length: 256 }, (_, number) => number), version: most },
    fromHeight: most,
  })),
  organisations: {
    ...{ name: wide(1_024), url: wide(1_024), rights: [...organisationRights] },
    ...{ rightsFromHeight: most, rightsBefore: [...organisationRights] },
  },
  members: Array.from({ length: 2 * maxMembers }, () => ({
    ...{ organisation: account, fromHeight: most, untilHeight: most },
  })),
  validators: Array.from({ length: maxValidators }, () => ({
    ...{ publicKey: filled(32), power: most, organisation: account },
  })),
  'validators-cases': Array.from({ length: maxCases }, () => ({
    ...{ publicKey: filled(32), organisation: account, height: most, openedHeight: most },
    ...{ openedMs: most, removed: true },
  })),
  ...Object.assign({}, ...wings.map((wing) => wing.largestRows ?? {})),
};

const heads = { root: filled(32), size: most };
const proof = encodeStateAnswerProof(
  { user: heads, doc: heads },
  {
    siblings: Array.from({ length: 256 }, () => filled(32)),
    neighbour: { keyHash: filled(32), valueHash: filled(32) },
  },
);

for (const table of tables) {
  test(`the largest row of the table ${table.name} is answered, and read as it was written`, () => {
    const row = largestRows[table.name];
    assert.ok(row !== undefined, 'a table of which this test knows no largest row');
    const encoded = encodeRow(table, row);
    assert.ok(encoded.length <= maxRowBytes, `${encoded.length}`);
    stateAnswer.parse({ height: most, value: text(encoded), proof: text(proof) });
    assert.deepEqual(decodeRow(table, encoded), row);
  });
}

const body = encodeGrantBody({
  ...{ account, grantee: account, readClasses: recordClasses, writeClasses: recordClasses },
  ...{ purposes, recordIds: records(maxGrantRecords), fromMs: most },
});
const signed = (bytes: Uint8Array): Uint8Array => encodeSigned({ bytes, signature: filled(64) });
const card = signed(
  encodeCard({
    ...{ chainId, account, name: wide(maxNameLength), role: 'security-officer' },
    ...{ organisation: account, licence: wide(maxLicenceLength), credentialSalt: filled(32) },
    organisationKey: filled(32),
  }),
);
const letter: Letter = {
  ...{ consent, body, salt: filled(32), tagKey: filled(32), writeSeed: filled(32) },
  ...{ notBeforeMs: most, notAfterMs: most, ownerCard: card },
  ...{ ownerGeneration: most, granteeGeneration: most },
};
const letterBytes = await signLetter(await signingKeyFromSeed(filled(32)), letter);
const message = (sealed: Uint8Array): Uint8Array =>
  signed(
    encodeInboxMessage({
      ...{ chainId, to: account, from: account, fromKey: filled(32), sealed, sentMs: most },
    }),
  );
const largestMessage = message(filled(maxInboxSealedBytes));
const readRequest = signed(
  encodeReadRequest({
    ...{ chainId, organisation: account, consent, grantBody: body, grantSalt: filled(32) },
    ...{ what: { kind: 'records', recordIds: records(maxReadRecords) }, purpose: 'HOPERAT' },
    ...{ nonce: filled(16), issuedMs: most, reader: account, readerKey: filled(32) },
  }),
);
/** What HPKE adds: an X-Wing encapsulation and a tag. */
const sealing = 1_120 + 16;
const sealedText = (plain: Uint8Array): string => text(filled(plain.length + sealing));
const hashes = (count: number): Uint8Array[] => Array.from({ length: count }, () => filled(32));
const erase = signed(
  encodeErase({
    ...{ chainId, account, accountKey: filled(32), leaves: hashes(maxEraseLeaves) },
    issuedMs: most,
  }),
);
const tombstone = signed(
  encodeErased({
    ...{ chainId, account, leaf: filled(32), holder: account, holderKey: filled(32) },
    erasedMs: most,
  }),
);
const header = encodeItemHeader({
  ...{ suite, recordId: record, epoch: most, wrapKind: 255, wrap: filled(maxWrapBytes) },
  headline: filled(headlineBytes),
});
const leafContent = encodeLeafContent({
  ...{ headerHash: filled(32), blobId, recordClass: 'medication', paddedSize: most },
});
const place = {
  ...{ recordId: record, txId: txIdOf(filled(32)), height: most, timeMs: most, epoch: most },
  ...{ consent, root: text(filled(32)), index: most, count: most },
  path: hashes(64).map(text),
};
/** A page of rows whose anchors are one each, and one of rows of one anchor whose every other leaf is shown. */
const rowAt = (index: number, erased: boolean): ItemRow =>
  erased
    ? { kind: 'erased', index, recordId: record, leaf: filled(32), tombstone }
    : { kind: 'live', index, recordId: record, salt: filled(32), leafContent, header };
const shownRows = (rows: readonly ItemRow[], siblings: number): AnchoredRows => ({
  ...{ txId: place.txId, height: most, timeMs: most, epoch: most, consent, root: filled(32) },
  ...{ count: most, siblings: hashes(siblings), rows },
});
const largestPages = [true, false].flatMap((erased) => [
  Array.from({ length: maxReadRecords }, () => shownRows([rowAt(most, erased)], 64)),
  [
    shownRows(
      Array.from({ length: maxReadRecords }, (_, i) => rowAt(most - maxReadRecords + i, erased)),
      2 * maxItemsPerPost,
    ),
  ],
]);
const anchor = {
  ...{ txId: place.txId, height: most, index: most, count: most, path: place.path },
  leaf: text(tombstone),
};
const entry = (kind: string, sealed: string) => ({
  ...{ id: most, kind, receivedMs: most, sealed, anchor },
});
const look = { salt: filled(32), signedRequest: readRequest, servedMs: most };
const refusal = { salt: filled(32), reader: account, consent };

/** What stands in a message, or is answered, and the declaration that takes it. */
const messages: readonly [what: string, schema: z.ZodMiniType, value: unknown][] = [
  ['a card, of the directory', cardGet.answer, { card: text(card) }],
  ['a card, on enrolling', z.pick(enrolAnswer, { card: true }), { card: text(card) }],
  [
    'the answer to an order to erase',
    eraseAnswer,
    {
      erased: hashes(maxEraseLeaves).map((leaf) => ({
        ...{ leaf: text(leaf), tombstone: text(tombstone) },
      })),
    },
  ],
  ['a place on the ledger', inboxAnchor, anchor],
  [
    'a message in an inbox',
    inboxEntry,
    { ...entry('message', text(filled(maxInboxSealedBytes))), signed: text(largestMessage) },
  ],
  [
    'a look',
    inboxEntry,
    entry('look', sealedText(encodeLook({ ...look, recordIds: records(maxReadRecords) }))),
  ],
  [
    'a refusal',
    inboxEntry,
    entry(
      'refusal',
      sealedText(
        encodeRefusal({
          ...{ ...refusal, code: 'PURPOSE_NOT_GRANTED', refusedMs: most },
          requestHash: filled(32),
        }),
      ),
    ),
  ],
  [
    'a count of refusals',
    inboxEntry,
    entry(
      'refusal',
      sealedText(encodeRefusalCount({ ...refusal, count: most, firstMs: most, lastMs: most })),
    ),
  ],
];
for (const [what, schema, value] of messages) {
  test(`${what}, at its largest, has the shape that is declared for it`, () => {
    schema.parse(value);
  });
}

const rowInput = { salt: filled(32), leafContent, header };
const items = encodeItems(
  {
    ...{ account, epoch: most },
    consent: [{ id: consent, body, salt: filled(32), signature: filled(64) }],
  },
  Array.from({ length: maxItemsPerPost }, () => rowInput),
);
const key = 'ff'.repeat(128);
/** The body of a request at its largest, and the route that takes it. */
const bodies: readonly [what: string, route: Route, value: unknown][] = [
  ['a transaction', txPost, { tx: text(filled(maxTxBytes)) }],
  ['a message', inboxPost, { message: text(largestMessage) }],
  ['a read', readPost, { request: text(readRequest) }],
  ['an order to erase', erasePost, { erase: text(erase) }],
  [
    'a question for rows',
    statePost,
    { rows: Array.from({ length: maxStateRows }, () => ({ table: 't'.repeat(40), key })) },
  ],
];
for (const [what, route, value] of bodies) {
  test(`${what}, at its largest, is taken by ${route.method} ${route.path}`, () => {
    route.body?.parse(value);
    assert.ok(JSON.stringify(value).length <= (route.bodyBytes ?? maxJsonBytes));
  });
}

test('a delivery, at its largest, is taken by its route, and read row by row', () => {
  assert.ok(items.length <= itemsPost.bodyBytes, `${items.length}`);
  const { head, rows } = readItems(items);
  assert.equal(head.count, maxItemsPerPost);
  assert.deepEqual(rows.next().value, rowInput);
  assert.equal([...rows].length, maxItemsPerPost - 1);
});

/** A head as large as one may be, which names as many shards as it may, each as large as one may be. */
const largestHead: WalletCopyHead = {
  ...{ organisation: account, account, serial: most },
  wraps: Array.from({ length: walletCopyLimits.mostWraps }, () => filled(copyWrapBytes)),
  sealed: filled(walletCopyLimits.indexBytes),
  shards: Array.from({ length: walletCopyLimits.shards }, (_, at) => ({
    name: at.toString(16).padStart(32, 'f'),
    ...{ sha256: filled(32), bytes: walletCopyLimits.shardBytes },
  })),
};

test('the head of a wallet copy, at its largest, is taken by its route, and answered', () => {
  const head = encodeCopyHead(largestHead);
  assert.ok(head.length <= walletCopyLimits.headBytes, `${head.length}`);
  assert.deepEqual(decodeCopyHead(head), largestHead);
  const sent = encodeSignedCopy({ head, publicKey: filled(32), signature: filled(64) });
  assert.ok(sent.length <= walletPut.bodyBytes && sent.length <= walletGet.answerBytes);
  const longest = { head: filled(walletCopyLimits.headBytes), publicKey: filled(32) };
  const framed = encodeSignedCopy({ ...longest, signature: filled(64) });
  assert.ok(framed.length <= walletPut.bodyBytes);
  assert.deepEqual(decodeSignedCopy(framed).head, longest.head);
});

test('a shard of a wallet copy, at its largest, is taken, answered, and fits the shares of large bodies', () => {
  const { shardBytes } = walletCopyLimits;
  assert.equal(walletShardPut.bodyBytes, shardBytes);
  assert.equal(walletShardGet.answerBytes, shardBytes);
  const { bodyBytesPerAccount, maxWalletBytes, maxWalletBytesInAll } = defaultSettings;
  assert.ok(Math.max(shardBytes, walletPut.bodyBytes) * 2 <= bodyBytesPerAccount);
  assert.ok(maxWalletBytes < maxWalletBytesInAll);
});

test('the list of wallet copies holds what is kept: the newest, 30 nights, the first of each key', () => {
  const copy = { serial: most, writtenMs: most, publicKey: text(filled(32)), whole: false };
  const keys = 2 * (maxRotations + 1);
  const copies = Array.from({ length: 1 + keptForMs / 86_400_000 + keys }, () => copy);
  walletKeptGet.answer.parse({ copies });
});

test('a page of rows at its largest is read, and ends before a client stops reading it', () => {
  for (const anchors of largestPages) {
    const head = { changes: most, next: 'n'.repeat(64), anchors };
    const encoded = concatBytes(...listingPieces(head));
    assert.ok(encoded.length < clientBytes);
    assert.deepEqual(decodeItemsPage(encoded), head);
    const { changes: _, ...page } = head;
    const read = { ticket: filled(32), ticketUntilMs: most, txId: place.txId, salt: filled(32) };
    const answer = { ...read, height: most, index: most, ...page };
    assert.deepEqual(decodeReadAnswer(concatBytes(...readPieces(answer))), answer);
  }
});

test('an order for bodies at its largest is taken by its route', () => {
  const recordIds = Array.from({ length: maxBodiesAsked }, () => record);
  const encoded = encodeBodiesAsk({ account, recordIds });
  assert.ok(encoded.length <= bodiesPost.bodyBytes);
  assert.equal(decodeBodiesAsk(encoded).recordIds.length, maxBodiesAsked);
});

test('answers of many rows end before a client stops reading them', () => {
  const row = JSON.stringify({
    height: most,
    value: text(filled(maxRowBytes)),
    proof: text(proof),
  });
  assert.ok(maxStateAnswerBytes + row.length + maxStateRows * 100 < clientBytes);
  const waiting = entry('message', text(filled(maxInboxSealedBytes)));
  const page = 25 * JSON.stringify({ ...waiting, signed: text(largestMessage) }).length;
  assert.ok(page < clientBytes);
  assert.ok(walletPut.bodyBytes < clientBytes);
});

test('a letter at its largest is signed, fits a message, and is read', async () => {
  assert.ok(letterBytes.length <= receivedLimits.letterBytes);
  assert.ok(card.length <= receivedLimits.cardBytes);
  assert.deepEqual(readLetter(letterBytes).letter, letter);
  const { publicKey } = await xwingKeyFromSeed(filled(32));
  const sealed = await sealMessage(publicKey, account, letterBytes);
  assert.equal(sealed.length, letterBytes.length + sealing);
  assert.ok(sealed.length <= maxInboxSealedBytes);
  assert.ok(receivedLimits.letterBytes + 1_024 <= receivedLimits.bytesOfOne / 4);
});

test('a letter, or a card in it, that is one byte too long is neither signed nor read', async () => {
  const owner = await signingKeyFromSeed(filled(32));
  for (const change of [
    { ownerCard: filled(receivedLimits.cardBytes + 1) },
    { body: filled(receivedLimits.letterBytes) },
  ]) {
    await assert.rejects(signLetter(owner, { ...letter, ...change }), (error) =>
      isCoded(error, 'GRANT_TOO_LARGE'),
    );
  }
  const long = filled(receivedLimits.letterBytes + 1);
  assert.throws(
    () => readLetter(long),
    (error) => isCoded(error, 'BODY_TOO_LARGE'),
  );
});

test('the keys of sixteen epochs of all classes have room in what a writer fetches', () => {
  const writeKeys = new Map(recordClasses.map((name) => [name, filled(1_216)]));
  const epochs = Array.from({ length: maxScheduled }, () => ({ epoch: most, writeKeys }));
  const encoded = encodeKeySetBlob(epochs);
  assert.ok(encoded.length <= maxKeySetBytes);
  assert.deepEqual(decodeKeySetBlob(encoded), epochs);
});

/** A wallet with one letter of so many bytes. */
const heavy = (bytes: number): WalletContent => ({
  ...emptyWallet('x'),
  letters: [
    {
      ...{ consent, account, grantee: account, ownerName: '', receivedMs: 1, ended: false },
      ...firstGenerations,
      letter: new Uint8Array(bytes),
    },
  ],
});

test('an index of a copy at its largest is sealed, signed and read, and one byte more is not sent: WALLET_FULL', async () => {
  const { indexBytes, mostWraps, shards, headBytes } = walletCopyLimits;
  const place = { organisation: account, account, serial: most };
  const index = { layout: newLayout(), deviceRoot: [], recipients: filled(32) };
  const copyKey = filled(32);
  const sealed = await sealCopyIndex(copyKey, place, {
    ...index,
    content: heavy(indexBytes - 8_192),
  });
  assert.equal(sealed.length, indexBytes);
  const head = encodeCopyHead({
    ...{ ...place, sealed },
    wraps: Array.from({ length: mostWraps }, () => filled(copyWrapBytes)),
    shards: Array.from({ length: shards }, () => ({
      ...{ name: 'ff'.repeat(16), sha256: filled(32), bytes: walletCopyLimits.shardBytes },
    })),
  });
  assert.ok(head.length <= headBytes, `${head.length}`);
  const copy = { head, publicKey: filled(32), signature: filled(64) };
  const signed = encodeSignedCopy(copy);
  assert.ok(signed.length <= maxSignedCopyBytes);
  const read = decodeCopyHead(decodeSignedCopy(signed).head);
  assert.equal(read.shards.length, shards);
  assert.equal((await openCopyIndex(copyKey, place, read.sealed)).content.letters.length, 1);
  const over = { ...index, content: heavy(indexBytes) };
  await assert.rejects(sealCopyIndex(copyKey, place, over), (error) =>
    isCoded(error, 'WALLET_FULL'),
  );
});
