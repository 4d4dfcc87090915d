import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { after, before, test } from 'node:test';
import { type Answer, codeOf, Person } from '../../../../test/gateway/person.ts';
import { openTown, type Town } from '../../../../test/gateway/town.ts';
import { relayLimits } from '../../../api/relay.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import { statedLength, wholeBody } from '../../body-stream.ts';

let town: Town;
before(async () => {
  town = await openTown();
});
after(() => town.close());

const type = 'application/octet-stream';
const newSession = () => bytesToHex(randomBytes(16));
const write = (person: Person, session: string, slot: number, bytes: Uint8Array) =>
  person.call('POST', `/v1/relay/${session}/${slot}`, { bytes, type });
/** As a device without an account: the person lends her hospital, not her session. */
const answer = (person: Person, session: string, slot: number, bytes: Uint8Array) =>
  person.call('POST', `/v1/relay/${session}/answers/${slot}`, { bytes, type, anonymous: true });
const read = (person: Person, session: string, slot: number, waitMs = 0) =>
  person.call('GET', `/v1/relay/${session}/${slot}?waitMs=${waitMs}`, { anonymous: true });
const end = (person: Person, session: string) => person.call('DELETE', `/v1/relay/${session}`);
const patient = () => Person.enrolled(town, town.north, 'patient');

/** What a reader has got: the bytes, `nothing yet`, or a code. */
const got = (it: Answer) =>
  it.status !== 200 ? codeOf(it) : it.bytes.length === 0 ? 'nothing yet' : String(it.bytes);
const bytes = (words: string) => Buffer.from(words);

test('what one device writes the other reads, each slot by its own side', async () => {
  const ana = await patient();
  const session = newSession();
  assert.equal(codeOf(await write(ana, session, 1, bytes('key'))), 'accepted');
  assert.equal(got(await read(ana, session, 2)), 'nothing yet');
  assert.equal(codeOf(await answer(ana, session, 2, bytes('commitment'))), 'accepted');
  assert.equal(codeOf(await write(ana, session, 3, bytes('nonce'))), 'accepted');
  assert.equal(codeOf(await answer(ana, session, 4, bytes('reveal'))), 'accepted');
  assert.equal(codeOf(await write(ana, session, 6, bytes('release'))), 'accepted');
  const all = await Promise.all([1, 2, 3, 4, 6].map((slot) => read(ana, session, slot)));
  assert.deepEqual(all.map(got), ['key', 'commitment', 'nonce', 'reveal', 'release']);
});

test('a reader who waits is answered when the message comes, and when the session ends', async () => {
  const ana = await patient();
  const session = newSession();
  await write(ana, session, 1, bytes('key'));
  const waiting = [read(ana, session, 2, 5_000), read(ana, session, 4, 5_000)];
  await answer(ana, session, 2, bytes('commitment'));
  await end(ana, session);
  assert.deepEqual((await Promise.all(waiting)).map(got), ['commitment', 'NOT_FOUND']);
});

test('who tells an account of a new device is asked before anything can be fetched, once for each session', async () => {
  const ana = await patient();
  const session = newSession();
  await write(ana, session, 1, bytes('key'));
  const told: string[] = [];
  let isBroken = true;
  town.north.gateway.relay.onRelease((account, id) => {
    if (account !== ana.account) return;
    if (isBroken) throw new CodedError('DISK_FULL');
    told.push(id);
  });
  assert.equal(codeOf(await write(ana, session, 6, bytes('release'))), 'DISK_FULL');
  assert.equal(got(await read(ana, session, 6)), 'nothing yet');
  isBroken = false;
  for (const _ of [1, 2]) await write(ana, session, 6, bytes('release'));
  assert.equal(got(await read(ana, session, 6)), 'release');
  assert.deepEqual(told, [session]);
});

test('the same bytes again change nothing; others in their place end the session', async () => {
  const ana = await patient();
  for (const slot of [1, 2] as const) {
    const session = newSession();
    await write(ana, session, 1, bytes('one'));
    await answer(ana, session, 2, bytes('one'));
    const put = slot === 1 ? write : answer;
    assert.equal(codeOf(await put(ana, session, slot, bytes('one'))), 'accepted');
    assert.equal(codeOf(await put(ana, session, slot, bytes('two'))), 'NOT_FOUND');
    assert.equal(got(await read(ana, session, 1)), 'NOT_FOUND');
  }
});

test('unknown, over, ended and another’s session are one answer', async () => {
  const ana = await patient();
  const eve = await patient();
  const [ended, over, anas] = [newSession(), newSession(), newSession()];
  await write(ana, ended, 1, bytes('key'));
  await end(ana, ended);
  // Her own, so that nothing but the time speaks against it.
  await write(eve, over, 1, bytes('key'));
  town.clock.aheadMs += relayLimits.sessionMs;
  try {
    await write(ana, anas, 1, bytes('key'));
    const refused = [
      ...[newSession(), ended, over].flatMap((session) => [
        read(eve, session, 1),
        answer(eve, session, 2, bytes('x')),
        write(eve, session, 3, bytes('x')),
        end(eve, session),
      ]),
      write(eve, anas, 1, bytes('x')),
      write(eve, anas, 3, bytes('x')),
      end(eve, anas),
    ];
    const answers = await Promise.all(refused);
    for (const it of answers) assert.deepEqual(it.body, answers[0]?.body);
    assert.equal(codeOf(answers[0] ?? assert.fail()), 'NOT_FOUND');
    assert.equal(got(await read(eve, anas, 1)), 'key');
  } finally {
    town.clock.aheadMs = 0;
  }
});

