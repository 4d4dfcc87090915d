import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '../../test/any-character.ts';
import { catalogue, isCode } from '../codes/index.ts';
import { roles } from '../ledger/roles.ts';
import { bytesToHex } from '../primitives/bytes.ts';
import { decodeCbor, encodeCbor } from '../primitives/cbor.ts';
import { isCoded } from '../primitives/errors.ts';
import { accountIdOf, consentIdOf, recordIdOf } from '../primitives/ids.ts';
import { blobIdOf } from '../storage/blob-id.ts';
import { decodeAsk, encodeAsk } from './ask.ts';
import { decodeCard, encodeCard } from './card.ts';
import { ordinaryClasses, recordClasses } from './classes.ts';
import { isDisplayName } from './display-name.ts';
import { decodeErase, decodeErased, encodeErase, encodeErased } from './erase.ts';
import { decodeGrantBody, encodeGrantBody } from './grant-body.ts';
import { decodeInboxMessage, encodeInboxMessage } from './inbox-message.ts';
import {
  decodeItemHeader,
  decodeLeafContent,
  encodeItemCore,
  encodeItemHeader,
  encodeLeafContent,
} from './item.ts';
import { decodeLook, encodeLook, encodeRefusal, encodeRefusalCount } from './look.ts';
import { purposes } from './purposes.ts';
import { decodeReadRequest, encodeReadRequest } from './read-request.ts';
import { currentSuite, decodeSigned, encodeSigned } from './signed.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const some = fc.uint8Array({ maxLength: 200 });
const account = bytes(32).map(accountIdOf);
const consent = bytes(16).map(consentIdOf);
const record = bytes(16).map(recordIdOf);
const time = fc.nat();
const chainId = fc.string({ maxLength: 50 });
const classes = fc.subarray([...recordClasses]);
const code = fc.constantFrom(...Object.keys(catalogue).filter(isCode));

/** What the rule for names lets pass (H-18), of any script. */
const anyName = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .string({ unit: fc.oneof(fc.constantFrom(...'aZ9 .-é李م'), anyCharacter), maxLength })
    .map((text) => text.normalize('NFC'))
    .filter((text) => isDisplayName(text, maxLength));

interface Codec {
  readonly name: string;
  readonly value: fc.Arbitrary<unknown>;
  readonly encode: (value: never) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => unknown;
}
const codec = <Value>(
  name: string,
  value: fc.Arbitrary<Value>,
  encode: (value: Value) => Uint8Array,
  decode: (bytes: Uint8Array) => unknown,
): Codec => ({ name, value, encode, decode });

