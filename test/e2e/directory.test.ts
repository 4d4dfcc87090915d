import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { textOfBytes } from '../../src/api/message-parts.ts';
import { isCoded } from '../../src/primitives/errors.ts';
import { Person } from '../../src/sdk/index.ts';
import { type Consortium, passphrase, startConsortium } from './consortium.ts';

/** A patient finds who works at her hospital by the whole name, and believes no other card for it. */
let consortium: Consortium;
before(async () => {
  consortium = await startConsortium();
});
after(() => consortium.stop());

test('colleagues of one name are found, proven, and known by their card from then on', async () => {
  const first = await consortium.person('Dr Ines Twin', 'north', 'clinician');
  const second = await consortium.person('Dr Ines Twin', 'north', 'nurse');
  await consortium.person('Dr Ines Twin', 'harbour', 'clinician');
  const ana = await consortium.person('Ana', 'north', 'patient');
  const found = await ana.person.findCards('dr ines twin');
  const accounts = [first, second].map((it) => it.person.account().account);
  assert.deepEqual(found.map((it) => it.card.account).toSorted(), accounts.toSorted());
  assert.deepEqual(await ana.person.findCards('Dr Ines'), []);
  for (const { card, bytes } of found) {
    assert.equal((await ana.person.addCard(bytes)).account, card.account);
  }
  assert.equal(ana.person.cards.length, 2);
});

test('a hospital that answers with the true card of somebody else is not believed', async () => {
  const { person: other } = await consortium.person('Dr Other', 'north', 'clinician');
  const { store } = await consortium.person('Bea', 'north', 'patient');
  const lying: typeof fetch = async (input, init) => {
    if (!String(input).endsWith('/v1/cards')) return fetch(input, init);
    return Response.json({ cards: [textOfBytes(other.card())] });
  };
  const bea = await Person.open({ store, passphrase }, { http: { fetch: lying } });
  await assert.rejects(bea.findCards('Dr Sought'), (error) => isCoded(error, 'GATEWAY_LIED'));
});
