import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { textOfBytes } from '../../src/api/message-parts.ts';
import { xwingKeyFromSeed } from '../../src/crypto/kem.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import type { Identity } from '../../src/ledger/identity.ts';
import { identity as identityShape } from '../../src/ledger/identity.ts';
import { refusalNumber } from '../../src/ledger/refusals.ts';
import type { Role } from '../../src/ledger/roles.ts';
import { encodeCbor } from '../../src/primitives/cbor.ts';
import { isCoded } from '../../src/primitives/errors.ts';
import { Person } from '../../src/sdk/index.ts';
import { deriveAccountKeys, enrolmentIdentity, noRecovery } from '../../src/sdk/wallet/identity.ts';
import { type Consortium, type Enrolled, passphrase, startConsortium } from '../e2e/consortium.ts';
import { memoryWalletStore } from '../wallet-store.ts';
import { identityOfAccount, sendAsHospital } from './hospital.ts';
import { caught, changing, Middle } from './middle.ts';

/**
 * The attacker wants an account under somebody else's key, or his key under somebody else's name: a stranger with
 * an invitation, a hospital with the right to enrol, a gateway between a person and the ledger.
 *
 * Claim: an identity is signed by its own key for one ledger, one hospital and one role, so nobody enrols it
 * elsewhere or as something else, and nobody swaps a part of it. A hospital may still enrol a person who does not
 * exist, with keys of its own: what its name is worth is what its signature is worth (SECURITY.md).
 */
let consortium: Consortium;
let ana: Enrolled;
let identity: Identity;
let middle: Middle;

before(async () => {
  consortium = await startConsortium();
  ana = await consortium.person('Ana', 'north', 'patient');
  identity = await identityOfAccount(consortium, ana.person.account().account);
  middle = new Middle();
});
after(() => consortium.stop());
afterEach(() => {
  middle.lie = undefined;
  middle.instead = undefined;
});

/** What a desk's page sends: the answer's code, or 'accepted'. */
async function enrol(hospital: string, role: Role, shown: Identity): Promise<unknown> {
  const response = await fetch(`${consortium.url(hospital)}/v1/enrol`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      invitation: await consortium.invite(hospital, role),
      identity: textOfBytes(encodeCbor(identityShape.encode(shown))),
      role,
    }),
  });
  const answer: unknown = await response.json();
  return Object(answer).code ?? 'accepted';
}

const otherKem = async () => (await xwingKeyFromSeed(randomBytes(32))).publicKey;

for (const [name, hospital, role, change, code] of [
  ['at another hospital', 'harbour', 'patient', async () => ({}), 'IDENTITY_WRONG'],
  ['in another role', 'north', 'clinician', async () => ({}), 'IDENTITY_WRONG'],
  ['a second time', 'north', 'patient', async () => ({}), 'ACCOUNT_EXISTS'],
  [
    'with the attacker’s key for sealing',
    'north',
    'patient',
    async () => ({ kemKey: await otherKem() }),
    'IDENTITY_WRONG',
  ],
  [
    'with the attacker’s way back from a freeze',
    'north',
    'patient',
    async () => ({ recovery: randomBytes(32) }),
    'IDENTITY_WRONG',
  ],
  [
    'with the attacker’s signature',
    'north',
    'patient',
    async () => ({ signature: randomBytes(64) }),
    'IDENTITY_WRONG',
  ],
] as const) {
  test(`a key that stands on the ledger for all to see is not enrolled ${name}: ${code}`, async () => {
    assert.equal(await enrol(hospital, role, { ...identity, ...(await change()) }), code);
  });
}

test('a point that belongs to somebody else is not enrolled: its proof is bound to the key', async () => {
  const { organisation } = consortium.gateway('north').options;
  const keys = await deriveAccountKeys(randomBytes(32), organisation, 0);
  const bound = {
    chainId: consortium.chainId,
    organisation,
    role: 'patient',
    recovery: noRecovery,
  };
  const own = await enrolmentIdentity(keys, { ...bound, role: 'patient' });
  const stolen = { ...own, point: identity.point, pointProof: identity.pointProof };
  assert.equal(await enrol('north', 'patient', stolen), 'IDENTITY_WRONG');
});

test('a hospital does not enrol past its own gateway what is not signed for it: no block takes it', async () => {
  // The rule itself refuses; it does not matter which gateway the hospital runs.
  const credentialHash = randomBytes(32);
  const act = { kind: 'Enrol', identity, role: 'patient', credentialHash } as const;
  const refused = { actual: refusalNumber('IDENTITY_WRONG') };
  await assert.rejects(sendAsHospital(consortium, 'harbour', [act]), refused);
});

