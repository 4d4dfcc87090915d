import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { encodeGrantBody } from '../../../src/api/grant-body.ts';
import { randomBytes } from '../../../src/crypto/random.ts';
import { decodeReceipt } from '../../../src/ledger/chain/receipt.ts';
import { decodeTx } from '../../../src/ledger/codec.ts';
import { utf8 } from '../../../src/primitives/bytes.ts';
import type { AccountId } from '../../../src/primitives/ids.ts';
import { consentIdOf } from '../../../src/primitives/ids.ts';
import { Context } from '../../../src/sdk/client/context.ts';
import { Person } from '../../../src/sdk/index.ts';
import { openEnvelope } from '../../../src/sdk/keys/envelope-set.ts';
import type { OwnGrant, WalletContent } from '../../../src/sdk/wallet/content.ts';
import { deriveAccountKeys, rootSecretOf } from '../../../src/sdk/wallet/identity.ts';
import { Vault } from '../../../src/sdk/wallet/vault.ts';
import {
  type Consortium,
  type Enrolled,
  fileOf,
  passphrase,
  startConsortium,
} from '../../e2e/consortium.ts';
import { copiedStore, memoryWalletStore } from '../../wallet-store.ts';

/**
 * Somebody copied a wallet once, and wrote a copy of his own to the hospital before its owner changed her keys. What he
 * wrote merges into hers; none of it may give him what is written after the change.
 */
let town: Consortium;
before(async () => {
  town = await startConsortium();
});
after(() => town.stop());

const year = 365 * 86_400_000;

async function poison(
  eve: Enrolled,
  edit: (content: WalletContent) => WalletContent,
): Promise<void> {
  const vault = await Vault.open(copiedStore(eve.store), passphrase);
  const [account] = vault.content.accounts;
  assert.ok(account);
  const his = new Context(vault, account, { now: town.now });
  await vault.change(edit);
  await his.copies.keep();
}

const contentOf = async ({ store }: Enrolled): Promise<WalletContent> =>
  (await Vault.open(store, passphrase)).content;

/** Whether the set of her next keys has something for him under this grant. */
async function isEnveloped(receipt: Uint8Array, his: Enrolled, grant: OwnGrant): Promise<boolean> {
  const keySet = decodeTx(decodeReceipt(receipt).tx).body.acts.find((it) => it.kind === 'KeySet');
  assert.ok(keySet?.kind === 'KeySet');
  const set = await town.gateway('north').options.blobs.read(keySet.envelopeSetBlob);
  const content = await contentOf(his);
  const [account] = content.accounts;
  const [generation] = account?.generations ?? [];
  assert.ok(account && generation);
  const root = rootSecretOf(content, generation.rootId);
  const { kem } = await deriveAccountKeys(root, account.organisation, generation.index);
  const opened = await openEnvelope(set, keySet.keySetBlob, {
    ...{ consent: grant.consent, tagKey: grant.tagKey, kemKeys: [kem], mostSegments: 1_000 },
  });
  return (opened?.segments.length ?? 0) > 0;
}

function grantFor(account: AccountId, grantee: AccountId, organisation: AccountId): OwnGrant {
  const nowMs = town.now();
  const body = encodeGrantBody({
    ...{ account, grantee, readClasses: ['other'], recordIds: [], fromMs: 0 },
    ...{ writeClasses: [], purposes: ['TREAT'] },
  });
  return {
    ...{ account, grantee, granteeName: 'Dr Good', granteeOrganisation: organisation },
    ...{ consent: consentIdOf(randomBytes(16)), granteeKemHash: new Uint8Array(32).fill(255) },
    ...{ body, salt: randomBytes(32), tagKey: randomBytes(32), writeSeed: new Uint8Array(0) },
    ...{ notBeforeMs: nowMs - 60_000, notAfterMs: nowMs + year, confirmed: true, ended: false },
    ...{ takenBackMs: 0, owesKeys: 0, ownerGeneration: 0, granteeGeneration: 0 },
  };
}

test('A grant that the ledger never had gets no keys', async () => {
  const eve = await town.person('Eve', 'north', 'patient');
  const thief = await town.person('Thief', 'harbour', 'clinician');
  const { account, organisation } = eve.person.account();
  const invented = grantFor(account, thief.person.account().account, organisation);
  await poison(eve, (content) => ({ ...content, grants: [...content.grants, invented] }));
  await eve.person.sync();
  const { receipt } = await eve.person.rotate();
  assert.deepEqual(
    (await eve.person.grants()).map((it) => it.granteeName),
    [],
    'she does not see it',
  );
  assert.equal(await isEnveloped(receipt, thief, invented), false);
});

