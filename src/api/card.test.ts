import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeCbor } from '../primitives/cbor.ts';
import { parseAccountId } from '../primitives/ids.ts';
import { readCard } from '../sdk/grants/card.ts';
import { type Card, decodeCard, encodeCard } from './card.ts';

const card: Card = {
  chainId: 'salus-test',
  account: parseAccountId('ab'.repeat(32)),
  name: 'Dr Abena Osei',
  role: 'clinician',
  organisation: parseAccountId('cd'.repeat(32)),
  licence: 'H-1042',
  credentialSalt: new Uint8Array(32),
  organisationKey: new Uint8Array(32),
};

test('a card is read as it was written, with a licence and without', () => {
  for (const it of [card, { ...card, licence: '' }]) {
    assert.deepEqual(decodeCard(encodeCard(it)), it);
  }
});

for (const [what, change] of [
  ['a name that steers a terminal', { name: 'Dr Osei\u001b[2J' }],
  ['a name that turns the writing direction', { name: 'Dr \u202eiesO' }],
  ['a name that is not NFC', { name: 'Zoe\u0308' }],
  ['no name', { name: '' }],
  ['a licence that is not seen', { licence: '\u200b' }],
] as const) {
  test(`a card with ${what} is none, whoever signed it: NAME_INVALID, CARD_INVALID`, () => {
    const bytes = encodeCard({ ...card, ...change });
    assert.throws(() => decodeCard(bytes), { code: 'NAME_INVALID' });
    const signed = encodeCbor([bytes, new Uint8Array(64)]);
    assert.throws(() => readCard(signed), { code: 'CARD_INVALID' });
  });
}
