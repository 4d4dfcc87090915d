import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { bytesOfText } from '../../src/api/message-parts.ts';
import { txIdOfBytes } from '../../src/ledger/codec.ts';
import type { ConsentId } from '../../src/primitives/ids.ts';
import type { Person } from '../../src/sdk/index.ts';
import { type Consortium, type Enrolled, startConsortium } from '../e2e/consortium.ts';
import { caught, Middle, type MiddleCall } from './middle.ts';

/**
 * The gateway is the attacker, and the patient takes a grant back. It may be silent or say no; what it says of a
 * transaction that no block holds is proven by nothing.
 *
 * Claim: what it says never makes a wallet believe that a grant has ended that stands, nor forget that it was to end. The
 * first honest answer, without a further word of the patient, ends it.
 */
const hour = 3_600_000;

let consortium: Consortium;
let ana: Enrolled;
let drA: Enrolled;
let middle: Middle;
let phone: Person;

before(async () => {
  consortium = await startConsortium();
  ana = await consortium.person('Ana', 'north', 'patient');
  drA = await consortium.person('Dr A', 'north', 'clinician');
  await ana.person.addCard(drA.person.card());
  middle = new Middle();
  phone = await middle.serve(ana);
});
after(() => consortium.stop());
afterEach(() => {
  middle.instead = undefined;
});

async function granted(notAfterMs = consortium.now() + 24 * hour): Promise<ConsentId> {
  const { consent } = await phone.grant({
    ...{ grantee: 'Dr A', readClasses: ['other'], purposes: ['TREAT'], notAfterMs },
  });
  return consent;
}

async function stateOf(consent: ConsentId): Promise<string | undefined> {
  return (await phone.grants()).find((it) => it.consent === consent)?.state;
}

/** Every transaction is said to be refused, as a server says it. */
function refuseAll(code: string): void {
  middle.instead = ({ name, body }: MiddleCall) => {
    if (!name.startsWith('POST /v1/tx')) return undefined;
    const { tx } = JSON.parse(String(body)) as { readonly tx: string };
    const details = { txId: txIdOfBytes(bytesOfText(tx)) };
    const refusal = { ok: false, code, kind: 'not-valid', sentence: 'No.', details };
    return Response.json(refusal, { status: 409 });
  };
}

for (const code of [
  'CONSENT_ENDED',
  'CONSENT_UNKNOWN',
  'ROLE_WRONG',
  'REFUSED_TOMORROW',
  'EXPIRED',
] as const) {
  test(`a gateway that answers ${code} to a revocation does not end it: the next honest answer takes the grant back`, async () => {
    const consent = await granted();
    refuseAll(code);
    await caught(phone.revoke(consent), code === 'REFUSED_TOMORROW' ? 'REFUSAL_UNKNOWN' : code);
    assert.equal(await stateOf(consent), 'live');
    assert.deepEqual([phone.pendingCount, phone.isTakingBack], [0, true]);
    // It lies on, and once more: nothing piles up, and what else a device does when it wakes is done.
    for (const _ of [1, 2]) {
      assert.deepEqual((await phone.sync()).resumed, []);
      assert.deepEqual([phone.pendingCount, phone.isTakingBack], [0, true]);
    }
    middle.instead = undefined;
    const { resumed } = await phone.sync();
    assert.deepEqual(
      resumed.map((it) => it.kind),
      ['revoke'],
    );
    assert.equal(await stateOf(consent), 'ended');
    assert.deepEqual([phone.pendingCount, phone.isTakingBack], [0, false]);
  });
}

test('a person who was told that a grant has ended may say it again: nothing here refuses to ask', async () => {
  const consent = await granted();
  refuseAll('CONSENT_ENDED');
  await caught(phone.revoke(consent), 'CONSENT_ENDED');
  middle.instead = undefined;
  await phone.revoke(consent);
  assert.equal(await stateOf(consent), 'ended');
  assert.equal(phone.pendingCount, 0);
  await caught(phone.revoke(consent), 'CONSENT_ENDED');
});

test('what another device has ended is proven, and not asked for again', async () => {
  const consent = await granted();
  await ana.person.sync();
  refuseAll('ROLE_WRONG');
  await caught(phone.revoke(consent), 'ROLE_WRONG');
  middle.instead = undefined;
  await ana.person.revoke(consent);
  await phone.sync();
  assert.deepEqual([phone.pendingCount, phone.isTakingBack], [0, false]);
  const asked = middle.calls.length;
  await phone.sync();
  assert.ok(!middle.calls.slice(asked).some((it) => it.startsWith('POST /v1/tx')));
});

test('a hospital that keeps no copy of the wallet any more, since it grew too large for one, stops no revocation', async () => {
  const consent = await granted();
  middle.instead = ({ name }) =>
    name.startsWith('PUT /v1/wallet')
      ? Response.json(
          { ok: false, code: 'BODY_TOO_LARGE', kind: 'not-valid', sentence: 'No.' },
          { status: 413 },
        )
      : undefined;
  await phone.revoke(consent);
  assert.equal(await stateOf(consent), 'ended');
  assert.equal(phone.pendingCount, 0);
});

test('a hospital that does not tell when a grant ended keeps no list of grants away', async () => {
  const consent = await granted();
  const { height } = await phone.revoke(consent);
  // Past the block that proves it: what is asked for is the end alone.
  await granted();
  const again = await middle.serve(ana);
  middle.instead = ({ name }: MiddleCall) => {
    if (!name.endsWith(`/v1/headers/${height}`)) return undefined;
    const body = { ok: false, code: 'RATE_LIMITED', kind: 'unavailable', sentence: 'Later.' };
    return Response.json(body, { status: 429 });
  };
  const found = (await again.grants()).find((it) => it.consent === consent);
  assert.deepEqual([found?.state, found?.endedMs], ['ended', undefined]);
  middle.instead = undefined;
  const told = (await again.grants()).find((it) => it.consent === consent);
  assert.ok(told?.endedMs !== undefined && told.endedMs <= consortium.now());
});
