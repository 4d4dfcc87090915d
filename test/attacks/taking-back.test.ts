import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { type ConsentId, consentIdOf } from '../../src/primitives/ids.ts';
import { Person } from '../../src/sdk/index.ts';
import type { WalletWrite } from '../../src/sdk/wallet/store.ts';
import {
  type Consortium,
  type Enrolled,
  fileOf,
  passphrase,
  startConsortium,
} from '../e2e/consortium.ts';
import { copiedStore } from '../wallet-store.ts';
import { bytesOfWords, caught } from './middle.ts';

/**
 * Whoever can break something breaks it while a patient takes back.
 *
 * Claim: a revocation hangs on the wallet, the ledger and one hospital that answers four calls without a session
 * (the account's row, the newest header, the transaction, its receipt). Every other call may be refused, be
 * answered with rubbish, or never; the device's clock may be a day wrong; its disk may be full.
 */
const hour = 3_600_000;
const day = 24 * hour;

let consortium: Consortium;
let ana: Enrolled;
let drA: Enrolled;

before(async () => {
  consortium = await startConsortium();
  ana = await consortium.person('Ana', 'north', 'patient');
  drA = await consortium.person('Dr A', 'north', 'clinician');
  await ana.person.addCard(drA.person.card());
});
after(() => consortium.stop());

async function granted(forMs = 24 * hour): Promise<ConsentId> {
  const notAfterMs = consortium.now() + forMs;
  const { consent } = await ana.person.grant({
    ...{ grantee: 'Dr A', readClasses: ['other'], purposes: ['TREAT'], notAfterMs },
  });
  return consent;
}

/** By the ledger itself. */
async function hasEnded(consent: ConsentId): Promise<boolean> {
  const grants = await ana.person.grants();
  return grants.find((it) => it.consent === consent)?.state === 'ended';
}

type Failure = 'answers' | 'refuses' | 'is busy' | 'fails' | 'talks rubbish' | 'is silent';

const calls = {
  session: /^POST \/v1\/session/,
  copy: /^(GET|PUT) \/v1\/wallet/,
  blobs: /^(POST|PUT|GET) \/v1\/blobs/,
  proofs: /^(GET \/v1\/state\/.*proof=1|POST \/v1\/state)/,
  headers: /^GET \/v1\/headers\/\d/,
  inbox: /^(GET|POST|DELETE) \/v1\/inbox/,
  items: /^(GET|POST) \/v1\/items/,
  other: /^GET \/v1\/(who|genesis|cards|events)/,
} as const;

const said = (status: number, code: string, kind: string) =>
  Response.json({ ok: false, code, kind, sentence: 'No.' }, { status });

function answerOf(failure: Exclude<Failure, 'answers'>): Promise<Response> {
  if (failure === 'refuses') return Promise.resolve(said(403, 'ACCOUNT_FROZEN', 'not-trusted'));
  if (failure === 'is busy') return Promise.resolve(said(429, 'RATE_LIMITED', 'unavailable'));
  if (failure === 'fails') {
    return Promise.resolve(new Response('<h1>Bad gateway</h1>', { status: 502 }));
  }
  if (failure === 'talks rubbish') return Promise.resolve(new Response('{"rubbish": [', {}));
  // As the network gives up on who never answers, and sooner.
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error('no answer')), 50);
  });
}

