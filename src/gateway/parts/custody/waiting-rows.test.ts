import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { accepted, codeOf, type Grant, Person } from '../../../../test/gateway/person.ts';
import { rootOf, sealedItem } from '../../../../test/gateway/sealed.ts';
import { openTown, type Town } from '../../../../test/gateway/town.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { noRecovery } from '../../../ledger/recovery.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { deriveAccountKeys, rotationIdentity } from '../../../sdk/wallet/identity.ts';
import type { GatewaySettings } from '../../settings.ts';
import { custody } from './custody.ts';

const towns: Town[] = [];
after(async () => {
  for (const town of towns) await town.close();
});

const mayWrite = { readClasses: [], writeClasses: ['iot'] } as const;
const sealed = (count: number) => Array.from({ length: count }, () => sealedItem('iot'));

async function peopleUnder(settings: Partial<GatewaySettings>) {
  const town = await openTown(settings);
  towns.push(town);
  const device = await Person.enrolled(town, town.north, 'device');
  const patient = async (name: string) => {
    const person = await Person.enrolled(town, town.north, 'patient', name);
    await person.keySet();
    return { person, grant: await person.grant(device.account, mayWrite) };
  };
  const [ana, bea] = [await patient('ana'), await patient('bea')];
  return { town, device, ana, bea };
}

/** How many deliveries of so many rows are taken, of at most eight. */
async function taken(deliver: () => Promise<unknown>): Promise<number> {
  for (let count = 0; count < 8; count++) {
    const code = await deliver();
    if (code === 'QUOTA_EXCEEDED') return count;
    assert.equal(code, 'accepted');
  }
  return 8;
}

const cases: readonly [string, Partial<GatewaySettings>, readonly [number, number, number]][] = [
  ['rows under one grant', { maxPendingRowsOfGrant: 6 }, [3, 3, 8]],
  ['deliveries under one grant', { maxPendingPostsOfGrant: 3 }, [3, 3, 8]],
  ['bytes under one grant', { maxPendingBytesOfGrant: 3_650 }, [3, 3, 8]],
  ['rows of one writer, in all charts', { maxPendingRows: 8 }, [4, 0, 4]],
  ['deliveries of one writer, in all charts', { maxPendingPosts: 4 }, [4, 0, 4]],
  ['bytes of one writer, in all charts', { maxPendingBytes: 4_800 }, [4, 0, 4]],
];
for (const [what, settings, [first, second, own]] of cases) {
  test(`a limit of ${what} is his who reached it: QUOTA_EXCEEDED`, async () => {
    const { device, ana, bea } = await peopleUnder(settings);
    const under = ({ person, grant }: { person: Person; grant: Grant }) =>
      taken(async () => codeOf(await device.deliverUnder(grant, person.account, sealed(2))));
    assert.equal(await under(ana), first);
    assert.equal(await under(bea), second);
    assert.equal(await taken(async () => codeOf(await ana.person.deliver(sealed(2)))), own);
  });
}

test('what is anchored counts too, for its grant or for the owner, until it is erased: QUOTA_EXCEEDED', async () => {
  const { device, ana, bea } = await peopleUnder({ maxRowsOfGrant: 3, maxRowBytes: 1_500 });
  const { person, grant } = ana;
  assert.ok(grant.writeKey !== undefined);
  const granted = sealed(2);
  accepted(await device.deliverUnder(grant, person.account, granted));
  const act = {
    kind: 'DataAnchor',
    consent: grant.consent,
    epoch: 1,
    root: rootOf(granted),
  } as const;
  const as = { sender: person.account, key: grant.writeKey, nonce: 1 } as const;
  accepted(await device.submit([{ ...act, count: 2 }], as));
  const more = () => device.deliverUnder(grant, person.account, sealed(2));
  assert.equal(codeOf(await more()), 'QUOTA_EXCEEDED');
  accepted(await device.deliverUnder(bea.grant, bea.person.account, sealed(2)));
  const own = sealed(2);
  await person.keep(own);
  assert.equal(codeOf(await person.deliver(sealed(2))), 'QUOTA_EXCEEDED');
  accepted(await person.erase(own.map(({ leaf }) => leaf)));
  accepted(await person.deliver(sealed(2)));
});

