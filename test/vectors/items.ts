import { base64urlToBytes } from '../../src/primitives/bytes.ts';
import { parseAccountId, parseRecordId } from '../../src/primitives/ids.ts';
import { openItem } from '../../src/sdk/records/item-open.ts';
import { hex, isHex, type Outcome, readJson, Tally, unlessRefused } from './tally.ts';

interface SealedItemCase {
  readonly name: string;
  readonly epoch: number;
  readonly recordId: string;
  readonly account: string;
  readonly author: string;
  readonly authorKey: string;
  readonly class: string;
  readonly mediaType: string;
  readonly itemName: string;
  readonly previous: string;
  readonly writtenMs: number;
  readonly text: string;
  readonly sek: string;
  /** Of a doubly encrypted one: the second half of its key. */
  readonly half?: string;
  readonly header: string;
  readonly leafContent: string;
  readonly salt: string;
  readonly leaf: string;
  readonly body: string;
}

const long = (text: string): Uint8Array => base64urlToBytes(text) ?? new Uint8Array(0);

/** `records/items.json`: what was sealed once opens for ever, and under another segment key never. */
export async function sealedItems(path: string): Promise<Outcome> {
  const tally = new Tally('records/items.json');
  for (const item of readJson<{ items: readonly SealedItemCase[] }>(path).items) {
    const half = item.half === undefined ? undefined : hex(item.half);
    const open = (sek: Uint8Array, second = half) =>
      openItem(
        {
          header: long(item.header),
          leafContent: hex(item.leafContent),
          salt: hex(item.salt),
          leaf: hex(item.leaf),
          account: parseAccountId(item.account),
          recordId: parseRecordId(item.recordId),
          key: { kind: 'segment', sek, half: second },
          isKeyOfAuthor: (author) => author === item.author,
        },
        long(item.body),
      );
    const { head, bytes } = await open(hex(item.sek));
    const text = new TextDecoder().decode(bytes);
    tally.check(`${item.name}: bytes`, text === item.text && head.byteLength === bytes.length);
    tally.check(
      `${item.name}: head`,
      head.recordId === item.recordId &&
        head.account === item.account &&
        isHex(head.authorKey, item.authorKey) &&
        head.recordClass === item.class &&
        head.mediaType === item.mediaType &&
        head.name === item.itemName &&
        (head.previous ?? '') === item.previous &&
        head.writtenMs === item.writtenMs,
    );
    const refused = await unlessRefused('CANNOT_OPEN', () => open(new Uint8Array(32)));
    tally.check(`${item.name}: another key`, refused === undefined);
    if (half === undefined) continue;
    const alone = await unlessRefused('CANNOT_OPEN', () => open(hex(item.sek), new Uint8Array(32)));
    tally.check(`${item.name}: another second half`, alone === undefined);
  }
  return tally.outcome();
}
