import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { encodeGrantBody, grantBodyHash } from '../../../src/api/grant-body.ts';
import { randomBytes } from '../../../src/crypto/random.ts';
import { type ConsentId, consentIdOf } from '../../../src/primitives/ids.ts';
import { sealMessage } from '../../../src/sdk/client/messages.ts';
import { Person } from '../../../src/sdk/index.ts';
import { maxEnvelopeSetBytes, sealEnvelopeSet } from '../../../src/sdk/keys/envelope-set.ts';
import { encodeWalletContent } from '../../../src/sdk/wallet/content.ts';
import { readWallet } from '../../../src/sdk/wallet/sealed-wallet.ts';
import { Vault } from '../../../src/sdk/wallet/vault.ts';
import {
  type Consortium,
  type Enrolled,
  passphrase,
  startConsortium,
} from '../../e2e/consortium.ts';
import { Hostile } from './hostile.ts';
import { anyLetter } from './hostile-letter.ts';

/**
 * A patient's envelope for one doctor holds far more than the grant can have; he reads under that grant once. Five
 * thousand keys stand for the million, which our own sealer would not seal any more.
 */
let town: Consortium;
let mal: Hostile;
let doctor: Enrolled;
before(async () => {
  town = await startConsortium();
  mal = await Hostile.enrolled(town, 'Mallory');
  doctor = await town.person('Dr Good', 'north', 'clinician');
});
after(() => town.stop());

/** Of all that the wallet holds, in its file and beside it. */
const heldBytes = async (): Promise<number> =>
  encodeWalletContent((await readWallet(doctor.store, passphrase)).content).length;

interface Inside {
  readonly segments: readonly { readonly class: string; readonly epoch: number }[];
  readonly openings: number;
}

/** A true grant with a KeySet that schedules one epoch; `inside` is what its envelope claims, or the whole set. */
async function granted(inside: Inside | Uint8Array): Promise<ConsentId> {
  const target = doctor.person.account().account;
  const { kemKey } = await town.gateway('north').view.identity(target);
  const [consent, salt, tagKey] = [consentIdOf(randomBytes(16)), randomBytes(32), randomBytes(32)];
  const body = encodeGrantBody({
    ...{ account: mal.account, grantee: target, readClasses: ['lab'], recordIds: [], fromMs: 0 },
    ...{ writeClasses: [], purposes: ['TREAT'] },
  });
  const times = { notBeforeMs: town.now() - 60_000, notAfterMs: town.now() + 86_400_000 };
  const keySetBlob = await mal.putBlob(randomBytes(500));
  const secret = randomBytes(32);
  const set =
    inside instanceof Uint8Array
      ? inside
      : await sealEnvelopeSet(
          keySetBlob,
          [
            {
              ...{ consent, tagKey, kemKey },
              openings: Array.from({ length: inside.openings }, () => ({
                record: mal.recordId(),
                secret,
              })),
              segments: inside.segments.map((it) => ({ ...it, secret })),
            },
          ],
          async () => kemKey,
        );
  const envelopeSetBlob = await mal.putBlob(set);
  const after = (await town.gateway('north').view.account(mal.account))?.highestEpoch ?? 0;
  await mal.send([
    {
      ...{ kind: 'ConsentGrant', consent, bodyHash: grantBodyHash(salt, body), ...times },
      writeKey: new Uint8Array(0),
    },
    {
      ...{ kind: 'KeySet', after, salt: randomBytes(16), keySetBlob, envelopeSetBlob },
      schedule: [{ epoch: after + 1, validFromMs: 0 }],
    },
  ]);
  const signed = await anyLetter(mal.keys.sign, {
    ...{ consent, body, salt, tagKey, writeSeed: new Uint8Array(0), ...times },
    ownerCard: mal.card,
  });
  assert.equal(await mal.message(target, await sealMessage(kemKey, target, signed)), 'accepted');
  await doctor.person.inbox();
  return consent;
}

/** He reads, and afterwards his wallet opens and does what it did. */
async function readsAndGoesOn(consent: ConsentId): Promise<number> {
  const before = await heldBytes();
  await doctor.person.readShared(consent);
  const grown = (await heldBytes()) - before;
  const again = await Person.open({ store: doctor.store, passphrase }, { now: town.now });
  await again.sync();
  return grown;
}

test('five thousand keys in an envelope of one class and one epoch: none is taken in, and nothing is lost', async () => {
  const segments = Array.from({ length: 5_000 }, (_, at) => ({ class: 'lab', epoch: at + 1 }));
  const consent = await granted({ segments, openings: 0 });
  assert.ok((await readsAndGoesOn(consent)) < 4_096);
  await doctor.person.rotate();
});

test('an envelope set above the limit is not taken in: the read goes on without it', async () => {
  const consent = await granted(randomBytes(maxEnvelopeSetBytes + 1));
  assert.ok((await readsAndGoesOn(consent)) < 4_096);
});

test('of what fits, only classes of the grant, epochs of the ledger, and each once', async () => {
  const [highest = 0] = [(await town.gateway('north').view.account(mal.account))?.highestEpoch];
  const next = highest + 1;
  const consent = await granted({
    segments: [
      { class: 'lab', epoch: next },
      { class: 'lab', epoch: next },
      { class: 'genetic', epoch: next },
      { class: 'lab', epoch: next + 1 },
    ],
    openings: 3,
  });
  await readsAndGoesOn(consent);
  const { content } = await Vault.open(doctor.store, passphrase);
  const held = content.segments.filter((it) => it.consent === consent);
  assert.deepEqual(
    held.map((it) => [it.class, it.epoch]),
    [['lab', next]],
  );
  assert.equal(content.openings.filter((it) => it.consent === consent).length, 3);
});
