import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { codeOf, Person } from '../../../../test/gateway/person.ts';
import { openTown, type Town } from '../../../../test/gateway/town.ts';
import { bytesOfText, textOfBytes } from '../../../api/message-parts.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { signingKeyFromSeed } from '../../../crypto/signature.ts';

let town: Town;
let ana: Person;
before(async () => {
  town = await openTown();
  ana = await Person.enrolled(town, town.north, 'patient');
});
after(() => town.close());

const inbox = (person: Person) => person.call('GET', '/v1/inbox');

test('a signed challenge opens a session', async () => {
  assert.equal((await inbox(ana)).status, 200);
});

test('another key than the account’s is refused', async () => {
  const key = await signingKeyFromSeed(randomBytes(32));
  assert.equal(codeOf(await ana.session({ key })), 'KEY_NOT_CURRENT');
});

test('a challenge that the gateway did not give is refused', async () => {
  const challenge = textOfBytes(randomBytes(32));
  assert.equal(codeOf(await ana.session({ challenge })), 'UNAUTHENTICATED');
});

test('a challenge serves once, and one account', async () => {
  const asked = await ana.call('POST', '/v1/session', { json: { account: ana.account } });
  assert.ok(typeof asked.body === 'object' && asked.body !== null && 'challenge' in asked.body);
  const challenge = String(asked.body.challenge);
  assert.equal(codeOf(await ana.session({ challenge })), 'accepted');
  assert.equal(codeOf(await ana.session({ challenge })), 'UNAUTHENTICATED');
  const again = await ana.call('POST', '/v1/session', { json: { account: ana.account } });
  const given = String((again.body as { challenge: string }).challenge);
  const ben = await Person.enrolled(town, town.north, 'patient');
  assert.equal(codeOf(await ben.session({ challenge: given })), 'UNAUTHENTICATED');
});

test('a challenge ends after a minute', async () => {
  const asked = await ana.call('POST', '/v1/session', { json: { account: ana.account } });
  const { challenge } = asked.body as { challenge: string };
  town.clock.aheadMs += 60_000;
  assert.equal(codeOf(await ana.session({ challenge })), 'UNAUTHENTICATED');
});

test('a session ends after ten minutes', async () => {
  await ana.signIn();
  town.clock.aheadMs += 10 * 60_000 - 1_000;
  assert.equal((await inbox(ana)).status, 200);
  town.clock.aheadMs += 1_000;
  const late = await inbox(ana);
  assert.equal(late.status, 401);
  assert.equal(codeOf(late), 'SESSION_EXPIRED');
});

test('without a token nothing that needs one is answered', async () => {
  const answer = await ana.call('GET', '/v1/inbox', { anonymous: true });
  assert.equal(answer.status, 401);
  assert.equal(codeOf(answer), 'UNAUTHENTICATED');
});

test('a frozen account is signed out and cannot sign in', async () => {
  const eve = await Person.enrolled(town, town.north, 'patient');
  assert.equal((await inbox(eve)).status, 200);
  await eve.send([{ kind: 'RevokeKey', account: eve.account }]);
  assert.equal(codeOf(await inbox(eve)), 'SESSION_EXPIRED');
  assert.equal(codeOf(await eve.session()), 'ACCOUNT_FROZEN');
});

test('a session of one hospital is none at another', async () => {
  await ana.signIn();
  const answer = await town.app.inject({
    method: 'GET',
    url: '/south/v1/inbox',
    headers: { authorization: `Bearer ${ana.token}` },
  });
  assert.equal(answer.statusCode, 401);
});

test('an account has sixteen sessions: one more ends its oldest, and nobody else’s', async () => {
  const eve = await Person.enrolled(town, town.north, 'patient');
  await ana.signIn();
  const first = eve.token;
  for (let n = 0; n < 16; n++) await eve.signIn();
  const headers = { authorization: `Bearer ${first}` };
  assert.equal(codeOf(await eve.call('GET', '/v1/inbox', { headers })), 'SESSION_EXPIRED');
  assert.equal((await inbox(eve)).status, 200);
  assert.equal((await inbox(ana)).status, 200);
});

test('challenges that others ask for push nobody’s out', async () => {
  const asked = await ana.call('POST', '/v1/session', { json: { account: ana.account } });
  const { challenge } = asked.body as { challenge: string };
  for (let n = 0; n < 60_000; n++) town.north.gateway.sessions.challenge(ana.account);
  assert.equal(codeOf(await ana.session({ challenge })), 'accepted');
});

test('a challenge that was changed, or that another process gave, is refused', async () => {
  const given = town.north.gateway.sessions.challenge(ana.account);
  const bytes = bytesOfText(given);
  for (const at of [0, 5, 6, 15, 16, 31]) {
    const changed = bytes.map((byte, n) => (n === at ? byte ^ 1 : byte));
    assert.equal(codeOf(await ana.session({ challenge: textOfBytes(changed) })), 'UNAUTHENTICATED');
  }
  const other = town.south.gateway.sessions.challenge(ana.account);
  assert.equal(codeOf(await ana.session({ challenge: other })), 'UNAUTHENTICATED');
  // A wrong answer uses nothing up.
  const key = await signingKeyFromSeed(randomBytes(32));
  assert.equal(codeOf(await ana.session({ challenge: given, key })), 'KEY_NOT_CURRENT');
  assert.equal(codeOf(await ana.session({ challenge: given })), 'accepted');
});