test('A grant is what its owner gave, whatever a copy says of it', async () => {
  const eve = await town.person('Eve', 'north', 'patient');
  const doctor = await town.person('Dr Good', 'north', 'clinician');
  const thief = await town.person('Thief', 'harbour', 'clinician');
  await eve.person.addCard(doctor.person.card());
  const { grant: given } = await eve.person.grant({
    ...{ grantee: 'Dr Good', readClasses: ['other'], purposes: ['TREAT'] },
    notAfterMs: town.now() + year,
  });
  const { account, organisation } = eve.person.account();
  const { consent } = given;
  const swapped = { ...grantFor(account, thief.person.account().account, organisation), consent };
  await poison(eve, (content) => ({
    ...content,
    grants: content.grants.map((it) => (it.consent === consent ? swapped : it)),
  }));
  await eve.person.sync();
  const { receipt } = await eve.person.rotate();
  assert.equal(await isEnveloped(receipt, thief, swapped), false, 'the thief');
  assert.equal(await isEnveloped(receipt, doctor, given), true, 'the doctor');
});

test('Which ledger a wallet believes, how far it has seen it and where its hospital answers, no copy says', async () => {
  const eve = await town.person('Eve', 'north', 'patient');
  await eve.person.sync();
  const before = await contentOf(eve);
  await poison(eve, (content) => ({
    ...content,
    accounts: content.accounts.map((it) => ({
      ...{ ...it, gatewayUrl: 'https://zz.example', organisationName: 'zz' },
      card: new Uint8Array([...it.card, 0]),
    })),
    trust: content.trust.map((it) => ({
      ...{ ...it, height: it.height + 1_000_000, headerHash: new Uint8Array(32).fill(7) },
      rootJson: it.rootJson.replace(/"validatorsHash":"[^"]{8}/, '"validatorsHash":"00000000'),
      gateways: it.gateways.map((gateway) => ({ ...gateway, url: 'https://zz.example' })),
    })),
  }));
  const reopened = () => Person.open({ store: eve.store, passphrase }, { now: town.now });
  await eve.person.sync().catch(() => undefined);
  const now = await contentOf(eve);
  assert.deepEqual(now.accounts, before.accounts);
  assert.deepEqual(
    now.trust.map(({ rootJson, gateways }) => [rootJson, gateways]),
    before.trust.map(({ rootJson, gateways }) => [rootJson, gateways]),
  );
  await (await reopened()).sync();
});

test('Which root a KeySet derives from is known once, and no copy says it anew', async () => {
  const eve = await town.person('Eve', 'north', 'patient');
  const { items } = await eve.person.addFile(fileOf('hers.txt', utf8('hers')));
  const [item] = items;
  assert.ok(item);
  await poison(eve, (content) => {
    const roots = content.roots.map((it) => ({
      ...it,
      ...{ id: 'ffffffffffffffff', secret: randomBytes(32) },
    }));
    const keySets = ['ffffffffffffffff', 'fffffffffffffffe'].flatMap((rootId, at) =>
      content.keySets.map((it) => ({ ...it, after: it.after + 1 + at, rootId })),
    );
    return {
      ...content,
      roots: [...content.roots, ...roots],
      keySets: [...content.keySets, ...keySets],
    };
  });
  await eve.person.sync();
  await eve.person.rotate();
  const reopened = await Person.open({ store: eve.store, passphrase }, { now: town.now });
  await reopened.openRecord(item.recordId);
});

test('Who comes back with the printed code goes on asking the hospital that she named', async () => {
  const eve = await town.person('Eve', 'north', 'patient');
  await poison(eve, (content) => ({
    ...content,
    accounts: content.accounts.map((it) => ({ ...it, gatewayUrl: 'https://zz.example' })),
  }));
  const gatewayUrl = town.url('north');
  const place = { store: memoryWalletStore(), passphrase, code: eve.code, gatewayUrl };
  const back = await Person.recover(place, { now: town.now });
  assert.equal(back.account().gatewayUrl, gatewayUrl);
});

test('A copy at one hospital ends no grant at another, and puts nothing on its way', async () => {
  const eve = await town.person('Eve Two', 'north', 'patient');
  const doctor = await town.person('Dr Two', 'north', 'clinician');
  await eve.person.addCard(doctor.person.card());
  const invitation = await town.invite('harbour', 'patient');
  const gatewayUrl = town.url('harbour');
  await eve.person.enrol({ gatewayUrl, invitation, role: 'patient', code: eve.code });
  const [north, harbour] = eve.person.accounts.map(({ account }) => account);
  assert.ok(north && harbour);
  const { consent } = await eve.person.grant(
    {
      ...{ grantee: 'Dr Two', readClasses: ['other'], purposes: ['TREAT'] },
      notAfterMs: town.now() + year,
    },
    { as: north },
  );
  const vault = await Vault.open(copiedStore(eve.store), passphrase);
  const there = vault.content.accounts.find(({ account }) => account === harbour);
  assert.ok(there);
  const his = new Context(vault, there, { now: town.now });
  await vault.change((content) => ({
    ...content,
    grants: content.grants.map((it) => ({ ...it, takenBackMs: 1, ended: true, owesKeys: 2 })),
  }));
  await his.copies.keep();
  await eve.person.sync({ as: harbour });
  await eve.person.sync({ as: north });
  const grants = await eve.person.grants({ as: north });
  assert.equal(grants.find((it) => it.consent === consent)?.state, 'live');
  const { content } = await Vault.open(eve.store, passphrase);
  const held = content.grants.find((it) => it.consent === consent);
  assert.deepEqual([held?.takenBackMs, held?.ended, held?.owesKeys], [0, false, 0]);
});