test('an account has two sessions at a time, and one caller’s are not another’s', async () => {
  const [ana, eve] = [await patient(), await patient()];
  const sessions = [newSession(), newSession(), newSession()] as const;
  const open = (person: Person, session: string) => write(person, session, 1, bytes('key'));
  const answers = [];
  for (const session of sessions) answers.push(codeOf(await open(eve, session)));
  assert.deepEqual(answers, ['accepted', 'accepted', 'RATE_LIMITED']);
  assert.equal(codeOf(await open(ana, newSession())), 'accepted');
  await end(eve, sessions[0]);
  assert.equal(codeOf(await open(eve, sessions[2])), 'accepted');
  town.clock.aheadMs += relayLimits.sessionMs;
  try {
    assert.equal(codeOf(await open(eve, newSession())), 'accepted');
  } finally {
    town.clock.aheadMs = 0;
  }
});

test('each slot takes its own number of bytes and none more', async () => {
  const ana = await patient();
  const session = newSession();
  const small = new Uint8Array(relayLimits.smallSlotBytes);
  const large = new Uint8Array(relayLimits.releaseSlotBytes);
  const one = (size: number) => new Uint8Array(size + 1);
  assert.equal(codeOf(await write(ana, session, 1, one(small.length))), 'BODY_TOO_LARGE');
  assert.equal(codeOf(await write(ana, session, 1, new Uint8Array(0))), 'REQUEST_INVALID');
  assert.equal(got(await read(ana, session, 1)), 'NOT_FOUND', 'refused bytes open nothing');
  assert.equal(codeOf(await write(ana, session, 1, small)), 'accepted');
  assert.equal(codeOf(await answer(ana, session, 2, one(small.length))), 'BODY_TOO_LARGE');
  assert.equal(codeOf(await answer(ana, session, 2, small)), 'accepted');
  assert.equal(codeOf(await write(ana, session, 6, one(large.length))), 'BODY_TOO_LARGE');
  assert.equal(codeOf(await write(ana, session, 6, large)), 'accepted');
  assert.equal((await read(ana, session, 6)).bytes.length, large.length);
  await end(ana, session);
});

test('what is announced counts before it comes, and nothing is left of what ended', async () => {
  const { relay } = town.north.gateway;
  const { account } = await patient();
  const before = relay.bytes;
  const session = newSession();
  const first = relay.announce(session, 1, { account, length: 4 });
  first.write(bytes('key!'));
  first.done();
  assert.equal(relay.bytes, before + 4);
  // Thirty-two readers’ worth of the largest release, never sent: there is no room for one more.
  const waiting = Array.from({ length: 31 }, () =>
    relay.announce(session, 6, { account, length: relayLimits.releaseSlotBytes }),
  );
  assert.throws(
    () => relay.announce(session, 6, { account, length: relayLimits.releaseSlotBytes }),
    (error) => isCoded(error, 'STORE_BUSY'),
  );
  for (const it of waiting) it.done();
  relay.end(session, account);
  assert.equal(relay.bytes, before);
  assert.ok(waiting.every(({ signal }) => signal.aborted));
});

test('so many wait in one session and no more; who goes makes room', async () => {
  const { relay } = town.north.gateway;
  const { account } = await patient();
  const session = newSession();
  const first = relay.announce(session, 1, { account, length: 1 });
  first.write(Uint8Array.of(1));
  first.done();
  const gone = new AbortController();
  const wait = (signal: AbortSignal) => relay.read(session, 2, { waitMs: 5_000, gone: signal });
  const all = Array.from({ length: relayLimits.waitingReaders }, () => wait(gone.signal));
  const one = new AbortController();
  await assert.rejects(wait(one.signal), (error) => isCoded(error, 'RATE_LIMITED'));
  gone.abort();
  assert.deepEqual(
    (await Promise.all(all)).map((it) => it.length),
    Array.from({ length: relayLimits.waitingReaders }, () => 0),
  );
  const again = wait(one.signal);
  relay.end(session, account);
  await assert.rejects(again, (error) => isCoded(error, 'NOT_FOUND'));
});

test('a body that comes slowly is not read on when its session ends', async () => {
  const session = new AbortController();
  const slow = new PassThrough();
  const request = { body: slow, headers: { 'content-length': '4' } };
  const reading = wholeBody(request, { most: 4, signal: session.signal });
  slow.write('ab');
  session.abort();
  await assert.rejects(reading, (error) => isCoded(error, 'NOT_FOUND'));
  assert.ok(slow.destroyed);
});

for (const [what, length, sent] of [
  ['longer than it said', 2, 'abc'],
  ['shorter than it said', 4, 'abc'],
] as const) {
  test(`a body that is ${what} is refused`, async () => {
    const body = new PassThrough();
    body.end(sent);
    const reading = wholeBody({ body, headers: { 'content-length': `${length}` } }, { most: 9 });
    await assert.rejects(reading, (error) => isCoded(error, 'REQUEST_INVALID'));
  });
}

test('an empty message is none', async () => {
  const ana = await patient();
  assert.equal(codeOf(await write(ana, newSession(), 1, bytes(''))), 'REQUEST_INVALID');
});

test('a body whose length nobody states is refused before it is read', () => {
  for (const stated of [undefined, '', '-1', '1.5', '0x10', '9'.repeat(16)]) {
    assert.throws(() => statedLength({ 'content-length': stated }), {
      code: 'REQUEST_INVALID',
    });
  }
  assert.equal(statedLength({ 'content-length': '12' }), 12);
});
