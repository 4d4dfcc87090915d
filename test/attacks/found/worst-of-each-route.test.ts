import assert from 'node:assert/strict';
import { request as ask } from 'node:http';
import { after, before, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { encodeErase } from '../../../src/api/erase.ts';
import { encodeReadRequest } from '../../../src/api/read-request.ts';
import { maxJsonBytes, maxStrangerBytes } from '../../../src/api/route.ts';
import { routes } from '../../../src/api/routes/all.ts';
import { walletPut } from '../../../src/api/routes/wallet-put.ts';
import { walletShardPut } from '../../../src/api/routes/wallet-shard-put.ts';
import { maxStateRows } from '../../../src/api/tx.ts';
import { copyWrapBytes, walletCopyLimits } from '../../../src/api/wallet-copy.ts';
import { sha256 } from '../../../src/crypto/hash.ts';
import { labels } from '../../../src/crypto/labels.ts';
import { randomBytes } from '../../../src/crypto/random.ts';
import { CopyOwner, shardName } from '../../gateway/copy-owner.ts';
import { accepted } from '../../gateway/person.ts';
import { rootOf, sealedItem } from '../../gateway/sealed.ts';
import { openTown, portOf, type Town, townChain } from '../../gateway/town.ts';
import { leastOfThree, longestTurnMs } from '../../turns.ts';

/**
 * Somebody who is signed in sends each route the JSON that costs a parser most, as long as it may be, or asks for as
 * much as one request may have.
 *
 * Claim: no turn of the event loop takes longer than others may be made to wait.
 */
let town: Town;
let ana: CopyOwner;
before(async () => {
  town = await openTown();
  ana = await CopyOwner.open(town, town.north);
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
      const { longestMs } = await leastOfThree(async () => {
        const answer = await ana.call(method, path, { bytes, type: 'application/json' });
        assert.ok(answer.status >= 400 && answer.status < 500, name);
      });
      assert.ok(longestMs <= longestTurnMs, `${name}: a turn took ${longestMs} ms of CPU`);
    }
  });
}

/** What is asked for, how, and the status of its answer. */
type Work = readonly [string, (run: number) => Promise<number>, number?];

/** The longest turn of each work that holds others up for too long. */
async function longest(works: readonly Work[]): Promise<string[]> {
  const found: string[] = [];
  for (const [name, work, status = 200] of works) {
    const { longestMs } = await leastOfThree(async (run) =>
      assert.equal(await work(run), status, name),
    );
    if (longestMs > longestTurnMs) found.push(`${name}: ${longestMs} ms of CPU`);
  }
  return found;
}

/** The status of an answer, whose bytes nobody looks at: what the sender does with them is not ours. */
function asks(method: string, path: string, body?: object): Promise<number> {
  const isBytes = body instanceof Uint8Array;
  const payload = isBytes ? body : JSON.stringify(body ?? '');
  const bytesType = path === '/wallet' ? walletPut.stream : walletShardPut.stream;
  const headers = {
    authorization: `Bearer ${ana.token}`,
    'content-type': isBytes ? bytesType : 'application/json',
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
  const works: readonly Work[] = [
    ['its own rows', () => asks('GET', `/items?account=${key}`)],
    ['a read', (run) => asks('POST', '/read', { request: requests[run] })],
    ['proofs', () => asks('POST', '/state', { rows })],
    ['an erasure', () => asks('POST', '/erase', { erase })],
  ];
  assert.deepEqual(await longest(works), []);
});

test('copies of wallets of the most that one may have hold nobody up: writing, reading, letting go', async () => {
  const { shardBytes, indexBytes, shards: most, mostWraps } = walletCopyLimits;
  const sealed = randomBytes(shardBytes);
  const one = new Uint8Array(1);
  const oneHash = sha256(one);
  const names = [shardName(), shardName(), shardName()];
  const { shards } = town.north.gateway.wallets;
  const asked = Array.from({ length: most }, (_, at) => ({
    name: at.toString(16).padStart(32, '0'),
    ...{ sha256: oneHash, bytes: one.length },
  }));
  const stored = asked.slice(0, 300);
  for (const { name } of stored) shards.put(ana.account, name, one);
  const wraps = Array.from({ length: mostWraps }, () => new Uint8Array(copyWrapBytes));
  const whole = { wraps, sealed: randomBytes(indexBytes) };
  const copies: Uint8Array[] = [];
  for (const serial of [1, 2, 3]) {
    copies.push(await ana.copy({ serial, ...whole, shards: stored }));
  }
  const missing = await ana.copy({ serial: 1, ...whole, shards: asked });
  /** No copy names it, and its hour is over. */
  const sweep = async () => {
    shards.put(ana.account, shardName(), sealed);
    await nextTurn();
    town.clock.aheadMs += 3_600_000;
    await town.north.gateway.wallets.copies.sweep();
    return 200;
  };
  const works: readonly Work[] = [
    ['writing a shard', (run) => asks('PUT', `/wallet/shards/${names[run]}`, sealed)],
    ['a shard', () => asks('GET', `/wallet/shards/${names[0]}`)],
    ['a copy whose shards are not here', () => asks('PUT', '/wallet', missing), 409],
    ['writing a copy', (run) => asks('PUT', '/wallet', copies[run])],
    ['a copy', () => asks('GET', '/wallet')],
    ['letting go', sweep],
  ];
  assert.deepEqual(await longest(works), []);
});