/** Ana's own phone, on which these calls fail. */
async function phoneWith(
  failing: Readonly<Partial<Record<keyof typeof calls, Failure>>>,
  options: {
    readonly clockMs?: number;
    readonly isDiskFull?: boolean;
    readonly of?: Enrolled;
  } = {},
): Promise<{ readonly phone: Person; readonly heal: () => void }> {
  let isHealed = false;
  const broken = async (url: string, init: RequestInit): Promise<Response> => {
    const { pathname, search } = new URL(url);
    const name = `${init.method ?? 'GET'} ${pathname.slice(pathname.indexOf('/v1'))}${search}`;
    for (const [group, pattern] of Object.entries(calls)) {
      const failure = failing[group as keyof typeof calls] ?? 'answers';
      if (!isHealed && failure !== 'answers' && pattern.test(name)) return answerOf(failure);
    }
    return fetch(url, init);
  };
  const { store } = options.of ?? ana;
  const disk = {
    ...store,
    save: async (wallet: WalletWrite) => {
      if (!isHealed && options.isDiskFull === true) throw new Error('ENOSPC');
      await store.save(wallet);
    },
  };
  const phone = await Person.open(
    { store: disk, passphrase },
    {
      http: { fetch: broken, retryDelaysMs: [] },
      now: () => consortium.now() + (isHealed ? 0 : (options.clockMs ?? 0)),
    },
  );
  return {
    phone,
    heal: () => {
      isHealed = true;
    },
  };
}

const failure = fc.constantFrom<Failure>(
  'answers',
  'refuses',
  'is busy',
  'fails',
  'talks rubbish',
  'is silent',
);

const allAnswer = {
  ...{ session: 'answers', copy: 'answers', blobs: 'answers', proofs: 'answers' },
  ...{ headers: 'answers', inbox: 'answers', items: 'answers', other: 'answers' },
} as const;

test('Whatever else fails, and however, and by any clock: the grant ends in one call', async () => {
  const failing = fc.record({
    ...{ session: failure, copy: failure, blobs: failure, proofs: failure },
    ...{ headers: failure, inbox: failure, items: failure, other: failure },
  });
  await fc.assert(
    fc.asyncProperty(
      failing,
      fc.constantFrom(-day, 0, day),
      fc.boolean(),
      async (broken, clockMs, isDiskFull) => {
        const consent = await granted();
        const { phone } = await phoneWith(broken, { clockMs, isDiskFull });
        const { height } = await phone.revoke(consent);
        assert.ok(height > 0);
        assert.ok(await hasEnded(consent));
      },
    ),
    // All else answers, so that the newest header moves on: a full disk cannot keep it.
    { numRuns: 12, examples: [[allAnswer, -day, true]] },
  );
});

/** A device that no copy tells of what was granted since. */
async function deviceOfBefore(
  granting: () => Promise<ConsentId>,
): Promise<{ readonly consent: ConsentId; readonly old: Enrolled }> {
  const old = { ...ana, store: copiedStore(ana.store) };
  return { consent: await granting(), old };
}

test('A grant that the device does not know ends by its id, whatever else fails, and keys are owed until they stand', async () => {
  const { consent, old } = await deviceOfBefore(() => granted());
  const rest = {
    proofs: 'is silent',
    headers: 'is silent',
    items: 'fails',
    other: 'fails',
  } as const;
  const failing = {
    session: 'fails',
    copy: 'fails',
    blobs: 'fails',
    inbox: 'fails',
    ...rest,
  } as const;
  const { phone, heal } = await phoneWith(failing, { of: old });
  await phone.revoke(consent);
  assert.ok(await hasEnded(consent));
  assert.deepEqual([phone.isTakingBack, phone.owesKeys], [false, true]);
  heal();
  await phone.addFile(fileOf('unlisted.txt', bytesOfWords('after somebody unknown was out')));
  assert.equal(phone.owesKeys, false);
});

test('With every hospital down a grant that the device does not know is written down too', async () => {
  const { consent, old } = await deviceOfBefore(() => granted(48 * hour));
  const down = { http: { fetch: () => Promise.reject(new Error('down')), retryDelaysMs: [] } };
  const phone = await Person.open({ store: old.store, passphrase }, down);
  await caught(phone.revoke(consent), 'GATEWAY_UNREACHABLE');
  consortium.advance(25 * hour);
  const { phone: next } = await phoneWith({}, { of: old });
  assert.equal(next.isTakingBack, true);
  await next.takeBack();
  assert.deepEqual([next.isTakingBack, next.owesKeys], [false, false]);
  assert.ok(await hasEnded(consent));
});

