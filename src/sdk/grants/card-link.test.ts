import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesToBase64url, bytesToHex } from '../../primitives/bytes.ts';
import { formatCardLink, readCardText } from './card-link.ts';

const card = Uint8Array.from({ length: 300 }, (_, at) => (at * 7) % 256);

for (const [what, text] of [
  ['the link', formatCardLink(card)],
  ['the link with a line end behind it', `${formatCardLink(card)}\n`],
  ['base64url of the bytes', bytesToBase64url(card)],
  ['hex of the bytes, as the command line prints it', bytesToHex(card)],
] as const) {
  test(`A card is read from ${what}`, () => assert.deepEqual(readCardText(text), card));
}

for (const [what, text] of [
  ['nothing', ''],
  ['another scheme', formatCardLink(card).replace('salus:', 'https:')],
  ['a link without a card', 'salus:card?card='],
  ['what somebody typed', 'Dr Erik Lind'],
  ['an escape in it', `${formatCardLink(card)}\u001b[2J`],
  ['more than any card is', formatCardLink(new Uint8Array(10_000))],
] as const) {
  test(`${what}: CARD_INVALID`, () => {
    assert.throws(() => readCardText(text), { code: 'CARD_INVALID' });
  });
}