test('rows under a grant wait no longer than the grant, and their bodies go with them', async () => {
  const { town, device, ana } = await peopleUnder({});
  const { clock, north } = town;
  const soon = { notAfterMs: Date.now() + 60_000 };
  const grant = await ana.person.grant(device.account, mayWrite, soon);
  const [item] = sealed(1);
  const [own] = sealed(1);
  assert.ok(item && own);
  accepted(await device.deliverUnder(grant, ana.person.account, [item]));
  accepted(await ana.person.deliver([own]));
  const kept = north.gateway.parts.get(custody);
  const isHere = ({ leaf }: typeof item) =>
    kept.erased.tombstoneOf(ana.person.account, leaf) !== undefined;
  clock.aheadMs = 2 * 60_000;
  await kept.waiting.purge();
  assert.equal(isHere(item), true, 'an anchor that was in time may still be on its way');
  clock.aheadMs = 7 * 60_000;
  await kept.waiting.purge();
  clock.aheadMs = 0;
  assert.deepEqual([isHere(item), isHere(own)], [false, true]);
  assert.deepEqual(
    [await north.blobs.has(item.blobId), await north.blobs.has(own.blobId)],
    [false, true],
  );
});

test('a body that an anchored row of the same grant has stays when what waited beside it goes', async () => {
  const { town, device, ana } = await peopleUnder({});
  const { person, grant } = ana;
  const [item] = sealed(1);
  assert.ok(item && grant.writeKey !== undefined);
  accepted(await device.deliverUnder(grant, person.account, [item]));
  const act = {
    ...({ kind: 'DataAnchor', consent: grant.consent, epoch: 1, count: 1 } as const),
    root: rootOf([item]),
  };
  const as = { sender: person.account, key: grant.writeKey, nonce: 1 } as const;
  accepted(await device.submit([act], as));
  accepted(
    await device.deliverUnder(grant, person.account, [sealedItem('iot', { body: item.body })]),
  );
  await person.revoke(grant);
  await town.north.gateway.parts.get(custody).idle();
  const body = await person.call('GET', `/v1/blobs/${item.blobId}`);
  assert.ok(body.bytes.equals(Buffer.from(item.body)));
});

test('rows that come while their grant is revoked are not left behind: CONSENT_ENDED', async () => {
  const { town, device, ana } = await peopleUnder({});
  const { person, grant } = ana;
  const [item] = sealed(1);
  assert.ok(item);
  const { blobs } = town.north;
  const handOver = blobs.handOver.bind(blobs);
  // The revocation is committed and indexed between the check of the grant and the rows.
  blobs.handOver = async (ids, heirs) => {
    await person.revoke(grant);
    return handOver(ids, heirs);
  };
  const answer = await device.deliverUnder(grant, person.account, [item]);
  blobs.handOver = handOver;
  assert.equal(codeOf(answer), 'CONSENT_ENDED');
  const kept = town.north.gateway.parts.get(custody);
  assert.equal(kept.erased.tombstoneOf(person.account, item.leaf), undefined);
  assert.equal(await blobs.has(item.blobId), false);
});

test('when the chart’s keys change nothing waits in it any more, and in no other', async () => {
  const { town, device, ana, bea } = await peopleUnder({});
  const [granted, own, elsewhere] = sealed(3);
  assert.ok(granted && own && elsewhere);
  accepted(await device.deliverUnder(ana.grant, ana.person.account, [granted]));
  accepted(await ana.person.deliver([own]));
  accepted(await device.deliverUnder(bea.grant, bea.person.account, [elsewhere]));
  const keys = await deriveAccountKeys(randomBytes(32), town.north.gateway.options.organisation, 0);
  const bound = {
    chainId: town.north.gateway.options.engine.chainId,
    account: ana.person.account,
    recovery: noRecovery,
  };
  await ana.person.send([
    {
      ...{ kind: 'RotateKey', identity: await rotationIdentity(keys, bound) },
      ...{ recoveryKey: new Uint8Array(0), codeKemHash: new Uint8Array(0), endGrantsFrom: 0 },
    },
  ]);
  const kept = town.north.gateway.parts.get(custody);
  await kept.idle();
  const isHere = (account: AccountId, { leaf }: typeof granted) =>
    kept.erased.tombstoneOf(account, leaf) !== undefined;
  const { account } = ana.person;
  assert.deepEqual(
    [isHere(account, granted), isHere(account, own), isHere(bea.person.account, elsewhere)],
    [false, false, true],
  );
  assert.equal(await town.north.blobs.has(granted.blobId), false);
});
