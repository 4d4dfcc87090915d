import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { utf8 } from '../../src/primitives/bytes.ts';
import type { ConsentId } from '../../src/primitives/ids.ts';
import { Person } from '../../src/sdk/index.ts';
import {
  type Consortium,
  type Enrolled,
  fileOf,
  passphrase,
  startConsortium,
} from './consortium.ts';

let consortium: Consortium;
let ana: Enrolled;
let doctor: Enrolled;
let consent: ConsentId;

before(async () => {
  consortium = await startConsortium();
  ana = await consortium.person('Ana Lima', 'north', 'patient');
  doctor = await consortium.person('Dr A', 'harbour', 'clinician');
  await ana.person.addCard(doctor.person.card(), { nickname: 'dr-a' });
  await ana.person.addFile(fileOf('letter.txt', utf8('A letter')));
  const granted = await ana.person.grant({
    ...{ grantee: 'dr-a', readClasses: ['note', 'other'], purposes: ['TREAT'] },
    notAfterMs: Date.now() + 3_600_000,
  });
  consent = granted.consent;
  await doctor.person.inbox();
});
after(async () => consortium.stop());

const reset = () => new TypeError('fetch failed', { cause: new Error('ECONNRESET') });

/** The doctor on a network that loses the first so many reads: before they arrive, or the answers to them. */
async function losing(what: 'request' | 'answer', times: number) {
  const reads: unknown[] = [];
  const fetchLosing = async (url: string, init: RequestInit): Promise<Response> => {
    if (!url.endsWith('/v1/read')) return fetch(url, init);
    reads.push(init.body);
    if (reads.length > times) return fetch(url, init);
    if (what === 'answer') await (await fetch(url, init)).arrayBuffer();
    throw reset();
  };
  const { store } = doctor;
  const http = { fetch: fetchLosing, retryDelaysMs: [0, 0] };
  const person = await Person.open({ store, passphrase }, { now: consortium.now, http });
  return { person, reads };
}

const looks = async (): Promise<number> => (await ana.person.looked()).notices.length;

test('a read that never arrived is sent again, the same bytes, and is one look', async () => {
  const before = await looks();
  const { person, reads } = await losing('request', 1);
  assert.equal((await person.readShared(consent)).records.length, 1);
  assert.equal(new Set(reads).size, 1);
  assert.equal(reads.length, 2);
  assert.equal((await looks()) - before, 1);
});

test('a read whose answer is lost is no second look: GATEWAY_UNREACHABLE, and the first is told', async () => {
  const before = await looks();
  const { person, reads } = await losing('answer', 1);
  await assert.rejects(person.readShared(consent), { code: 'GATEWAY_UNREACHABLE' });
  assert.equal(reads.length, 2);
  assert.equal((await looks()) - before, 1);
});
