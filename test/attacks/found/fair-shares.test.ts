import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { encodeItems } from '../../../src/api/items.ts';
import { itemsPost } from '../../../src/api/routes/items-post.ts';
import { randomBytes } from '../../../src/crypto/random.ts';
import { custody } from '../../../src/gateway/parts/custody/custody.ts';
import { rowsATurn } from '../../../src/gateway/slices.ts';
import { blobIdOf } from '../../../src/storage/blob-id.ts';
import { CopyOwner } from '../../gateway/copy-owner.ts';
import { accepted, codeOf, Person } from '../../gateway/person.ts';
import { rootOf, sealedItem } from '../../gateway/sealed.ts';
import { openTown, portOf, type Town } from '../../gateway/town.ts';
import { leastOfThree, longestTurnMs } from '../../turns.ts';

/**
 * One enrolled person, or one stranger, takes all he can get: rows at once, streams, uploads, tickets, misses.
 *
 * Claim: it is his own share that he takes; the next one is served.
 */
let town: Town;
let port: number;
let ana: Person;
let eve: Person;
before(async () => {
  town = await openTown();
  await town.app.listen({ port: 0, host: '127.0.0.1' });
  port = portOf(town);
  ana = await Person.enrolled(town, town.north, 'patient');
  await ana.keySet();
  eve = await Person.enrolled(town, town.north, 'researcher');
});
after(() => town.close());

const sockets: Socket[] = [];
function opens(text: string, body?: Uint8Array, until = 'sent'): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(text);
      if (body !== undefined) socket.write(body, () => until === 'sent' && resolve('sent'));
    });
    sockets.push(socket);
    socket.on('error', () => resolve('closed'));
    socket.once('data', (answer) => resolve(answer.toString().split('\r\n')[0] ?? ''));
  });
}
const hangUp = () => {
  for (const socket of sockets.splice(0)) socket.destroy();
};
const bearer = (person: Person) => `Host: x\r\nAuthorization: Bearer ${person.token}\r\n`;

test('deliveries of 4,096 rows, one after the other, hold nobody up: rows are read and written slice by slice', async () => {
  const one = randomBytes(300);
  await ana.putBlob(one);
  // Four kibibytes of wrap are the most that a row may have.
  const items = Array.from({ length: 4_096 }, () =>
    sealedItem('iot', { body: one, wrap: randomBytes(4_096) }),
  );
  const bytes = encodeItems(
    { account: ana.account, epoch: 1, consent: [] },
    items.map(({ row }) => row),
  );
  const head = `POST /north/v1/items HTTP/1.1\r\n${bearer(ana)}Content-Type: ${itemsPost.stream}\r\nContent-Length: ${bytes.length}\r\n\r\n`;
  const { waiting } = town.north.gateway.parts.get(custody);
  const root = rootOf(items);
  const post = async () => {
    // What was delivered before is dropped, which takes as many turns as writing it: so each is written anew.
    waiting.replace(ana.account, root);
    await waiting.sweep();
    assert.equal(await opens(head, bytes, 'answered'), 'HTTP/1.1 200 OK');
  };
  const { count, longestMs } = await leastOfThree(post);
  hangUp();
  assert.ok(count >= (2 * items.length) / rowsATurn, `${count} turns`);
  assert.ok(longestMs <= longestTurnMs, `a turn took ${longestMs} ms of CPU`);
});

