import { sealChunkedWithSalt } from '../../../src/crypto/chunked.ts';
import { labels } from '../../../src/crypto/labels.ts';
import { signLabelled } from '../../../src/crypto/signature.ts';
import { concatBytes } from '../../../src/primitives/bytes.ts';
import { type Cbor, encodeCbor } from '../../../src/primitives/cbor.ts';
import { recordIdOf } from '../../../src/primitives/ids.ts';
import {
  emptyLine,
  encodeHeadline,
  headlineHashOf,
  headlineOf,
} from '../../../src/sdk/records/headline/headline-format.ts';
import { sealHeadline } from '../../../src/sdk/records/headline/headline-seal.ts';
import { paddedLength } from '../../../src/sdk/records/item-inside.ts';
import { openItem } from '../../../src/sdk/records/item-open.ts';
import { bodyContext } from '../../../src/sdk/records/item-seal.ts';
import { wrapItem } from '../../../src/sdk/records/item-wrap.ts';
import { blobIdOf } from '../../../src/storage/blob-id.ts';
import { withFixedRandomness } from './fixed-randomness.ts';
import { sekOf } from './items.ts';
import { accountBytes, doctor, patient } from './people.ts';
import { codeOf, type Format, hex, pattern } from './write.ts';

/** Items whose author holds every key and lies all the same: each must be refused, in one way, by everybody. */
interface Forgery {
  readonly name: string;
  readonly head?: (fields: Cbor[]) => void;
  /** The number before the head. */
  readonly headLength?: (length: number) => number;
  readonly signature?: (signature: Uint8Array) => Uint8Array;
  /** Of the plaintext, once it is padded as it should be. */
  readonly plain?: (padded: Uint8Array, length: number) => Uint8Array;
  readonly paddedBytes?: (length: number) => number;
  /** Of the headline's plaintext, as the header has it. */
  readonly line?: (plain: Uint8Array) => Uint8Array;
  readonly keyOfLine?: Uint8Array;
}

const put = (place: number, value: Cbor) => (fields: Cbor[]) => {
  fields[place] = value;
};
const ended = (bytes: Uint8Array, last: number) => Uint8Array.of(...bytes.slice(0, -1), last);

const forgeries: readonly Forgery[] = [
  { name: 'nothing' },
  { name: 'record id', head: put(0, pattern(16, 9)) },
  { name: 'chart', head: put(1, pattern(32, 9)) },
  { name: 'key', head: put(3, pattern(32, 9)) },
  { name: 'class', head: put(4, 'lab') },
  { name: 'unknown class', head: put(4, 'blood') },
  { name: 'ordinary class', head: put(5, 'lab') },
  { name: 'ordinary class that is none', head: put(5, 'private') },
  { name: 'media type too long', head: put(6, 'x'.repeat(1_025)) },
  { name: 'name of 1,024 units', head: put(7, '\u{1F9EA}'.repeat(512)) },
  { name: 'name of 1,025 units', head: put(7, `${'\u{1F9EA}'.repeat(512)}x`) },
  { name: 'previous of 15 bytes', head: put(8, pattern(15, 1)) },
  { name: 'time that is none', head: put(9, null) },
  { name: 'length too long', head: put(10, 101) },
  { name: 'length too short', head: put(10, 99) },
  { name: 'length of everything', head: put(10, 2 ** 53 - 1) },
  { name: 'hash of the headline', head: put(11, pattern(32, 9)) },
  { name: 'another headline', line: (plain) => ended(plain.slice(), 1) },
  { name: 'headline of another key', keyOfLine: pattern(32, 9) },
  { name: 'a place too many', head: (fields) => fields.push(0) },
  { name: 'head longer than it is', headLength: (length) => length + 1 },
  { name: 'head without end', headLength: () => 2 ** 32 - 1 },
  { name: 'signature', signature: (bytes) => ended(bytes, 0) },
  { name: 'padding of another length', plain: (padded) => concatBytes(padded, pattern(1, 0)) },
  { name: 'padding that is not zero', plain: (padded) => ended(padded, 1) },
  { name: 'no padding', plain: (padded, length) => padded.slice(0, length) },
  { name: 'three bytes', plain: (padded) => padded.slice(0, 3) },
  { name: 'nothing inside', plain: () => new Uint8Array(0) },
  { name: 'another padded size', paddedBytes: (length) => length + 1 },
];

async function forged(forgery: Forgery, index: number) {
  const bytes = pattern(100, 0);
  const line = encodeHeadline(headlineOf(emptyLine, { name: 'a note', recordClass: 'note' }));
  const recordId = recordIdOf(pattern(16, index));
  const key = doctor.keys.sign;
  const fields: Cbor[] = [
    ...[pattern(16, index), accountBytes(patient), accountBytes(doctor), key.publicKey],
    ...['note', 'note', 'text/plain', 'a note', new Uint8Array(0), 1_800_000_000_000],
    ...[bytes.length, headlineHashOf(line)],
  ];
  forgery.head?.(fields);
  const head = encodeCbor(fields);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, forgery.headLength?.(head.length) ?? head.length);
  const signed = concatBytes(length, head, bytes);
  const signature = await signLabelled(key, labels.recordSign, signed);
  const whole = concatBytes(signed, forgery.signature?.(signature) ?? signature);
  const padded = new Uint8Array(paddedLength(whole.length));
  padded.set(whole);
  const plain = forgery.plain?.(padded, whole.length) ?? padded;

  const recordKey = pattern(32, 90 + index);
  const body = await sealChunkedWithSalt(
    recordKey,
    bodyContext(recordId),
    plain,
    pattern(24, index),
  );
  const paddedBytes = forgery.paddedBytes?.(plain.length) ?? plain.length;
  const headline = await withFixedRandomness(`headline ${index}`, () =>
    sealHeadline(
      { recordId, recordKey: forgery.keyOfLine ?? recordKey },
      forgery.line?.(line) ?? line,
    ),
  );
  const sealed = {
    headline: headline.result,
    recordId,
    recordClass: 'note' as const,
    recordKey,
    blobId: blobIdOf(body),
    paddedBytes,
  };
  const sek = sekOf('note', 3);
  const { result: row } = await withFixedRandomness(`forgery ${index}`, () =>
    wrapItem(sealed, { kind: 'segment', epoch: 3, sek }),
  );
  const item = {
    ...row,
    ...{ account: patient.account, recordId: undefined, key: { kind: 'segment' as const, sek } },
    isKeyOfAuthor: () => true,
  };
  return {
    ...{ name: forgery.name, sek: hex(sek), account: patient.account, header: hex(row.header) },
    ...{
      leafContent: hex(row.leafContent),
      salt: hex(row.salt),
      leaf: hex(row.leaf),
      body: hex(body),
    },
    refused: await codeOf(() => openItem(item, body)),
  };
}

export const forgedItems: Format = {
  about:
    'items.md I-28 to I-31: rows and bodies that open, and what a reader says of them; empty: nothing against it',
  async cases() {
    const cases = [];
    // One after the other: they draw from one stream of fixed randomness at a time.
    for (const [index, forgery] of forgeries.entries()) cases.push(await forged(forgery, index));
    return cases;
  },
};
