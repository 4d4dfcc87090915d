import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { Person } from '../../gateway/person.ts';
import { openTown, portOf, type Town } from '../../gateway/town.ts';
import { leastOfThree, longestTurnMs } from '../../turns.ts';

/**
 * A stranger without a session sends the largest bodies he can, whole or half, quickly or a byte now and then.
 *
 * Claim: he is told at once that he must sign in, nothing of what he sends is kept or parsed, nobody waits for it, and
 * his connection ends when he does not read the answer.
 */
const mib = 1024 * 1024;
let town: Town;
let port: number;
before(async () => {
  town = await openTown({}, { limits: { bodyPatienceMs: 200 } });
  await town.app.listen({ port: 0, host: '127.0.0.1' });
  port = portOf(town);
});
after(() => town.close());

const head = (path: string, type: string, bytes: number, more = '') =>
  `POST /north/v1/${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: ${bytes}\r\n${more}\r\n`;

/** Resolves with the first line of the answer, and when the connection has ended. */
function sends(
  text: string,
  body?: Buffer,
): { line: Promise<string>; closed: Promise<void>; socket: Socket } {
  const socket = connect(port, '127.0.0.1', () => {
    socket.write(text);
    if (body !== undefined) socket.write(body);
  });
  socket.on('error', () => undefined);
  const line = new Promise<string>((resolve) => {
    socket.once('data', (answer) => resolve(answer.toString().split('\r\n')[0] ?? ''));
    socket.once('close', () => resolve('closed'));
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return { line, closed, socket };
}

test('ten strangers with 47 of 48 MiB each are refused at once, and little of it is read', async () => {
  const body = Buffer.alloc(47 * mib, 0x20);
  const reading: Promise<number>[] = [];
  const count = (socket: Socket) =>
    reading.push(new Promise((done) => socket.once('close', () => done(socket.bytesRead))));
  town.app.server.on('connection', count);
  const sent = Array.from({ length: 10 }, () =>
    sends(head('items', 'application/json', 48 * mib), body),
  );
  for (const { line } of sent) assert.equal(await line, 'HTTP/1.1 401 Unauthorized');
  const read = await Promise.all(reading);
  town.app.server.off('connection', count);
  assert.equal(read.length, 10);
  for (const bytes of read) assert.ok(bytes < 2 * mib, `${bytes} bytes of a body were read`);
});

const account = 'ab'.repeat(32);
const n = 47 * mib;
const zeros = () => `{"account":"${account}","epoch":1,"rows":[${'0,'.repeat(n / 2 - 100)}0]}`;
const rows = () => {
  const keys = Array.from({ length: 900 }, (_, i) => `"k${i}":0`).join(',');
  return `{"account":"${account}","epoch":1,"rows":[${Array(4000).fill(`{${keys}}`).join(',')}]}`;
};
const numbers = () => `{${Array.from({ length: 200_000 }, (_, i) => `"${i}":0`).join(',')}}`;
const names = () =>
  `{${Array.from({ length: 200_000 }, (_, i) => `"k${i.toString(36)}":0`).join(',')}}`;
const nested = () => `{"rows":${'['.repeat(n / 2 - 50)}${']'.repeat(n / 2 - 50)}}`;
const inRow = () =>
  `{"account":"${account}","epoch":1,"rows":[${'['.repeat(100_000)}${']'.repeat(100_000)}]}`;

// The objects of names are of 200,000 and not of 3 and 4 million: that they are not parsed shows in few as in many.
for (const [name, make] of [
  ['23 million zeros', zeros],
  ['4,000 rows of 900 unknown names', rows],
  ['an object of many numbers', numbers],
  ['an object of many names', names],
  ['arrays in arrays', nested],
  ['arrays in arrays in a row', inRow],
] as const) {
  test(`one body of ${name} without a session is not parsed, and holds nobody up`, async () => {
    const body = Buffer.from(make());
    const text = head('items', 'application/json', body.length);
    const { longestMs } = await leastOfThree(async () => {
      const { line, socket } = sends(text, body);
      assert.equal(await line, 'HTTP/1.1 401 Unauthorized');
      socket.destroy();
    });
    assert.ok(longestMs <= longestTurnMs, `a turn took ${longestMs} ms of CPU`);
    assert.equal((await town.app.inject('/health')).json().ok, true);
  });
}

test('a byte now and then keeps no body open, and silence neither', async () => {
  const ana = await Person.enrolled(town, town.north, 'patient');
  const [stranger, patient] = ['', `Authorization: Bearer ${ana.token}\r\n`].map((more) => {
    const text = head(
      more === '' ? 'session' : 'items',
      'application/cbor-seq',
      more === '' ? 900 : mib,
      more,
    );
    return sends(
      text.replace(more === '' ? 'cbor-seq' : 'x', more === '' ? 'json' : 'x'),
      Buffer.alloc(100, 0x20),
    );
  });
  assert.ok(stranger && patient);
  const drip = setInterval(() => {
    for (const { socket } of [stranger, patient]) if (!socket.destroyed) socket.write(' ');
  }, 50);
  await Promise.all([stranger.closed, patient.closed]);
  clearInterval(drip);
  // Who sends as he should is served, however long it takes him in all.
  const bytes = new Uint8Array(300_000);
  await ana.putBlob(bytes);
});