test('An id of no grant, or of somebody else’s, is not tried again: CONSENT_UNKNOWN', async () => {
  const eve = await consortium.person('Eve', 'north', 'patient');
  const consent = await granted();
  const none = consentIdOf(new Uint8Array(16).fill(7));
  for (const wrong of [consent, none]) await caught(eve.person.revoke(wrong), 'CONSENT_UNKNOWN');
  assert.equal(eve.person.isTakingBack, false);
  assert.equal(await hasEnded(consent), false);
});

test('Without new keys nothing is written under those that he holds, until they stand', async () => {
  const consent = await granted();
  const { phone, heal } = await phoneWith({ copy: 'is busy' });
  await phone.revoke(consent);
  assert.equal(phone.owesKeys, true);
  const note = fileOf('note.txt', bytesOfWords('written after he was out'));
  const before = (await ana.person.listRecords()).length;
  await caught(phone.addFile(note), 'RATE_LIMITED');
  assert.equal((await ana.person.listRecords()).length, before);
  heal();
  await phone.addFile(note);
  assert.equal(phone.owesKeys, false);
  await drA.person.inbox();
  await caught(drA.person.listShared(consent), 'CONSENT_ENDED');
});

test('With every hospital down it is written down, and the next program that opens the wallet ends it', async () => {
  const consent = await granted(48 * hour);
  const down = { http: { fetch: () => Promise.reject(new Error('down')), retryDelaysMs: [] } };
  const phone = await Person.open({ store: ana.store, passphrase }, down);
  await caught(phone.revoke(consent), 'GATEWAY_UNREACHABLE');
  assert.equal(await hasEnded(consent), false);
  // Longer than a transaction may wait: what was signed then is worth nothing now.
  consortium.advance(25 * hour);
  const { phone: next } = await phoneWith({});
  assert.equal(next.isTakingBack, true);
  await next.takeBack();
  assert.equal(next.isTakingBack, false);
  assert.ok(await hasEnded(consent));
});

test('Where the own hospital does not answer, another hospital of the ledger takes it', async () => {
  const consent = await granted();
  const north = consortium.url('north');
  const answers = async (url: string, init: RequestInit): Promise<Response> => {
    if (url.startsWith(north)) throw new Error('down');
    return fetch(url, init);
  };
  const urls = ['north', 'harbour', 'valley'].map((name) => consortium.gateway(name).options);
  const phone = await Person.open(
    { store: ana.store, passphrase },
    {
      ...{ http: { fetch: answers, retryDelaysMs: [] }, now: consortium.now },
      gatewayUrlOf: ({ organisation }) => {
        const name = urls.findIndex((it) => it.organisation === organisation);
        return consortium.url(['north', 'harbour', 'valley'][name] ?? '');
      },
    },
  );
  await phone.revoke(consent);
  assert.ok(await hasEnded(consent));
});

test('Nobody is shut out by the keys that follow but who was taken back', async () => {
  const stays = await granted();
  const consent = await granted();
  const { phone, heal } = await phoneWith({ blobs: 'fails' });
  await phone.revoke(consent);
  assert.equal(phone.owesKeys, true);
  heal();
  await phone.sync();
  assert.equal(phone.owesKeys, false);
  const added = await phone.addFile(fileOf('later.txt', bytesOfWords('for who stays')));
  await drA.person.inbox();
  const [item] = added.items;
  assert.ok(item);
  const { records } = await drA.person.readShared(stays, { recordIds: [item.recordId] });
  assert.deepEqual(records.length, 1);
});

