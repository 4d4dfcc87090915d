import assert from 'node:assert/strict';
import { request as ask } from 'node:http';
import { after, before, test } from 'node:test';
import { encodeErase } from '../../../src/api/erase.ts';
import { encodeWalletPut, maxWalletCopyBytes } from '../../../src/api/people.ts';
import { encodeReadRequest } from '../../../src/api/read-request.ts';
import { maxJsonBytes, maxStrangerBytes } from '../../../src/api/route.ts';
import { routes } from '../../../src/api/routes/all.ts';
import { maxStateRows } from '../../../src/api/tx.ts';
import { labels } from '../../../src/crypto/labels.ts';
import { randomBytes } from '../../../src/crypto/random.ts';
import { bytesToHex } from '../../../src/primitives/bytes.ts';
import { accepted, Person } from '../../gateway/person.ts';
import { rootOf, sealedItem } from '../../gateway/sealed.ts';
import { openTown, portOf, type Town, townChain } from '../../gateway/town.ts';
import { longestOfThree, longestTurnMs } from '../../turns.ts';

/**
 * Somebody who is signed in sends each route the JSON that costs a parser most, as long as it may be, or asks for as
 * much as one request may have.
 *
 * Claim: no turn of the event loop takes longer than others may be made to wait.
 */
let town: Town;
let ana: Person;
before(async () => {
  town = await openTown();
  ana = await Person.enrolled(town, town.north, 'patient');
  await ana.keySet();
  await town.app.listen({ port: 0, host: '127.0.0.1' });
});
after(() => town.close());

const filled = (unit: (n: number) => string, most: number) => {
  const parts: string[] = [];
  for (let length = 2; ; ) {
    const part = unit(parts.length);
    length += part.length + 1;
    if (length > most) return parts.join(',');
    parts.push(part);
  }
};
const hostile: Readonly<Record<string, (most: number) => string>> = {
  'arrays in arrays': (most) => '['.repeat(most / 2) + ']'.repeat(most / 2),
  'objects in objects': (most) => {
    const depth = Math.floor(most / 6) - 1;
    return `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
  },
  'many names': (most) => `{${filled((n) => `"k${n.toString(36)}":0`, most)}}`,
  'many escaped names': (most) => `{${filled((n) => `"\\n${n.toString(36)}":0`, most)}}`,
  'many zeros in rows': (most) => `{"rows":[${filled(() => '0', most - 20)}]}`,
};

const withJson = routes.filter(({ body, who }) => body !== undefined && who !== 'desk');
for (const { method, path, bodyBytes, who } of withJson) {
  test(`${method} ${path}: no JSON that it takes holds anybody up`, async () => {
    const most = bodyBytes ?? (who === 'session' ? maxJsonBytes : maxStrangerBytes);
    for (const [name, make] of Object.entries(hostile)) {
      const bytes = Buffer.from(make(most));
      assert.ok(bytes.length <= most && bytes.length > most - 20);
      const longestMs = await longestOfThree(async () => {
        const answer = await ana.call(method, path, { bytes, type: 'application/json' });
        assert.ok(answer.status >= 400 && answer.status < 500, name);
      });
      assert.ok(longestMs <= longestTurnMs, `${name}: a turn took ${longestMs} ms of CPU`);
    }
  });
}

/** The status of an answer, whose bytes nobody looks at: what the sender does with them is not ours. */
function asks(method: string, path: string, body?: object): Promise<number> {
  const isBytes = body instanceof Uint8Array;
  const payload = isBytes ? body : JSON.stringify(body ?? '');
  const headers = {
    authorization: `Bearer ${ana.token}`,
    'content-type': isBytes ? 'application/cbor' : 'application/json',
  };
  return new Promise((resolve, reject) => {
    const at = { hostname: '127.0.0.1', port: portOf(town), path: `/north/v1${path}`, method };
    const sent = ask(
      { ...at, headers: body === undefined ? { authorization: headers.authorization } : headers },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : payload);
  });
}

test('pages, proofs, copies and orders of the most that one may ask for hold nobody up', async () => {
  const body = new Uint8Array(10);
  const items = Array.from({ length: 1_000 }, () =>
    sealedItem('lab', { body, wrap: randomBytes(4_096) }),
  );
  await ana.putBlob(body);
  const root = rootOf(items);
  accepted(await ana.postItems({ account: ana.account, epoch: 1, consent: [] }, items));
  await ana.send([{ kind: 'DataAnchor', consent: '', epoch: 1, root, count: items.length }]);
  const grant = await ana.grant(ana.account);
  const key = ana.account;
  const rows = Array.from({ length: maxStateRows }, () => ({ table: 'accounts', key }));
  const copy = randomBytes(maxWalletCopyBytes);
  const locator = bytesToHex(randomBytes(32));
  // Each read has a nonce of its own.
  const requests: string[] = [];
  for (let run = 0; run < 3; run++) {
    const bytes = encodeReadRequest(ana.request(grant, town.north));
    requests.push(await ana.signed(labels.readSign, bytes));
  }
  const erase = await ana.signed(
    labels.eraseSign,
    encodeErase({
      ...{ chainId: townChain, account: key, accountKey: ana.keys.sign.publicKey },
      ...{ leaves: items.map(({ leaf }) => leaf), issuedMs: Date.now() },
    }),
  );
  const puts = [0, 1, 2].map((expectedVersion) =>
    encodeWalletPut({ expectedVersion, sealed: copy }),
  );
  const works: readonly [string, (run: number) => Promise<number>][] = [
    ['its own rows', () => asks('GET', `/items?account=${key}`)],
    ['a read', (run) => asks('POST', '/read', { request: requests[run] })],
    ['proofs', () => asks('POST', '/state', { rows })],
    ['writing a copy', (run) => asks('PUT', `/wallet/${locator}`, puts[run])],
    ['a copy', () => asks('GET', `/wallet/${locator}`)],
    ['an erasure', () => asks('POST', '/erase', { erase })],
  ];
  const longest: string[] = [];
  for (const [name, work] of works) {
    const longestMs = await longestOfThree(async (run) => assert.equal(await work(run), 200, name));
    if (longestMs > longestTurnMs) longest.push(`${name}: ${longestMs} ms of CPU`);
  }
  assert.deepEqual(longest, []);
});
