import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { encodeErase } from '../../src/api/erase.ts';
import { encodeInboxMessage } from '../../src/api/inbox-message.ts';
import { encodeItemsOrder } from '../../src/api/item.ts';
import { bytesOfText, textOfBytes } from '../../src/api/message-parts.ts';
import { encodeReadRequest } from '../../src/api/read-request.ts';
import { encodeSessionProof } from '../../src/api/session.ts';
import { type Label, labels } from '../../src/crypto/labels.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import { signLabelled } from '../../src/crypto/signature.ts';
import { encodeTx, encodeTxBody } from '../../src/ledger/codec.ts';
import { identity as identityShape, identitySignedBytes } from '../../src/ledger/identity.ts';
import { suite } from '../../src/ledger/object-types.ts';
import type { TxBody } from '../../src/ledger/tx.ts';
import { encodeAs } from '../../src/primitives/shape.ts';
import { deriveAccountKeys, enrolmentIdentity, noRecovery } from '../../src/sdk/wallet/identity.ts';
import { type Answer, accepted, codeOf, type Grant, Person } from '../gateway/person.ts';
import { rootOf, type Sealed, sealedItem } from '../gateway/sealed.ts';
import { openTown, type Town, townChain } from '../gateway/town.ts';

/**
 * The attacker gets somebody to sign for one purpose what he shows for another: one key signs sessions, transactions,
 * reads, messages, orders to erase and identities.
 *
 * Claim: at every door, the right bytes signed by the right key under any other label are refused.
 */
let town: Town;
let ana: Person;
let doctor: Person;
let grant: Grant;
let items: readonly Sealed[];

before(async () => {
  town = await openTown();
  ana = await Person.enrolled(town, town.north, 'patient');
  doctor = await Person.enrolled(town, town.north, 'clinician');
  await ana.keySet();
  grant = await ana.grant(doctor.account, { writeClasses: ['diagnosis'] });
  items = [sealedItem('diagnosis')];
  for (const { body } of items) await doctor.putBlob(body);
});
after(() => town.close());

/** Every label that signs. */
const signing: readonly Label[] = Object.values(labels).filter((label) =>
  new RegExp(`^\\| \`${label}\` \\| [^|]*signature`, 'm').test(
    readFileSync(new URL('../../docs/protocol/labels.md', import.meta.url), 'utf8'),
  ),
);

let nonce = 100;
const post = (path: string, json: unknown) => ana.call('POST', path, { json, anonymous: true });

async function session(label: Label): Promise<Answer> {
  const { account } = ana;
  const { challenge } = accepted<{ challenge: string }>(await post('/v1/session', { account }));
  const { organisation } = town.north;
  const stated = { chainId: townChain, organisation, account, challenge: bytesOfText(challenge) };
  const signature = await signLabelled(ana.keys.sign, label, encodeSessionProof(stated));
  const publicKey = textOfBytes(ana.keys.sign.publicKey);
  return post('/v1/session', { account, challenge, publicKey, signature: textOfBytes(signature) });
}

async function transaction(label: Label): Promise<Answer> {
  const body: TxBody = {
    ...{ suite, chainId: townChain, sender: ana.account, nonce: ++nonce },
    log: 'user',
    validUntilMs: Date.now() + 60_000,
    acts: [{ kind: 'ConsentRevoke', consent: grant.consent }],
  };
  const { publicKey } = ana.keys.sign;
  const signature = await signLabelled(ana.keys.sign, label, encodeTxBody(body));
  const tx = encodeTx({ body, signatures: [{ publicKey, signature }] });
  return post('/v1/tx', { tx: textOfBytes(tx) });
}

async function read(label: Label): Promise<Answer> {
  const bytes = encodeReadRequest(doctor.request(grant, town.north));
  return post('/v1/read', { request: await doctor.signed(label, bytes) });
}

async function message(label: Label): Promise<Answer> {
  const bytes = encodeInboxMessage({
    ...{ chainId: townChain, to: doctor.account, from: ana.account },
    ...{ fromKey: ana.keys.sign.publicKey, sealed: randomBytes(50), sentMs: Date.now() },
  });
  return post('/v1/inbox', { message: await ana.signed(label, bytes) });
}

async function erasure(label: Label): Promise<Answer> {
  const bytes = encodeErase({
    ...{ chainId: townChain, account: ana.account, accountKey: ana.keys.sign.publicKey },
    ...{ leaves: [randomBytes(32)], issuedMs: Date.now() },
  });
  return post('/v1/erase', { erase: await ana.signed(label, bytes) });
}

async function delivery(label: Label): Promise<Answer> {
  assert.ok(grant.writeKey);
  const { consent, body, salt } = grant;
  const count = items.length;
  const order = { account: ana.account, consent, epoch: 1, root: rootOf(items), count };
  const signature = await signLabelled(grant.writeKey, label, encodeItemsOrder(order));
  const head = {
    account: ana.account,
    epoch: 1,
    consent: [{ id: consent, body, salt, signature }],
  };
  return doctor.postItems(head, items);
}

async function identity(label: Label): Promise<Answer> {
  const { organisation } = town.north;
  const keys = await deriveAccountKeys(randomBytes(32), organisation, 0);
  const role = 'patient' as const;
  const bound = { chainId: townChain, organisation, role, recovery: noRecovery };
  const signed = await enrolmentIdentity(keys, bound);
  const bytes = identitySignedBytes(signed, townChain, organisation, role);
  const signature = await signLabelled(keys.sign, label, bytes);
  const shown = textOfBytes(encodeAs(identityShape, { ...signed, signature }));
  return post('/v1/enrol', { invitation: await ana.invitation(role), identity: shown, role });
}

const doors: readonly (readonly [string, Label, string, (label: Label) => Promise<Answer>])[] = [
  ['a session', labels.sessionSign, 'SIGNATURE_WRONG', session],
  ['a read', labels.readSign, 'SIGNATURE_WRONG', read],
  ['a message', labels.inboxSign, 'SIGNATURE_WRONG', message],
  ['an order to erase', labels.eraseSign, 'SIGNATURE_WRONG', erasure],
  ['a delivery under a grant', labels.itemsSign, 'SIGNATURE_WRONG', delivery],
  ['an identity', labels.identitySign, 'IDENTITY_WRONG', identity],
  ['a transaction', labels.txSign, 'SIGNATURE_WRONG', transaction],
];

for (const [name, own, code, knock] of doors) {
  test(`${name} that is signed for anything else is refused: ${code}`, async () => {
    assert.ok(signing.length >= 13 && signing.includes(own));
    for (const label of signing.filter((it) => it !== own)) {
      assert.equal(codeOf(await knock(label)), code, label);
    }
    // What was refused was right but for that. (An order to erase names a leaf that is not there.)
    assert.notEqual(codeOf(await knock(own)), code);
  });
}
