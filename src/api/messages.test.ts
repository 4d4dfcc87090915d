import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAccountId, parseBlobId, parseConsentId } from '../primitives/ids.ts';
import { blobIdOf } from '../storage/blob-id.ts';
import {
  accountIdText,
  base64urlText,
  blobIdText,
  bytesOfText,
  consentIdText,
  textOfBytes,
} from './message-parts.ts';

const accepts = (parse: (text: unknown) => unknown, text: unknown): boolean => {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
};

test('ids in messages are those that primitives accept, no more and no fewer', () => {
  const hex = fc.stringMatching(/^[0-9a-fA-Fg]{30,66}$/);
  const blob = fc.oneof(
    fc.uint8Array().map((bytes): string => blobIdOf(bytes)),
    fc.stringMatching(/^baf(kre|ybe|xxx)i[a-z2-7]{50,52}$/),
  );
  fc.assert(
    fc.property(hex, blob, (text, id) => {
      assert.equal(accountIdText.safeParse(text).success, accepts(parseAccountId, text));
      assert.equal(consentIdText.safeParse(text).success, accepts(parseConsentId, text));
      assert.equal(blobIdText.safeParse(id).success, accepts(parseBlobId, id));
    }),
  );
  assert.ok(accountIdText.safeParse('ab'.repeat(32)).success);
  assert.ok(!accountIdText.safeParse(`${'ab'.repeat(32)}\n`).success);
});

test('bytes in messages have one spelling and a bound', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const text = textOfBytes(bytes);
      assert.ok(base64urlText(64).safeParse(text).success);
      assert.deepEqual(bytesOfText(text), bytes);
    }),
  );
  assert.ok(!base64urlText(64).safeParse(textOfBytes(new Uint8Array(65))).success);
  for (const text of ['A', 'AB', 'AA==', 'A+/A']) {
    assert.throws(() => bytesOfText(text), { code: 'REQUEST_INVALID' });
  }
});
