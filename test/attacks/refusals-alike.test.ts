import assert from 'node:assert/strict';
import { StatementSync } from 'node:sqlite';
import { after, before, mock, test } from 'node:test';
import { textOfBytes } from '../../src/api/message-parts.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import { identity as identityShape } from '../../src/ledger/identity.ts';
import { bytesToHex } from '../../src/primitives/bytes.ts';
import { encodeAs } from '../../src/primitives/shape.ts';
import { deriveAccountKeys, enrolmentIdentity, noRecovery } from '../../src/sdk/wallet/identity.ts';
import { blobIdOf } from '../../src/storage/blob-id.ts';
import { type Answer, Person } from '../gateway/person.ts';
import { type Sealed, sealedItem } from '../gateway/sealed.ts';
import { openTown, type Town, townChain } from '../gateway/town.ts';

/**
 * The attacker asks for what he may not know of, and looks how he is refused: by code, by bytes, and by how long it took.
 *
 * Claim: what is not there and what is not his are refused in the same bytes after the same work. Time is not measured:
 * the work is, as the statements that the databases run for it.
 */
let town: Town;
let ana: Person;
let eve: Person;
let item: Sealed;
let erased: Sealed;
let waiting: Sealed;

before(async () => {
  town = await openTown();
  ana = await Person.enrolled(town, town.north, 'patient');
  eve = await Person.enrolled(town, town.north, 'clinician');
  await ana.keySet();
  [item, erased, waiting] = [sealedItem('lab'), sealedItem('lab'), sealedItem('lab')];
  await ana.keep([item, erased]);
  await ana.erase([erased.leaf]);
  await ana.deliver([waiting]);
  const doctor = await Person.enrolled(town, town.south, 'clinician');
  await doctor.call('POST', '/v1/inbox', {
    json: { message: await doctor.message(ana.account, randomBytes(50)) },
  });
  await eve.signIn();
});
after(() => town.close());

/** Of the tables that are asked; blocks come by themselves meanwhile. */
const asked = /\b(blobs|claims|named_sets|items|deliveries|kept_rows|cards|inbox|invitations)\b/;

/** An answer without the ids that the question held, and what the databases ran for it. */
async function workOf(ask: () => Promise<Answer>): Promise<unknown> {
  const ran: string[] = [];
  const methods = (['get', 'all', 'run'] as const).map((name) => {
    const honest = StatementSync.prototype[name];
    return mock.method(
      StatementSync.prototype,
      name,
      function (this: StatementSync, ...values: never) {
        if (asked.test(this.sourceSQL)) ran.push(this.sourceSQL.replaceAll(/\s+/g, ' '));
        return (honest as (...values: never) => unknown).apply(this, values);
      },
    );
  });
  try {
    const { status, bytes } = await ask();
    const said = bytes.toString().replaceAll(/"(bafk|bafy)[a-z2-7]+"|"[0-9a-f]{32,}"/g, '"ID"');
    return { status, said, ran };
  } finally {
    for (const method of methods) method.mock.restore();
  }
}

const blob = (id: string) => () => eve.call('GET', `/v1/blobs/${id}`);
const naming = (body: Uint8Array) => () =>
  eve.postItems({ account: eve.account, epoch: 1, consent: [] }, [sealedItem('other', { body })]);
const card = (account: string) => () => eve.call('GET', `/v1/cards/${account}`);
const drop = (id: number) => () => eve.call('DELETE', `/v1/inbox/${id}`);
const challenge = (account: string) => async (): Promise<Answer> => {
  const answer = await eve.call('POST', '/v1/session', { json: { account }, anonymous: true });
  return { ...answer, bytes: Buffer.from(`${answer.bytes.length}`) };
};
const unknown = () => bytesToHex(randomBytes(32));

const cases: readonly (readonly [string, () => readonly (() => Promise<Answer>)[]])[] = [
  [
    'a body: nobody’s, somebody’s, erased, waiting for its anchor',
    () => [
      blob(blobIdOf(randomBytes(300))),
      ...[item, erased, waiting].map(({ blobId }) => blob(blobId)),
    ],
  ],
  [
    'rows that name a body: nobody’s, somebody’s, erased, waiting',
    () => [naming(randomBytes(300)), ...[item, erased, waiting].map(({ body }) => naming(body))],
  ],
  ['a card: nobody’s, a patient’s', () => [card(unknown()), card(ana.account)]],
  ['a message in an inbox: none, another’s', () => [drop(1_000_000), drop(1)]],
  ['a challenge: for nobody, for a patient', () => [challenge(unknown()), challenge(ana.account)]],
];

for (const [name, asks] of cases) {
  test(`${name}: the same answer after the same work`, async () => {
    const works: unknown[] = [];
    for (const ask of asks()) works.push(await workOf(ask));
    assert.match(JSON.stringify(works[0]), /"status":(404|200)/);
    for (const work of works) assert.deepEqual(work, works[0]);
  });
}

test('a code: never given, ended: the same answer after the same work', async () => {
  const { organisation, deskToken } = town.north;
  const keys = await deriveAccountKeys(randomBytes(32), organisation, 0);
  const role = 'patient' as const;
  const bound = { chainId: townChain, organisation, role, recovery: noRecovery };
  const identity = textOfBytes(encodeAs(identityShape, await enrolmentIdentity(keys, bound)));
  const desk = (method: 'GET' | 'DELETE', path: string) =>
    town.app.inject({
      method,
      url: `/north${path}`,
      headers: { authorization: `Desk ${deskToken}` },
    });
  const ended = await ana.invitation(role, 'Ended');
  const { invitations } = (await desk('GET', '/v1/invitations')).json();
  await desk('DELETE', `/v1/invitations/${invitations[0].id}`);
  const works: unknown[] = [];
  for (const invitation of ['A'.repeat(22), ended]) {
    const json = { invitation, role, identity };
    works.push(await workOf(() => eve.call('POST', '/v1/enrol', { json, anonymous: true })));
  }
  assert.match(JSON.stringify(works[0]), /INVITATION_INVALID/);
  for (const work of works) assert.deepEqual(work, works[0]);
});
