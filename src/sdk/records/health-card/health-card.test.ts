import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { cardFile, cardIssuer, vaccinated, vcOf } from '../../../../test/health-cards.ts';
import { utf8 } from '../../../primitives/bytes.ts';
import { isCoded } from '../../../primitives/errors.ts';
import { showItem } from '../show-html.ts';
import { textOfItem } from '../show-text.ts';
import { cardSays, cardsName, verdictSentences } from './card-words.ts';
import { cardsInFile, labelsOfCards } from './cards-in-file.ts';
import { checkHealthCards } from './check-card.ts';
import { type IssuerKeys, parseIssuerKeys } from './issuer-keys.ts';

const issuer = cardIssuer();
const stranger = cardIssuer('https://stranger.example');
const mediaType = 'application/smart-health-card';
const nowMs = 1_700_000_000_000;
const keysOf = (value: unknown): IssuerKeys => parseIssuerKeys(utf8(JSON.stringify(value)));
const jwks = keysOf({ keys: [issuer.jwk] });

async function verdictOf(card: string, issuerKeys?: IssuerKeys, more: object = {}) {
  const bytes = cardFile([card], more);
  const checked = await checkHealthCards({ bytes, mediaType }, { issuerKeys, nowMs });
  const [first] = checked?.cards ?? [];
  assert.ok(first);
  return first;
}

/** The same claims with one byte of the signed part changed. */
function tampered(card: string): string {
  const [head, payload = '', signature] = card.split('.');
  const claims = { iss: issuer.issuer, nbf: 1_620_000_000, vc: vcOf(vaccinated.slice(1)) };
  const changed = deflateRawSync(JSON.stringify(claims)).toString('base64url');
  assert.notEqual(changed, payload);
  return `${head}.${changed}.${signature}`;
}

test('a card is shown as what it is: which vaccine, when, whose, from whom', async () => {
  const checked = await verdictOf(issuer.card(vaccinated));
  const { about, born, headlines } = cardSays(checked.card);
  assert.deepEqual([about, born], ['Jane C. Anyperson', '1961-01-20']);
  const [vaccine, more] = headlines;
  assert.equal(more, undefined);
  assert.equal(vaccine?.name, 'COVID-19, Moderna');
  assert.equal(vaccine?.code, 'cvx|207');
  assert.equal(vaccine?.clinicalDate, '2021-01-01');
  assert.equal(cardsName({ cards: [checked] }), 'Health card: COVID-19, Moderna');
  assert.deepEqual(checked.card.kinds, ['immunization']);
});

const good = issuer.card(vaccinated);
const directory = { issuer: { iss: issuer.issuer, name: 'State Health' }, keys: [issuer.jwk] };
for (const [name, card, keys, more, signature, says] of [
  ['no key', good, undefined, {}, 'issuer-unknown', /^Signature not checked: issuer unknown\./],
  ['another issuer key', good, keysOf({ keys: [stranger.jwk] }), {}, 'issuer-unknown', /unknown/],
  ['a key that was given', good, jwks, {}, 'given-key', /holds.*https:\/\/issuer\.example/],
  ['a directory', good, keysOf({ issuerInfo: [directory] }), {}, 'given-key', /State Health\.$/],
  ['a key in the same file', good, undefined, { keys: [issuer.jwk] }, 'own-key', /Who signed it/],
  ['its own key and a given one', good, jwks, { keys: [issuer.jwk] }, 'given-key', /holds/],
  ['changed, key given', tampered(good), jwks, {}, 'wrong', /does NOT hold/],
  ['changed, own key', tampered(good), undefined, { keys: [issuer.jwk] }, 'wrong', /NOT hold/],
  [
    'a key that is known to be of somebody else',
    stranger.card(vaccinated, { iss: issuer.issuer }),
    keysOf({ keys: [stranger.jwk], issuer: stranger.issuer }),
    {},
    'other-issuer',
    /NOT of the issuer that the card names/,
  ],
  [
    'a stranger who takes the kid of the issuer',
    stranger.card(vaccinated, { iss: issuer.issuer }, { kid: issuer.kid }),
    jwks,
    {},
    'wrong',
    /does NOT hold/,
  ],
  [
    // The thumbprint is computed: a name in the JWK does not make it the issuer's key.
    'a given key that lies about its kid',
    good,
    keysOf({ keys: [{ ...stranger.jwk, kid: issuer.kid }] }),
    {},
    'issuer-unknown',
    /unknown/,
  ],
  ['no algorithm', issuer.card(vaccinated, {}, { alg: 'none' }), jwks, {}, 'other-method', /kind/],
] as const) {
  test(`a card's signature, ${name}: ${signature}`, async () => {
    const checked = await verdictOf(card, keys, more);
    assert.equal(checked.verdict.signature, signature);
    assert.ok(verdictSentences(checked).some((it) => says.test(it)));
    const isSure = verdictSentences(checked).some((it) => it.startsWith('The signature holds'));
    assert.equal(isSure, signature === 'given-key');
  });
}

test('a key in the header of the card is a key in the same file', async () => {
  const card = issuer.card(vaccinated, {}, { jwk: issuer.jwk });
  assert.equal((await verdictOf(card)).verdict.signature, 'own-key');
});

