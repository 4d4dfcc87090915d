import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { randomBytes } from '../../src/crypto/random.ts';
import { sealMessage } from '../../src/sdk/client/messages.ts';
import { signLetter } from '../../src/sdk/grants/letter.ts';
import { Vault } from '../../src/sdk/wallet/vault.ts';
import { type Consortium, passphrase, startConsortium } from '../e2e/consortium.ts';
import { Hostile } from './found/hostile.ts';
import { bytesOfWords } from './middle.ts';

/**
 * Who took a patient's wallet before she changed her keys signs letters that look newer than hers, under her old key and
 * with her old seeds: a doctor who took one of them could write no more.
 *
 * Claim: a letter takes the place of another only with the write key that the ledger has for the grant since the last
 * change of keys.
 */
let town: Consortium;
before(async () => {
  town = await startConsortium();
});
after(() => town.stop());

const note = (words: string) =>
  ({
    recordClass: 'note',
    mediaType: 'text/plain',
    name: 'n',
    bytes: bytesOfWords(words),
  }) as const;

test('No letter under an old key displaces the one that writes, whichever comes first', async () => {
  const ana = await town.person('Ana', 'north', 'patient');
  const doctor = await town.person('Dr Osei', 'north', 'clinician');
  await ana.person.addCard(doctor.person.card());
  const { consent } = await ana.person.grant({
    ...{ grantee: 'Dr Osei', readClasses: ['note'], writeClasses: ['note'], purposes: ['TREAT'] },
    notAfterMs: town.now() + 86_400_000,
  });
  await doctor.person.inbox();
  const { content } = await Vault.open(ana.store, passphrase);
  const stolen = content.grants.find((it) => it.consent === consent);
  assert.ok(stolen);
  const old = (await Hostile.of(town, ana)).keys;
  const mallory = await Hostile.enrolled(town, 'Mallory');
  const grantee = doctor.person.account().account;
  const { kemKey } = await town.gateway('north').view.identity(grantee);
  const forgeAll = async () => {
    for (const [ownerGeneration, granteeGeneration] of generationsToClaim) {
      for (const writeSeed of [stolen.writeSeed, randomBytes(32)]) {
        const claimed = { ownerGeneration, granteeGeneration, writeSeed, tagKey: randomBytes(32) };
        const ownerCard = new Uint8Array(0);
        const letter = await signLetter(old.sign, { ...stolen, ...claimed, ownerCard });
        const sealed = await sealMessage(kemKey, grantee, letter);
        assert.equal(await mallory.message(grantee, sealed), 'accepted');
      }
    }
  };
  // Once before hers and once after; in between he looks.
  await forgeAll();
  await ana.person.rotate();
  await forgeAll();
  await doctor.person.inbox();
  await doctor.person.write(consent, [note('written')]);
  const records = (await ana.person.listRecords()).filter((it) => it.state === 'live');
  assert.equal(records.length, 1);
  const read = await doctor.person.readShared(consent);
  assert.equal(read.records.length, 1);
});

const generationsToClaim = [
  [0, 1],
  [1, 0],
  [1, 1],
  [99, 0],
  [0, 99],
] as const;