const codecs: readonly Codec[] = [
  codec(
    'signed object',
    fc.record({ bytes: some, signature: bytes(64) }),
    encodeSigned,
    decodeSigned,
  ),
  codec(
    'grant body',
    fc.record({
      ...{ account, grantee: account, readClasses: classes, writeClasses: classes, fromMs: time },
      recordIds: fc.array(record, { maxLength: 5 }),
      purposes: fc.subarray([...purposes]),
    }),
    encodeGrantBody,
    decodeGrantBody,
  ),
  codec(
    'read request',
    fc.record({
      ...{ chainId, organisation: account, consent, grantBody: some, grantSalt: bytes(32) },
      ...{ nonce: bytes(16), issuedMs: time, reader: account, readerKey: bytes(32) },
      purpose: fc.constantFrom(...purposes),
      what: fc.oneof(
        fc.record({
          kind: fc.constant('records' as const),
          recordIds: fc.array(record, { minLength: 1, maxLength: 5 }),
        }),
        fc.record({
          ...{ kind: fc.constant('since' as const), height: time },
          ...{ limit: fc.integer({ min: 1, max: 1_000 }), cursor: fc.string({ maxLength: 64 }) },
        }),
      ),
    }),
    encodeReadRequest,
    decodeReadRequest,
  ),
  codec(
    'question',
    fc.record({
      card: fc.uint8Array({ minLength: 1, maxLength: 200 }),
      question: fc.oneof(
        fc.record({
          ...{
            kind: fc.constant('access' as const),
            readClasses: fc.subarray([...ordinaryClasses]),
          },
          ...{ purpose: fc.constantFrom(...purposes), days: fc.integer({ min: 1, max: 366 }) },
        }),
        fc.constantFrom({ kind: 'who' as const }, { kind: 'introduction' as const }),
      ),
    }),
    encodeAsk,
    decodeAsk,
  ),
  codec(
    'inbox message',
    fc.record({
      chainId,
      to: account,
      from: account,
      fromKey: bytes(32),
      sealed: some,
      sentMs: time,
    }),
    encodeInboxMessage,
    decodeInboxMessage,
  ),
  codec(
    'erase',
    fc.record({
      ...{ chainId, account, accountKey: bytes(32), issuedMs: time },
      leaves: fc.array(bytes(32), { minLength: 1, maxLength: 4 }),
    }),
    encodeErase,
    decodeErase,
  ),
  codec(
    'erased',
    fc.record({
      ...{
        chainId,
        account,
        leaf: bytes(32),
        holder: account,
        holderKey: bytes(32),
        erasedMs: time,
      },
    }),
    encodeErased,
    decodeErased,
  ),
  codec(
    'card',
    fc.record({
      ...{ chainId, account, name: anyName(200), role: fc.constantFrom(...roles) },
      ...{ organisation: account, licence: fc.oneof(fc.constant(''), anyName(100)) },
      ...{ credentialSalt: bytes(32), organisationKey: bytes(32) },
    }),
    encodeCard,
    decodeCard,
  ),
  codec(
    'look',
    fc.record({
      ...{
        kind: fc.constant('look' as const),
        salt: bytes(32),
        signedRequest: some,
        servedMs: time,
      },
      recordIds: fc.array(record, { maxLength: 5 }),
    }),
    encodeLook,
    decodeLook,
  ),
  codec(
    'refusal',
    fc.record({
      ...{ kind: fc.constant('refusal' as const), salt: bytes(32), reader: account, consent, code },
      ...{ refusedMs: time, requestHash: bytes(32) },
    }),
    encodeRefusal,
    decodeLook,
  ),
  codec(
    'count of refusals',
    fc.record({
      ...{ kind: fc.constant('refusals' as const), salt: bytes(32), reader: account },
      consent: fc.oneof(consent, fc.constant('' as const)),
      ...{ count: fc.nat(), firstMs: time, lastMs: time },
    }),
    encodeRefusalCount,
    decodeLook,
  ),
  codec(
    'item header',
    fc.record({
      ...{ suite: fc.constant(currentSuite), recordId: record, epoch: time },
      ...{ wrapKind: fc.integer({ min: 0, max: 255 }), wrap: some },
      headline: bytes(316),
    }),
    encodeItemHeader,
    decodeItemHeader,
  ),
  codec(
    'leaf content',
    fc.record({
      ...{ headerHash: bytes(32), blobId: some.map((it) => blobIdOf(it)), paddedSize: time },
      recordClass: fc.constantFrom(...recordClasses),
    }),
    encodeLeafContent,
    decodeLeafContent,
  ),
];

const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, it: unknown) => (it instanceof Uint8Array ? bytesToHex(it) : it)),
  );

for (const { name, value, encode, decode } of codecs) {
  test(`${name}: what was encoded is decoded, and is encoded to the same bytes`, () => {
    fc.assert(
      fc.property(value, (original) => {
        const encoded = encode(original as never);
        const decoded = decode(encoded);
        assert.deepEqual(plain(decoded), plain(original));
        assert.deepEqual(encode(decoded as never), encoded);
      }),
    );
  });

  test(`${name}: with a field more, a field less or another type it is refused by a code`, () => {
    fc.assert(
      fc.property(value, some, fc.nat(40), (original, noise, at) => {
        const encoded = encode(original as never);
        const fields = decodeCbor(encoded);
        assert.ok(Array.isArray(fields));
        const place = at % fields.length;
        const changes: Uint8Array[] = [
          encodeCbor([...fields, 0]),
          encodeCbor(fields.slice(0, -1)),
          encodeCbor(fields.with(place, Array.isArray(fields[place]) ? 'x' : [])),
          encoded.slice(0, -1),
          noise,
        ];
        for (const changed of changes) {
          assert.throws(
            () => decode(changed),
            (error) => isCoded(error) && error.code !== 'INTERNAL',
          );
        }
      }),
      { numRuns: 30 },
    );
  });
}

test('the core stands in the header byte for byte, as the body’s context hashes it', () => {
  const recordId = recordIdOf(new Uint8Array(16).fill(7));
  const core = encodeItemCore(recordId);
  const header = encodeItemHeader({
    ...{ suite: currentSuite, recordId, epoch: 1, wrapKind: 1, wrap: new Uint8Array(60) },
    headline: new Uint8Array(316),
  });
  assert.ok(bytesToHex(header).includes(bytesToHex(core)));
});

test('a grant with a condition that this version does not know counts as no', () => {
  const body = encodeGrantBody({
    account: accountIdOf(new Uint8Array(32)),
    grantee: accountIdOf(new Uint8Array(32)),
    readClasses: ['lab'],
    recordIds: [],
    fromMs: 0,
    writeClasses: [],
    purposes: ['TREAT'],
  });
  const fields = decodeCbor(body);
  assert.ok(Array.isArray(fields));
  const conditioned = encodeCbor(fields.with(-1, ['only on weekdays']));
  assert.throws(() => decodeGrantBody(conditioned), { code: 'CONDITION_UNKNOWN' });
});