for (const [name, change, time, says] of [
  ['in force', { exp: nowMs / 1000 + 1 }, 'in-force', /holds/],
  ['expired', { exp: nowMs / 1000 }, 'expired', /^EXPIRED on 2023-11-14\.$/],
  ['not yet', { nbf: nowMs / 1000 + 0.5 }, 'not-yet', /^NOT VALID before 2023-11-14\.$/],
] as const) {
  test(`a card's time, ${name}`, async () => {
    const checked = await verdictOf(issuer.card(vaccinated, change), jwks);
    assert.equal(checked.verdict.time, time);
    assert.match(verdictSentences(checked)[0] ?? '', says);
  });
}

for (const [name, rids, expected] of [
  ['its id', ['abc'], 'revoked'],
  ['its id before a later moment', ['abc.1620000001'], 'revoked'],
  ['its id before its own moment', ['abc.1620000000'], 'not-revoked'],
  ['another id', ['abd'], 'not-revoked'],
] as const) {
  test(`a list of revoked cards with ${name}: ${expected}`, async () => {
    const lists = { keys: [issuer.jwk], crls: [{ kid: issuer.kid, method: 'rid', ctr: 1, rids }] };
    const card = issuer.card(vaccinated, { vc: vcOf(vaccinated, { rid: 'abc' }) });
    const checked = await verdictOf(card, keysOf(lists));
    assert.equal(checked.verdict.revocation, expected);
    const isSaid = verdictSentences(checked).some((it) => it.startsWith('REVOKED'));
    assert.equal(isSaid, expected === 'revoked');
    assert.equal((await verdictOf(card, jwks)).verdict.revocation, 'not-checked');
  });
}

test('a card that unpacks to more than 4 MiB is not read, nor are all cards of a file together', async () => {
  const filler = (megabytes: number) =>
    issuer.card([{ resourceType: 'Basic', note: 'a'.repeat(megabytes * 1024 * 1024) }]);
  const one = { bytes: cardFile([filler(5), good]), mediaType };
  assert.deepEqual((await checkHealthCards(one, { nowMs }))?.unreadable, [1]);
  const two = { bytes: cardFile([filler(3), filler(3), good]), mediaType };
  assert.deepEqual((await checkHealthCards(two, { nowMs }))?.unreadable, [2]);
});

test('what is no card is told by its number and spoils no other', async () => {
  const noBundle = issuer.card([], { vc: { credentialSubject: { fhirBundle: { a: 1 } } } });
  const broken = ['a.b.c', '', 'only one part', 7, { a: 1 }, `${good}.x`, noBundle];
  const found = await checkHealthCards(
    { bytes: cardFile([...broken, good]), mediaType },
    { issuerKeys: jwks, nowMs },
  );
  assert.deepEqual(found?.unreadable, [1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(
    found?.cards.map((it) => [it.card.number, it.verdict.signature]),
    [[8, 'given-key']],
  );
});

test('the text of a QR code is the same card', async () => {
  const digits = [...good].map((it) => String(it.charCodeAt(0) - 45).padStart(2, '0')).join('');
  const file = { bytes: utf8(`shc:/${digits}\n`), mediaType: 'text/plain' };
  const found = await checkHealthCards(file, { issuerKeys: jwks, nowMs });
  assert.equal(found?.cards[0]?.verdict.signature, 'given-key');
  for (const text of ['shc:/1', 'shc:/zz', 'a note', '']) {
    const other = { bytes: utf8(text), mediaType: 'text/plain' };
    assert.equal(await checkHealthCards(other, { nowMs }), undefined, text);
  }
});

test('a label inside a card restricts its file', async () => {
  const [patient = {}, vaccination = {}] = vaccinated;
  const labelled = { ...vaccination, meta: { security: [{ code: 'HIV' }, { code: 'IAL1.2' }] } };
  const bytes = cardFile([good, issuer.card([patient, labelled])]);
  const found = (await cardsInFile(bytes, undefined, { nowMs })).get(bytes);
  assert.ok(found);
  assert.deepEqual(labelsOfCards(found), ['HIV']);
  const other = utf8('{"resourceType":"Basic","note":"\\"verifiableCredential\\""}');
  assert.equal((await cardsInFile(other, undefined, { nowMs })).size, 0);
});

test('page and terminal show what is known of the signature before what the card says', async () => {
  const bytes = cardFile([good, 'broken']);
  const healthCards = await checkHealthCards({ bytes, mediaType }, { nowMs });
  const item = { bytes, mediaType, name: 'card.smart-health-card', healthCards };
  const shown = textOfItem(item);
  assert.equal(shown.kind, 'Health card');
  const [card = '', broken = ''] = shown.paragraphs;
  assert.ok(card.indexOf('issuer unknown') < card.indexOf('2021-01-01  COVID-19, Moderna'));
  assert.ok(card.includes('About: Jane C. Anyperson, born 1961-01-20'));
  assert.ok(broken.startsWith('Card 2 cannot be read'));
  const about = { recordClass: 'other', writtenMs: 0, authorName: undefined };
  const page = showItem({ ...item, ...about });
  assert.ok(page.indexOf('issuer unknown') < page.indexOf('COVID-19, Moderna'));
  assert.ok(page.includes('https://issuer.example'));
});

for (const [name, text] of [
  ['no JSON', 'x'],
  ['a JWKS without a key of P-256', '{"keys":[{"kty":"RSA"}]}'],
  ['anything else', '{"resourceType":"Patient"}'],
] as const) {
  test(`a file of issuer keys that is ${name} is refused`, () => {
    const refused = (error: unknown) => isCoded(error, 'ISSUER_KEYS_INVALID');
    assert.throws(() => parseIssuerKeys(utf8(text)), refused);
  });
}
