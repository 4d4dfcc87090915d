import { type RecordClass, recordClasses } from '../../api/classes.ts';
import { deriveKey } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { randomBytes } from '../../crypto/random.ts';
import { concatBytes, equalBytes } from '../../primitives/bytes.ts';
import { type AccountId, idBytes, type RecordId, recordIdOf } from '../../primitives/ids.ts';

/** Whose chart somebody writes into, and who he is. */
export interface Writing {
  readonly author: AccountId;
  readonly patient: AccountId;
}

const half = 8;

/**
 * The id of a record that somebody writes for another: random to everybody, and its author knows it again by his
 * wallet's root, on any of his devices and without reading it. Source: docs/protocol/items.md, rule I-72.
 */
export function writtenRecordId(
  rootSecret: Uint8Array,
  writing: Writing,
  recordClass: RecordClass,
): RecordId {
  const nonce = randomBytes(half);
  return recordIdOf(concatBytes(nonce, markOf(rootSecret, writing, recordClass, nonce)));
}

/** The class of a record that was written under one of these roots; undefined: not by this author for this patient. */
export function classOfWritten(
  rootSecrets: readonly Uint8Array[],
  writing: Writing,
  recordId: RecordId,
): RecordClass | undefined {
  const id = idBytes(recordId);
  const [nonce, mark] = [id.subarray(0, half), id.subarray(half)];
  return recordClasses.find((it) =>
    rootSecrets.some((secret) => equalBytes(markOf(secret, writing, it, nonce), mark)),
  );
}

function markOf(
  rootSecret: Uint8Array,
  { author, patient }: Writing,
  recordClass: RecordClass,
  nonce: Uint8Array,
): Uint8Array {
  const context = [idBytes(author), idBytes(patient), recordClass, nonce];
  return deriveKey(rootSecret, labels.recordWritten, context, half);
}
