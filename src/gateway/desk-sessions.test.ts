import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { codeOf, Person } from '../../test/gateway/person.ts';
import { openTown, type Town } from '../../test/gateway/town.ts';

let town: Town;
let stranger: Person;
before(async () => {
  town = await openTown();
  stranger = await Person.make(town, town.north);
});
after(() => town.close());

const byToken = () => ({ headers: { authorization: `Desk ${town.north.deskToken}` } });

async function link(): Promise<string> {
  const { body } = await stranger.call('POST', '/v1/desk/links', byToken());
  return (body as { readonly link: string }).link;
}

const opened = (secret: string) =>
  stranger.call('POST', '/v1/desk/session', { json: { link: secret } });

/** The headers of a desk that is open in a browser. */
async function atDesk() {
  const { body } = await opened(await link());
  const { token } = body as { readonly token: string };
  return { headers: { authorization: `Desk ${token}` } };
}

test('A link opens a desk once: who comes second with it has no session (H-31)', async () => {
  const secret = await link();
  const first = await opened(secret);
  assert.equal(first.status, 200);
  assert.equal(codeOf(await opened(secret)), 'UNAUTHENTICATED');
});

test('A desk’s session invites and lists as the token does', async () => {
  const desk = await atDesk();
  const json = { role: 'patient', name: 'Maria Santos' };
  assert.equal((await stranger.call('POST', '/v1/invitations', { ...desk, json })).status, 200);
  const { body } = await stranger.call('GET', '/v1/invitations', desk);
  const { invitations } = body as { readonly invitations: readonly { readonly name: string }[] };
  assert.ok(invitations.some((it) => it.name === 'Maria Santos'));
});

for (const [method, path] of [
  ['POST', '/v1/desk/links'],
  ['DELETE', '/v1/desk/sessions'],
] as const) {
  test(`A desk’s session is refused ${method} ${path}: it makes no other and ends none`, async () => {
    const desk = await atDesk();
    assert.equal(codeOf(await stranger.call(method, path, desk)), 'UNAUTHENTICATED');
    assert.equal((await stranger.call('GET', '/v1/invitations', desk)).status, 200, 'still open');
  });
}

test('A desk that is over is refused and is no attempt; a wrong token is one (stores.md, SR-10)', async () => {
  const desk = await atDesk();
  await stranger.call('DELETE', '/v1/desk/sessions', byToken());
  const invite = (headers: Readonly<Record<string, string>>) =>
    stranger.call('POST', '/v1/invitations', { headers, json: { role: 'patient', name: 'Ana' } });
  for (let n = 0; n < 4; n++) assert.equal(codeOf(await invite(desk.headers)), 'UNAUTHENTICATED');
  const { attempts } = town.north.gateway.findings;
  assert.deepEqual(attempts.take(3), []);
  const wrong = { authorization: `Desk ${town.north.deskToken.slice(1)}x` };
  for (let n = 0; n < 3; n++) await invite(wrong);
  assert.deepEqual(
    attempts.take(3).map(({ route, times }) => [route, times]),
    [['POST /v1/invitations', 3]],
  );
});

test('A desk of another hospital is no desk here', async () => {
  const desk = await atDesk();
  const south = await Person.make(town, town.south);
  assert.equal(codeOf(await south.call('GET', '/v1/invitations', desk)), 'UNAUTHENTICATED');
});

test('The hospital’s token ends every session and every link that waits', async () => {
  const desk = await atDesk();
  const waiting = await link();
  assert.equal((await stranger.call('DELETE', '/v1/desk/sessions', byToken())).status, 200);
  assert.equal(codeOf(await stranger.call('GET', '/v1/invitations', desk)), 'UNAUTHENTICATED');
  assert.equal(codeOf(await opened(waiting)), 'UNAUTHENTICATED');
});
