import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Person } from '../../src/sdk/index.ts';
import { type Consortium, type Enrolled, passphrase, startConsortium } from '../e2e/consortium.ts';
import { caught } from './middle.ts';

/** A patient whose phone was stolen stops the account from another device, whatever else is broken meanwhile. */
let consortium: Consortium;
before(async () => {
  consortium = await startConsortium();
});
after(() => consortium.stop());

/** Her laptop, for which no hospital opens a session, takes a copy or proves a row. */
function laptopOf(ana: Enrolled): Promise<Person> {
  const needless = /\/v1\/(session|wallet|blobs|inbox|items|who|state\/.*proof=1|headers\/\d)/;
  const broken = async (url: string, init: RequestInit): Promise<Response> =>
    needless.test(url) ? new Response('down', { status: 502 }) : fetch(url, init);
  const http = { fetch: broken, retryDelaysMs: [] };
  return Person.open({ store: ana.store, passphrase }, { http, now: consortium.now });
}

const isFrozen = async ({ person }: Enrolled): Promise<boolean | undefined> =>
  (await consortium.gateway('north').view.account(person.account().account))?.frozen;

test('it freezes although no session, copy or proof is to be had, and nothing stays written down', async () => {
  const ana = await consortium.person('Ana', 'north', 'patient');
  const laptop = await laptopOf(ana);
  await laptop.freeze();
  assert.equal(await isFrozen(ana), true);
  assert.equal(laptop.pendingCount, 0);
});

test('a frozen account signs in no more, and is frozen once', async () => {
  const bo = await consortium.person('Bo', 'north', 'patient');
  await bo.person.freeze();
  await caught(bo.person.freeze(), 'ACCOUNT_FROZEN');
  await caught(bo.person.listRecords(), 'ACCOUNT_FROZEN');
  assert.equal(await isFrozen(bo), true);
});