const newcomer = async () => {
  const http = { fetch: middle.fetch, retryDelaysMs: [] };
  const store = memoryWalletStore();
  return (await Person.create({ store, passphrase, name: 'Bo' }, { http })).person;
};
const enrolmentAt = async (hospital: string) => ({
  gatewayUrl: consortium.url(hospital),
  invitation: await consortium.invite(hospital, 'patient'),
  role: 'patient' as const,
});

test('a gateway that says it enrolled and did not is caught: GATEWAY_LIED names the account', async () => {
  const person = await newcomer();
  const card = textOfBytes(ana.person.card());
  middle.instead = ({ name }) =>
    name === 'POST /v1/enrol'
      ? Response.json({ txId: '00'.repeat(32), height: 3, card })
      : undefined;
  const error = await caught(person.enrol(await enrolmentAt('north')), 'GATEWAY_LIED');
  assert.match(String(error.details.account), /^[0-9a-f]{64}$/);
});

test('a gateway that enrols an identity of an attempt before, without the way back, is caught', async () => {
  // The first attempt was to have no printed code; the gateway refuses it, and keeps what was signed.
  const shown: string[] = [];
  const lying = async (url: string, init: RequestInit): Promise<Response> => {
    if (!url.endsWith('/v1/enrol')) return fetch(url, init);
    const body: Record<string, unknown> = JSON.parse(String(init.body));
    shown.push(String(body.identity));
    if (shown.length === 1) return Response.json({}, { status: 503 });
    return fetch(url, { ...init, body: JSON.stringify({ ...body, identity: shown[0] }) });
  };
  const options = { http: { fetch: lying, retryDelaysMs: [] } };
  const store = memoryWalletStore();
  const { person } = await Person.create({ store, passphrase, name: 'Bo' }, options);
  const enrolment = await enrolmentAt('north');
  await assert.rejects(person.enrol({ ...enrolment, withoutCopy: true }));
  const error = await caught(person.enrol(enrolment), 'GATEWAY_LIED');
  assert.equal(error.details.reason, 'identity');
  assert.notEqual(shown[0], shown[1]);
  assert.deepEqual(
    person.accounts.map(({ enrolled }) => enrolled),
    [false],
  );
});

test('a gateway that gives the card of somebody else is caught: GATEWAY_LIED', async () => {
  const person = await newcomer();
  middle.lie = changing(/POST \/v1\/enrol/, (body) => {
    body.card = textOfBytes(ana.person.card());
  });
  await caught(person.enrol(await enrolmentAt('north')), 'GATEWAY_LIED');
});

test('a gateway that names itself as another hospital of the ledger is caught', async () => {
  // It would make the person sign an identity for that hospital, and pass it on as an enrolment there.
  const person = await newcomer();
  const { organisation, name } = consortium.gateway('harbour').options;
  middle.lie = changing(/GET \/v1\/who/, (body) => Object.assign(body, { organisation, name }));
  const error = await caught(person.enrol(await enrolmentAt('north')), 'IDENTITY_WRONG');
  assert.ok(isCoded(error));
});

test('a gateway that gives itself another name than the ledger has for it is caught', async () => {
  const person = await newcomer();
  middle.lie = changing(/GET \/v1\/who/, (body) => {
    body.name = 'Harbour Clinic';
  });
  await caught(person.enrol(await enrolmentAt('north')), 'TRUST_ROOT_WRONG');
});

test('a gateway that swaps the card in its directory cannot name another: CARD_INVALID', async () => {
  const doctor = await consortium.person('Dr A', 'north', 'clinician');
  const impostor = await consortium.person('Dr B', 'north', 'clinician');
  const card = textOfBytes(impostor.person.card().map((byte, i) => (i === 60 ? byte ^ 1 : byte)));
  middle.lie = changing(/GET \/v1\/cards/, (body) => {
    body.card = card;
  });
  const person = await middle.serve(ana);
  await caught(person.findCard(doctor.person.account().account), 'CARD_INVALID');
});

test('a gateway that gives the true card of another for the one that was asked for is caught', async () => {
  // A patient asked for Dr A's card and would grant to Dr B.
  const doctor = await consortium.person('Dr C', 'north', 'clinician');
  const impostor = await consortium.person('Dr D', 'north', 'clinician');
  middle.lie = changing(/GET \/v1\/cards/, (body) => {
    body.card = textOfBytes(impostor.person.card());
  });
  const person = await middle.serve(ana);
  await caught(person.findCard(doctor.person.account().account), 'GATEWAY_LIED');
});
