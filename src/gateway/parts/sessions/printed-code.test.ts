import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CopyOwner } from '../../../../test/gateway/copy-owner.ts';
import { accepted, codeOf, nobody, Person } from '../../../../test/gateway/person.ts';
import { openTown, type Town } from '../../../../test/gateway/town.ts';
import { textOfBytes } from '../../../api/message-parts.ts';
import { routes } from '../../../api/routes/all.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { labels } from '../../../crypto/labels.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { codeKeysOf } from '../../../sdk/wallet/identity.ts';
import { blobIdOf } from '../../../storage/blob-id.ts';

let town: Town;
let ana: CopyOwner;
before(async () => {
  town = await openTown();
  ana = await CopyOwner.open(town, town.north);
});
after(() => town.close());

const asked = async (person: Person) => {
  const answer = await person.call('POST', '/v1/session', { json: { account: person.account } });
  return accepted<{ challenge: string }>(answer).challenge;
};
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test('the printed code opens a session that reads copies', async () => {
  assert.equal(codeOf(await ana.byCode('/v1/wallet/kept')), 'accepted');
});

test('who tells an account of it is asked before a session of its printed code is given', async () => {
  const told: string[] = [];
  town.north.gateway.sessions.onCode((account) => told.push(account));
  await ana.tokenByCode();
  assert.deepEqual(told, [ana.account]);
});

const filled = (path: string) => path.replaceAll(/:\w+/g, 'x');
for (const { method, path, who } of routes) {
  if (who === 'wallet' || who === 'anybody' || who === 'signed-body') continue;
  test(`${method} ${path}: a session of the printed code is none`, async () => {
    const headers = bearer(await ana.tokenByCode());
    const answer = await ana.call(method, filled(path), { anonymous: true, headers });
    const isMissed = who === 'ticket' && answer.status === 400;
    const code = who.startsWith('desk') ? 'UNAUTHENTICATED' : 'SESSION_EXPIRED';
    // What a ticket is for is judged with what is asked: of an id that is none, the id.
    assert.equal(codeOf(answer), isMissed ? 'REQUEST_INVALID' : code);
  });
}

test('nobody’s bytes are read by the printed code: as a stranger’s', async () => {
  const body = randomBytes(50);
  await ana.putBlob(body);
  const path = `/v1/blobs/${blobIdOf(body)}`;
  const headers = bearer(await ana.tokenByCode());
  const byCode = await ana.call('GET', path, { anonymous: true, headers });
  const asStranger = await ana.call('GET', path, { anonymous: true });
  assert.deepEqual(byCode, asStranger);
});

test('what is large and signed is a stranger’s where it comes with the printed code', async () => {
  const bytes = Buffer.from(`${JSON.stringify({ tx: 'AAAA' })}${' '.repeat(66_000)}`);
  const headers = bearer(await ana.tokenByCode());
  const sent = { bytes, type: 'application/json', anonymous: true, headers };
  assert.equal(codeOf(await ana.call('POST', '/v1/tx', sent)), 'BODY_TOO_LARGE');
});

test('a frozen account is read with its printed code, and by nothing else', async () => {
  const eve = await CopyOwner.open(town, town.north);
  const named = await eve.shard(randomBytes(200));
  accepted(await eve.putCopy({ shards: [named] }));
  await eve.send([{ kind: 'RevokeKey', account: eve.account }]);
  assert.equal(codeOf(await eve.session()), 'ACCOUNT_FROZEN');
  assert.equal(codeOf(await eve.call('GET', '/v1/wallet')), 'SESSION_EXPIRED');
  for (const path of ['/v1/wallet', '/v1/wallet?serial=1', `/v1/wallet/shards/${named.name}`]) {
    assert.equal(codeOf(await eve.byCode(path)), 'accepted', path);
  }
});

