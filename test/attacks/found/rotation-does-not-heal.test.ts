import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { walletGet } from '../../../src/api/routes/wallet-get.ts';
import { walletPut } from '../../../src/api/routes/wallet-put.ts';
import { decodeCopyHead, decodeSignedCopy } from '../../../src/api/wallet-copy.ts';
import { xwingKeyFromSeed } from '../../../src/crypto/kem.ts';
import { randomBytes } from '../../../src/crypto/random.ts';
import { utf8 } from '../../../src/primitives/bytes.ts';
import { isCoded } from '../../../src/primitives/errors.ts';
import { Person, type WalletStore } from '../../../src/sdk/index.ts';
import { openCopyIndex, unwrapCopyKey } from '../../../src/sdk/wallet/copy-index.ts';
import { devicePairs, listedDevice } from '../../../src/sdk/wallet/device-list.ts';
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
 * F1: somebody copied a wallet once, file and passphrase. Its owner changes her keys; what was copied must open nothing
 * that is written afterwards, whatever the hospital hands out.
 */
let town: Consortium;
before(async () => {
  town = await startConsortium();
});
after(() => town.stop());

const day = 86_400_000;
let people = 0;

async function patient(): Promise<Enrolled & { readonly account: string }> {
  const eve = await town.person(`Eve ${++people}`, 'north', 'patient');
  await eve.person.addFile(fileOf('before.txt', utf8('written before the theft')));
  return { ...eve, account: eve.person.account().account };
}

const opened = (store: WalletStore): Promise<Person> =>
  Person.open({ store, passphrase }, { now: town.now });

/** All that lies at the hospital, the newest first: as its operator reads the disk. */
function keptCopies(account: string): readonly Uint8Array[] {
  const db = new DatabaseSync(town.gateway('north').options.databasePath, { readOnly: true });
  try {
    const sql = 'SELECT signed FROM wallet_heads WHERE account = ? ORDER BY serial DESC';
    return db
      .prepare(sql)
      .all(account)
      .map(({ signed }) => new Uint8Array(signed as Uint8Array));
  } finally {
    db.close();
  }
}

/** Her own device, and every head that it has sent to the hospital, kept there or not. */
async function watched(store: WalletStore): Promise<{ eve: Person; sent: Uint8Array[] }> {
  const sent: Uint8Array[] = [];
  const listening = (url: string, init: RequestInit): Promise<Response> => {
    const isHead = init.method === 'PUT' && new URL(url).pathname.endsWith(walletPut.path);
    if (isHead && init.body instanceof Uint8Array) sent.push(init.body.slice());
    return fetch(url, init);
  };
  const options = { now: town.now, http: { fetch: listening } };
  return { eve: await Person.open({ store, passphrase }, options), sent };
}

function newestSerial(account: string): number {
  const [newest] = keptCopies(account);
  assert.ok(newest);
  return decodeCopyHead(decodeSignedCopy(newest).head).serial;
}

for (const how of ['the key in use', 'the printed code'] as const) {
  test(`After a rotation by ${how} the stolen wallet opens nothing, and is signed in nowhere`, async () => {
    const { code, store } = await patient();
    const stolen = copiedStore(store);
    const { eve, sent } = await watched(store);
    await eve.rotate(how === 'the printed code' ? { code } : {});
    const added = await eve.addFile(fileOf('after.txt', utf8('HIV result, after the rotation')));
    assert.ok(added.items.length > 0);

    const thief = await opened(copiedStore(stolen));
    for (const tried of [
      () => thief.listRecords(),
      () => thief.rotate(),
      () => thief.addFile(fileOf('forged.txt', utf8('his'))),
    ]) {
      await assert.rejects(tried, (error) => isCoded(error, 'KEY_NOT_CURRENT'));
    }
    const { content, local } = await Vault.open(stolen, passphrase);
    const pairs = await devicePairs(local);
    assert.ok(sent.length > 1 && pairs.length > 0, 'he has what the device had');
    let unopened = 0;
    for (const encoded of sent) {
      const head = decodeCopyHead(decodeSignedCopy(encoded).head);
      const copyKey = await unwrapCopyKey(head.wraps, head, pairs);
      if (copyKey === undefined) {
        unopened += 1;
        continue;
      }
      // What was sealed for him still was written before the rotation stood: not a byte of what came with it.
      const index = await openCopyIndex(copyKey, head, head.sealed);
      assert.deepEqual(index.content.roots, content.roots);
    }
    assert.ok(unopened > 0);
    const own = await (await opened(store)).devices();
    assert.deepEqual([own.devices.length, own.devices[0]?.isThis], [1, true]);
    const unsigned = await fetch(`${town.url('north')}${walletGet.path}`);
    assert.equal(unsigned.status, 401);
  });
}