test('64 stalled uploads of one person take his share, and others’ large bodies come in', async () => {
  const big = new Uint8Array(3_000_000).map((_, i) => i % 251);
  const head = `PUT /north/v1/blobs/${blobIdOf(big)} HTTP/1.1\r\n${bearer(eve)}Content-Type: application/octet-stream\r\nContent-Length: 3000000\r\n\r\n`;
  await Promise.all(Array.from({ length: 64 }, () => opens(head, big.subarray(0, 400_000))));
  const put = async (person: Person, bytes: Uint8Array) => {
    const type = 'application/octet-stream';
    return codeOf(await person.call('PUT', `/v1/blobs/${blobIdOf(bytes)}`, { bytes, type }));
  };
  // Until his streams have their places: the fifth large one of his own is one too many.
  let own: unknown;
  for (let n = 0; n < 200 && own !== 'STORE_BUSY' && own !== 'RATE_LIMITED'; n++) {
    own = await put(eve, randomBytes(600_000));
  }
  assert.match(String(own), /STORE_BUSY|RATE_LIMITED/);
  for (const bytes of [2_000_000, 600_000, 1_000]) {
    assert.equal(await put(ana, randomBytes(bytes)), 'accepted');
  }
  hangUp();
});

test('200 event streams of one person are four, and another watches', async () => {
  const watch = (person: Person) => opens(`GET /north/v1/events HTTP/1.1\r\n${bearer(person)}\r\n`);
  const opened = await Promise.all(Array.from({ length: 60 }, () => watch(eve)));
  assert.ok(opened.includes('HTTP/1.1 200 OK'));
  assert.equal(await watch(ana), 'HTTP/1.1 200 OK');
  const held = sockets.filter(({ destroyed }) => !destroyed);
  assert.ok(held.length >= 5);
  hangUp();
});

test('20,000 tickets of one reader end none of another’s', async () => {
  const doctor = await Person.enrolled(town, town.north, 'clinician');
  const item = sealedItem('lab');
  await ana.keep([item]);
  const grant = await ana.grant(doctor.account);
  const reading = await ana.grant(eve.account);
  const { ticket } = await doctor.reads(grant, town.north);
  const headers = { 'x-salus-ticket': ticket };
  const { consent } = reading;
  for (let n = 0; n < 20_000; n++) {
    const readerKey = eve.keys.sign.publicKey;
    const of = {
      reader: eve.account,
      readerKey,
      changes: 0,
      patient: ana.account,
      consent,
      notAfterMs: Date.now() * 2,
    };
    town.north.gateway.tickets.issue(of, [item]);
  }
  const answer = await doctor.call('GET', `/v1/blobs/${item.blobId}`, { headers });
  assert.equal(answer.status, 200);
});

test('what a neighbour at the same address uses up stops nobody’s copy, session or taking back', async () => {
  const small = await openTown({ requestsPerMinute: 30, strangerReadsPerMinute: 30 });
  try {
    const bea = await CopyOwner.open(small, small.north);
    const grant = await bea.grant(bea.account);
    accepted(await bea.putCopy());
    const asks = async (times: number, ...asked: Parameters<Person['call']>) => {
      const [method, path, sent] = asked;
      let code: unknown;
      for (let n = 0; n < times; n++) {
        code = codeOf(await bea.call(method, path, { ...sent, anonymous: true }));
      }
      return code;
    };
    // He asks, signs in and hands in as often as he likes: 30 a minute are allowed here.
    assert.equal(await asks(31, 'GET', '/v1/wallet'), 'RATE_LIMITED');
    assert.equal(await asks(31, 'GET', '/v1/who'), 'RATE_LIMITED');
    assert.equal(await asks(31, 'POST', '/v1/tx', { json: { tx: 'AAAA' } }), 'RATE_LIMITED');
    await asks(31, 'POST', '/v1/session', { json: { account: bea.account } });
    assert.equal(codeOf(await bea.byCode('/v1/wallet')), 'accepted');
    await bea.signIn();
    assert.equal(codeOf(await bea.call('GET', '/v1/wallet')), 'accepted');
    assert.equal(codeOf(await bea.call('GET', '/v1/who')), 'accepted');
    bea.token = '';
    await bea.revoke(grant);
    const consent = await small.north.gateway.view.consent(grant.consent);
    assert.notEqual(consent?.revokedHeight, 0);
  } finally {
    await small.close();
  }
});