test('Where hospitals answer and take nothing, what is written down does not pile up', async () => {
  const consent = await granted(48 * hour);
  let isOpen = false;
  const gate = async (url: string, init: RequestInit): Promise<Response> =>
    !isOpen && url.includes('/v1/tx') ? new Response('', { status: 502 }) : fetch(url, init);
  const phone = await Person.open(
    { store: ana.store, passphrase },
    { http: { fetch: gate, retryDelaysMs: [] }, now: consortium.now },
  );
  await caught(phone.revoke(consent), 'GATEWAY_UNREACHABLE');
  const written = phone.pendingCount;
  for (const _ of [1, 2, 3]) await phone.takeBack();
  assert.equal(phone.pendingCount, written);
  isOpen = true;
  await phone.takeBack();
  assert.ok(await hasEnded(consent));
  await phone.sync();
  assert.equal(phone.pendingCount, 0);
});

test('Whatever else fails, and however, and by any clock: the printed code brings new keys in one call', async () => {
  const failing = fc.record({
    ...{ session: failure, copy: failure, blobs: failure, proofs: failure },
    ...{ headers: failure, inbox: failure, items: failure, other: failure },
  });
  const { account } = ana.person.account();
  await fc.assert(
    fc.asyncProperty(failing, fc.constantFrom(-day, 0, day), async (broken, clockMs) => {
      const before = await consortium.gateway('north').view.account(account);
      const { phone, heal } = await phoneWith(broken, { clockMs });
      await phone.rotate({ code: ana.code });
      const row = await consortium.gateway('north').view.account(account);
      assert.equal(row?.recoveryCounter, (before?.recoveryCounter ?? 0) + 1);
      heal();
      await phone.addFile(
        fileOf('after.txt', bytesOfWords(`under new keys ${row?.recoveryCounter}`)),
      );
    }),
    { numRuns: 6 },
  );
});

const unreachable = { http: { fetch: () => Promise.reject(new Error('down')), retryDelaysMs: [] } };

test('A freeze that no hospital took is made by the next program, and none comes after the way back', async () => {
  const eve = await consortium.person('Eve', 'north', 'patient');
  const { account } = eve.person.account();
  const frozen = async () => (await consortium.gateway('north').view.account(account))?.frozen;
  const again = () => Person.open({ store: eve.store, passphrase }, { now: consortium.now });
  const phone = await Person.open({ store: eve.store, passphrase }, unreachable);
  await caught(phone.freeze(), 'GATEWAY_UNREACHABLE');
  consortium.advance(25 * hour);
  const next = await again();
  assert.equal(next.isTakingBack, true);
  await next.takeBack();
  assert.deepEqual([await frozen(), next.isTakingBack], [true, false]);
  // One that was asked for and is late: she has come back meanwhile.
  await next.rotate({ code: eve.code });
  const late = await Person.open({ store: eve.store, passphrase }, unreachable);
  await caught(late.freeze(), 'GATEWAY_UNREACHABLE');
  const back = await again();
  await back.rotate({ code: eve.code });
  await (await again()).takeBack();
  assert.deepEqual([await frozen(), (await again()).isTakingBack], [false, false]);
});

test('New keys by the printed code that no block took are sent for days, without the code', async () => {
  const eve = await consortium.person('Eve', 'north', 'patient');
  const { account } = eve.person.account();
  const row = () => consortium.gateway('north').view.account(account);
  const before = await row();
  const gate = async (url: string, init: RequestInit): Promise<Response> =>
    url.includes('/v1/tx') ? new Response('', { status: 502 }) : fetch(url, init);
  const phone = await Person.open(
    { store: eve.store, passphrase },
    { http: { fetch: gate, retryDelaysMs: [] }, now: consortium.now },
  );
  await caught(phone.rotate({ code: eve.code }), 'GATEWAY_UNREACHABLE');
  consortium.advance(3 * day + hour);
  const next = await Person.open({ store: eve.store, passphrase }, { now: consortium.now });
  await next.takeBack();
  const after = await row();
  assert.notDeepEqual(after?.signKey, before?.signKey);
  assert.equal(after?.recoveryCounter, 1);
  await next.sync();
  assert.equal(next.pendingCount, 0);
  await next.addFile(fileOf('after.txt', bytesOfWords('under the new keys')));
});
