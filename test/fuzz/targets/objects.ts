import { decodeAsk, encodeAsk } from '../../../src/api/ask.ts';
import { decodeCard, encodeCard } from '../../../src/api/card.ts';
import { decodeErase, decodeErased, encodeErase, encodeErased } from '../../../src/api/erase.ts';
import { decodeGrantBody, encodeGrantBody } from '../../../src/api/grant-body.ts';
import { decodeInboxMessage, encodeInboxMessage } from '../../../src/api/inbox-message.ts';
import {
  decodeItemHeader,
  decodeLeafContent,
  encodeItemHeader,
  encodeLeafContent,
} from '../../../src/api/item.ts';
import {
  decodeLook,
  encodeLook,
  encodeRefusal,
  encodeRefusalCount,
  type Look,
  type RefusalCount,
  type RefusedRead,
} from '../../../src/api/look.ts';
import { decodeReadRequest, encodeReadRequest } from '../../../src/api/read-request.ts';
import { encodeSigned } from '../../../src/api/signed.ts';
import { sha256 } from '../../../src/crypto/hash.ts';
import { utf8 } from '../../../src/primitives/bytes.ts';
import { encodeCbor } from '../../../src/primitives/cbor.ts';
import { accountIdOf, consentIdOf, parseBlobId, recordIdOf } from '../../../src/primitives/ids.ts';
import { readLetter } from '../../../src/sdk/grants/letter.ts';
import { decodeKeySetBlob, encodeKeySetBlob } from '../../../src/sdk/keys/key-set-blob.ts';
import { decodeSkeleton, encodeSkeleton, partsOfFile } from '../../../src/sdk/records/skeleton.ts';
import type { Target, TargetModule } from '../target.ts';
import { codecModule, mustEqual } from './codec.ts';

const bytesOf = (name: string): Uint8Array => sha256(utf8(name));
const account = accountIdOf(bytesOf('ana'));
const grantee = accountIdOf(bytesOf('doctor'));
const organisation = accountIdOf(bytesOf('hospital'));
const consent = consentIdOf(bytesOf('consent').slice(0, 16));
const recordId = recordIdOf(bytesOf('record').slice(0, 16));
const otherRecord = recordIdOf(bytesOf('record 2').slice(0, 16));
const chainId = 'salus-test-1';
const blobId = parseBlobId('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku');
const signature = new Uint8Array(64).fill(9);

const card = encodeCard({
  ...{ chainId, account, name: 'Dr. Ada Ngäu', role: 'clinician', organisation, licence: 'X-1' },
  ...{ credentialSalt: bytesOf('salt'), organisationKey: bytesOf('key') },
});
const grantBody = encodeGrantBody({
  ...{ account, grantee, readClasses: ['lab', 'diagnosis'], recordIds: [recordId], fromMs: 5 },
  ...{ writeClasses: ['lab'], purposes: ['TREAT', 'ETREAT'] },
});
const request = {
  ...{ chainId, organisation, consent, grantBody, grantSalt: bytesOf('salt') },
  purpose: 'TREAT',
  ...{ nonce: bytesOf('nonce').slice(0, 16), issuedMs: 1_800_000_000_000, reader: grantee },
  readerKey: bytesOf('reader key'),
} as const;
const cbor = ['CBOR_INVALID', 'CBOR_SHAPE', 'SUITE_UNKNOWN', 'TYPE_UNKNOWN'] as const;
const words = [
  ...['TREAT', 'HRESCH', 'lab', 'genetic', 'iot', 'clinician', 'device', 'rotation', chainId],
  ...[bytesOf('ana'), bytesOf('consent').slice(0, 16), signature, 1_800_000_000_000],
];

export const cards = codecModule(() => ({
  ...{ name: 'cards', seeds: [card], decode: decodeCard, encode: encodeCard, words },
  allows: [...cbor, 'ROLE_UNKNOWN', 'NAME_INVALID'],
}));

export const grantBodies = codecModule(() => ({
  ...{ name: 'grant-bodies', seeds: [grantBody], words },
  ...{ decode: decodeGrantBody, encode: encodeGrantBody },
  allows: [...cbor, 'CLASS_UNKNOWN', 'PURPOSE_UNKNOWN', 'CONDITION_UNKNOWN'],
}));

export const readRequests = codecModule(() => ({
  ...{ name: 'read-requests', decode: decodeReadRequest, encode: encodeReadRequest, words },
  seeds: [
    encodeReadRequest({ ...request, what: { kind: 'records', recordIds: [recordId] } }),
    encodeReadRequest({ ...request, what: { kind: 'since', height: 9, limit: 50, cursor: 'ab' } }),
  ],
  allows: [...cbor, 'PURPOSE_UNKNOWN', 'REQUEST_TOO_MANY'],
}));

export const questions = codecModule(() => ({
  ...{ name: 'questions', decode: decodeAsk, encode: encodeAsk, words },
  seeds: [
    encodeAsk({
      ...{ card, question: { kind: 'access', readClasses: ['lab'], purpose: 'TREAT', days: 7 } },
    }),
    encodeAsk({ card, question: { kind: 'who' } }),
  ],
  allows: [...cbor, 'CLASS_UNKNOWN', 'PURPOSE_UNKNOWN'],
}));

export const inboxMessages = codecModule(() => ({
  ...{ name: 'inbox-messages', decode: decodeInboxMessage, encode: encodeInboxMessage, words },
  seeds: [
    encodeInboxMessage({
      ...{ chainId, to: account, from: grantee, fromKey: bytesOf('key') },
      ...{ sealed: new Uint8Array(1_200).fill(3), sentMs: 1_800_000_000_000 },
    }),
  ],
  allows: cbor,
}));