test('whose code it is not is refused as a wrong key is: no code, another’s, half of it, a hospital', async () => {
  const ben = await Person.enrolled(town, town.north, 'patient');
  const other = await codeKeysOf(randomBytes(20), town.north.organisation);
  const label = labels.sessionRecover;
  const codeKemHash = sha256(other.kem.publicKey);
  const wrong = { key: other.sign, codeKemHash, label };
  assert.equal(codeOf(await ben.session(wrong)), 'KEY_NOT_CURRENT');
  assert.equal(codeOf(await ana.session(wrong)), 'KEY_NOT_CURRENT');
  assert.equal(codeOf(await ana.sessionByCode({ codeKemHash })), 'KEY_NOT_CURRENT');
  assert.equal(codeOf(await ana.sessionByCode({ key: ana.keys.sign })), 'KEY_NOT_CURRENT');
  const north = new Person(town, town.north, town.north.keys);
  assert.equal(codeOf(await north.session(wrong)), 'KEY_NOT_CURRENT');
  const zeros = new Uint8Array(32);
  assert.equal(codeOf(await ben.session({ ...wrong, codeKemHash: zeros })), 'KEY_NOT_CURRENT');
  const json = {
    ...{ account: nobody, challenge: town.north.gateway.sessions.challenge(nobody) },
    ...{ publicKey: textOfBytes(other.sign.publicKey), codeKemHash: textOfBytes(codeKemHash) },
    signature: textOfBytes(new Uint8Array(64)),
  };
  assert.equal(codeOf(await ben.call('POST', '/v1/session', { json })), 'ACCOUNT_UNKNOWN');
});

test('neither label serves in the other’s place, and a challenge serves one of them once', async () => {
  const challenge = await asked(ana);
  const asKey = { challenge, label: labels.sessionRecover };
  assert.equal(codeOf(await ana.session(asKey)), 'SIGNATURE_WRONG');
  const asCode = { challenge, label: labels.sessionSign };
  assert.equal(codeOf(await ana.sessionByCode(asCode)), 'SIGNATURE_WRONG');
  assert.equal(codeOf(await ana.sessionByCode({ challenge })), 'accepted');
  assert.equal(codeOf(await ana.session({ challenge })), 'UNAUTHENTICATED');
  assert.equal(codeOf(await ana.sessionByCode({ challenge })), 'UNAUTHENTICATED');
});

test('the code’s own key without the other’s hash is a key that is not in use', async () => {
  const { sign } = ana.code;
  assert.equal(codeOf(await ana.session({ key: sign })), 'KEY_NOT_CURRENT');
});

test('an account has four sessions of the code: one more ends its oldest, and none of the key', async () => {
  await ana.signIn();
  const first = await ana.tokenByCode();
  for (let n = 0; n < 4; n++) await ana.tokenByCode();
  const sent = { anonymous: true, headers: bearer(first) };
  assert.equal(codeOf(await ana.call('GET', '/v1/wallet/kept', sent)), 'SESSION_EXPIRED');
  assert.equal(codeOf(await ana.call('GET', '/v1/inbox')), 'accepted');
});

test('a thief with the key in use ends no session of the code: a rotation with the code does', async () => {
  const eve = await CopyOwner.open(town, town.north);
  const headers = bearer(await eve.tokenByCode());
  const kept = () => eve.call('GET', '/v1/wallet/kept', { anonymous: true, headers });
  await eve.rotate('key');
  assert.equal(codeOf(await kept()), 'accepted');
  await eve.send([{ kind: 'RevokeKey', account: eve.account }]);
  assert.equal(codeOf(await kept()), 'accepted');
  await eve.rotate('code');
  assert.equal(codeOf(await kept()), 'SESSION_EXPIRED');
  assert.equal(codeOf(await eve.byCode('/v1/wallet/kept')), 'accepted');
});

test('a session of the code ends after ten minutes', async () => {
  const headers = bearer(await ana.tokenByCode());
  town.clock.aheadMs += 10 * 60_000;
  const answer = await ana.call('GET', '/v1/wallet/kept', { anonymous: true, headers });
  assert.equal(codeOf(answer), 'SESSION_EXPIRED');
});

test('who uses up what the account may ask takes nothing from who comes with the code', async () => {
  const small = await openTown({ requestsPerMinute: 8, requestsAtOnce: 1 });
  try {
    const bea = await CopyOwner.open(small, small.north);
    accepted(await bea.putCopy());
    const ask = () => bea.call('GET', '/v1/wallet');
    let code: unknown;
    for (let n = 0; n < 9; n++) code = codeOf(await ask());
    assert.equal(code, 'RATE_LIMITED');
    assert.equal(codeOf(await bea.byCode('/v1/wallet')), 'accepted');
  } finally {
    await small.close();
  }
});
