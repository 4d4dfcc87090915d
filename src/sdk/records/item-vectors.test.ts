import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { base64urlToBytes, hexToBytes, utf8ToText } from '../../primitives/bytes.ts';
import { parseAccountId, parseRecordId } from '../../primitives/ids.ts';
import { openItem } from './item-open.ts';

interface Vector extends Readonly<Record<string, string>> {
  readonly name: string;
}

const file = new URL('../../../test/vectors/records/items.json', import.meta.url);
const { items }: { items: readonly Vector[] } = JSON.parse(readFileSync(file, 'utf8'));
const hex = (text: string | undefined) => hexToBytes(text ?? '') ?? new Uint8Array(0);
const long = (text: string | undefined) => base64urlToBytes(text ?? '') ?? new Uint8Array(0);

assert.equal(items.length, 2);
for (const item of items) {
  test(`an item that was sealed long ago opens, ${item.name}`, async () => {
    const { head, bytes } = await openItem(
      {
        header: long(item.header),
        leafContent: hex(item.leafContent),
        salt: hex(item.salt),
        leaf: hex(item.leaf),
        account: parseAccountId(item.account),
        recordId: parseRecordId(item.recordId),
        key: { kind: 'segment', sek: hex(item.sek) },
        isKeyOfAuthor: (author) => author === item.author,
      },
      long(item.body),
    );
    assert.equal(utf8ToText(bytes), item.text);
    assert.deepEqual(head, {
      recordId: item.recordId,
      account: item.account,
      author: item.author,
      authorKey: hex(item.authorKey),
      recordClass: item.class,
      mediaType: item.mediaType,
      name: item.itemName,
      previous: item.previous === '' ? undefined : item.previous,
      writtenMs: item.writtenMs,
      byteLength: item.text?.length,
    });
  });
}