export const erasures = codecModule(() => ({
  ...{ name: 'erasures', words },
  seeds: [
    encodeErase({
      ...{ chainId, account, accountKey: bytesOf('key'), issuedMs: 1_800_000_000_000 },
      leaves: [bytesOf('leaf 1'), bytesOf('leaf 2')],
    }),
    encodeErased({
      ...{ chainId, account, leaf: bytesOf('leaf'), holder: organisation },
      ...{ holderKey: bytesOf('key'), erasedMs: 1_800_000_000_000 },
    }),
  ],
  decode: (bytes) => {
    try {
      return { erase: decodeErase(bytes) };
    } catch {
      return { erased: decodeErased(bytes) };
    }
  },
  encode: (read) => ('erase' in read ? encodeErase(read.erase) : encodeErased(read.erased)),
  allows: [...cbor, 'REQUEST_TOO_MANY'],
}));

export const looks = codecModule<Look | RefusedRead | RefusalCount>(() => ({
  ...{ name: 'looks', decode: decodeLook, words },
  encode: (read) => {
    if (read.kind === 'look') return encodeLook(read);
    return read.kind === 'refusal' ? encodeRefusal(read) : encodeRefusalCount(read);
  },
  seeds: [
    encodeLook({
      ...{ salt: bytesOf('salt'), signedRequest: grantBody, servedMs: 1_800_000_000_000 },
      recordIds: [recordId, otherRecord],
    }),
    encodeRefusal({
      ...{ salt: bytesOf('salt'), reader: grantee, consent, code: 'CONSENT_NOT_LIVE' },
      ...{ refusedMs: 1_800_000_000_000, requestHash: bytesOf('request') },
    }),
    encodeRefusalCount({
      ...{ salt: bytesOf('salt'), reader: grantee, consent, count: 7 },
      ...{ firstMs: 1_800_000_000_000, lastMs: 1_800_000_060_000 },
    }),
  ],
  allows: cbor,
}));

const headline = new Uint8Array(316).fill(9);

export const itemRows = codecModule(() => ({
  ...{ name: 'item-rows', words },
  seeds: [
    encodeItemHeader({
      suite: 2,
      recordId,
      epoch: 7,
      wrapKind: 1,
      wrap: new Uint8Array(60),
      headline,
    }),
    encodeItemHeader({
      suite: 2,
      recordId,
      epoch: 7,
      wrapKind: 2,
      wrap: new Uint8Array(1_168),
      headline,
    }),
    encodeLeafContent({ headerHash: bytesOf('h'), blobId, recordClass: 'lab', paddedSize: 4_096 }),
  ],
  decode: (bytes) => {
    try {
      return { header: decodeItemHeader(bytes) };
    } catch {
      return { leaf: decodeLeafContent(bytes) };
    }
  },
  encode: (read) =>
    'header' in read ? encodeItemHeader(read.header) : encodeLeafContent(read.leaf),
  allows: [...cbor, 'ID_FORMAT', 'CLASS_UNKNOWN'],
}));

export const keySetBlobs = codecModule(() => ({
  ...{ name: 'key-sets', decode: decodeKeySetBlob, encode: encodeKeySetBlob, words },
  seeds: [
    encodeKeySetBlob([
      { epoch: 3, writeKeys: new Map([['lab', new Uint8Array(1_216).fill(1)]]) },
      { epoch: 4, writeKeys: new Map([['iot', new Uint8Array(1_216).fill(2)]]) },
    ]),
  ],
  allows: cbor,
}));

/** A letter as an inbox gives it: opened, not yet believed. */
export const letters: TargetModule = {
  open(): Target {
    const bytes = encodeCbor([
      ...[2, 41, bytesOf('consent').slice(0, 16), grantBody, bytesOf('salt'), bytesOf('tag')],
      ...[
        bytesOf('seed'),
        1_800_000_000_000,
        1_900_000_000_000,
        encodeSigned({ bytes: card, signature }),
      ],
    ]);
    const seed = seedThatReads(bytes);
    return {
      ...{ name: 'letters', shape: 'cbor', seeds: [seed], words },
      run: (input) => {
        const read = readLetter(input);
        mustEqual(encodeSigned({ bytes: read.bytes, signature: read.signature }), input, 'signed');
        mustEqual(encodeGrantBody(read.body), read.letter.body, 'grant body');
      },
      allows: [
        ...cbor,
        ...(['BODY_TOO_LARGE', 'CLASS_UNKNOWN', 'PURPOSE_UNKNOWN', 'CONDITION_UNKNOWN'] as const),
      ],
    };
  },
};

function seedThatReads(bytes: Uint8Array): Uint8Array {
  const seed = encodeSigned({ bytes, signature });
  readLetter(seed);
  return seed;
}

export const skeletons: TargetModule = {
  open(): Target {
    const file = utf8('{"resourceType":"Bundle","entry":[{"resource":{}},{"resource":{}}]}');
    const seed = encodeSkeleton({
      ...{ fileName: 'a.json', fileHash: sha256(file), byteLength: file.length + 90_000 },
      ranges: [
        { offset: 40, length: 50_000, recordId },
        { offset: 50_040, length: 40_000, recordId: otherRecord },
      ],
      between: file,
    });
    return {
      ...{ name: 'skeletons', shape: 'cbor', seeds: [seed], words, allows: cbor },
      run: (input) => {
        const skeleton = decodeSkeleton(input);
        mustEqual(encodeSkeleton(skeleton), input, 'another encoding');
        // The parts are exactly as long as the file, in order, whatever the ranges say.
        let length = 0;
        for (const part of partsOfFile(skeleton)) length += part.length;
        if (length !== skeleton.byteLength) throw new RangeError(`parts of ${length} bytes`);
      },
    };
  },
};