test('The newest copy after a rotation is sealed for the owner’s device and the printed code alone', async () => {
  const { person: eve, code, store, account } = await patient();
  const stolen = copiedStore(store);
  await eve.rotate();
  const [newest] = keptCopies(account);
  assert.ok(newest);
  const head = decodeCopyHead(decodeSignedCopy(newest).head);
  const pairs = await devicePairs((await Vault.open(stolen, passphrase)).local);
  assert.equal(await unwrapCopyKey(head.wraps, head, pairs), undefined);
  const gatewayUrl = town.url('north');
  const place = { store: memoryWalletStore(), passphrase, code, gatewayUrl };
  const laptop = await Person.recover(place, { now: town.now });
  assert.equal((await laptop.devices()).devices.length, 2);
  assert.ok((await laptop.listRecords()).length > 0);
});

test('A thief who listed a device of his own and wrote a copy is seen, and is out with the next rotation', async () => {
  const { person: eve, store, account } = await patient();
  const stolen = copiedStore(store);
  const his = await xwingKeyFromSeed(randomBytes(32));
  const vault = await Vault.open(stolen, passphrase);
  await vault.change((content) => {
    const [root] = content.roots;
    assert.ok(root);
    const device = listedDevice(root, { key: his.publicKey, name: 'His', addedMs: town.now() });
    return { ...content, devices: [...content.devices, device] };
  });
  await (await opened(stolen)).sync();
  await eve.sync();
  const names = async () => (await eve.devices()).devices.map(({ name }) => name);
  assert.deepEqual(await names(), ['device', 'His']);
  const newest = () => {
    const [kept] = keptCopies(account);
    assert.ok(kept);
    return decodeCopyHead(decodeSignedCopy(kept).head);
  };
  const opensNewest = async () => unwrapCopyKey(newest().wraps, newest(), [his]);
  assert.ok(await opensNewest(), 'until then he reads along: SECURITY.md says so');
  await eve.rotate();
  assert.deepEqual(await names(), ['device']);
  assert.equal(await opensNewest(), undefined);
});

test('A thief rotated first, and wrote garbage into the copy every day for six weeks: the code wins, nothing is lost', async () => {
  const { person: eve, code, store, account } = await patient();
  const records = await eve.listRecords();
  const thief = await opened(copiedStore(store));
  const { height } = await thief.rotate();
  const bo = await patient();
  const writtenBefore = newestSerial(account);
  for (let days = 0; days < 42; days++) {
    town.advance(day);
    // What a copy costs him is one change and no transaction; a record of his is among them too.
    if (days === 0) await thief.addFile(fileOf('garbage.txt', utf8('garbage')));
    await thief.addCard(bo.person.card(), { nickname: `garbage ${days}` });
    await thief.sync();
  }
  assert.ok(newestSerial(account) >= writtenBefore + 42, 'a copy every day');
  const gatewayUrl = town.url('north');
  const kept = await Person.keptCopies({ code, gatewayUrl }, {});
  const newestKey = kept[0]?.publicKey;
  const hers = kept.find((it) => it.publicKey !== newestKey);
  assert.ok(hers, 'what she wrote before he came is kept');
  const place = { store: memoryWalletStore(), passphrase, code, gatewayUrl };
  const back = await Person.recover({ ...place, serial: hers.serial }, { now: town.now });
  await back.rotate({ code, endGrantsFrom: height });
  await back.addFile(fileOf('back.txt', utf8('hers again')));
  const listed = new Set((await back.listRecords()).map((it) => it.recordId));
  for (const { recordId } of records) {
    assert.ok(listed.has(recordId));
    await back.openRecord(recordId);
  }
  await assert.rejects(thief.sync(), (error) => isCoded(error, 'KEY_NOT_CURRENT'));
  assert.equal(back.account().account, account);
});
