import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { utf8 } from '../../src/primitives/bytes.ts';
import { isCoded } from '../../src/primitives/errors.ts';
import { Person } from '../../src/sdk/index.ts';
import { later } from '../later.ts';
import { memoryWalletStore } from '../wallet-store.ts';
import {
  type Consortium,
  type Enrolled,
  fileOf,
  passphrase,
  startConsortium,
} from './consortium.ts';

let town: Consortium;
before(async () => {
  town = await startConsortium();
});
after(() => town.stop());

const day = 86_400_000;
const options = () => ({ now: town.now });

/** Both devices at once, and a person who reads the digits on the new one and types them on the old one. */
async function joined(
  old: Person,
  name: string,
  typed: (digits: string) => string = (it) => it,
): Promise<Person> {
  const [link, digits] = [later<string>(), later<string>()];
  const added = old.addDevice({
    as: old.accounts[0]?.account,
    onLink: link.resolve,
    askDigits: async () => typed(await digits.promise),
  });
  added.catch(link.reject);
  const joining = link.promise.then((shown) =>
    Person.join(
      {
        ...{ store: memoryWalletStore(), passphrase, link: shown, deviceName: name },
        showDigits: digits.resolve,
        isDoneThere: () => added.then(() => true),
      },
      options(),
    ),
  );
  const [one, other] = await Promise.allSettled([added, joining]);
  if (one.status === 'rejected') throw one.reason;
  if (other.status === 'rejected') throw other.reason;
  await other.value.sync({ as: other.value.accounts[0]?.account });
  return other.value;
}

const namesOf = async (person: Person) =>
  (await person.devices()).devices.map(({ name, isThis }) => `${name}${isThis ? ' (this)' : ''}`);

const isEnded = (error: unknown): boolean =>
  isCoded(error, 'KEY_NOT_CURRENT') || isCoded(error, 'DEVICE_ENDED');

async function patientAtTwo(): Promise<Enrolled> {
  const ana = await town.person('Ana', 'north', 'patient');
  const invitation = await town.invite('harbour', 'patient');
  const gatewayUrl = town.url('harbour');
  await ana.person.enrol({ gatewayUrl, invitation, role: 'patient', code: ana.code });
  return ana;
}

test('A device that was added reads, writes and is listed, at every hospital of the person', async () => {
  const { person: phone } = await patientAtTwo();
  const [north, harbour] = phone.accounts.map(({ account }) => account);
  const { items } = await phone.addFile(fileOf('old.txt', utf8('old')), { as: north });
  const laptop = await joined(phone, 'Laptop');
  assert.deepEqual(await namesOf(laptop), ['device', 'Laptop (this)']);
  assert.deepEqual(await namesOf(phone), ['device (this)', 'Laptop']);
  const [item] = items;
  assert.ok(item);
  const opened = await laptop.openRecord(item.recordId, { as: north });
  assert.equal(opened.head.name, 'old.txt');
  await laptop.addFile(fileOf('there.txt', utf8('there')), { as: harbour });
  assert.equal((await phone.listRecords({ as: harbour })).length, 2);
});

test('After new keys on one device the other says what to do, and comes back by being added again', async () => {
  const { person: phone } = await town.person('Bea', 'north', 'patient');
  const laptop = await joined(phone, 'Laptop');
  await phone.rotate();
  assert.deepEqual(await namesOf(phone), ['device (this)']);
  await assert.rejects(laptop.sync(), isEnded);
  await assert.rejects(laptop.addFile(fileOf('x.txt', utf8('x'))), isEnded);
  const again = await joined(phone, 'Laptop');
  await again.addFile(fileOf('y.txt', utf8('y')));
  assert.deepEqual(await namesOf(again), ['device', 'Laptop (this)']);
});

test('New keys at one hospital leave a device out at the other too', async () => {
  const { person: phone } = await patientAtTwo();
  const [north, harbour] = phone.accounts.map(({ account }) => account);
  const laptop = await joined(phone, 'Laptop');
  await phone.rotate({ as: north });
  await phone.addFile(fileOf('after.txt', utf8('after')), { as: harbour });
  await assert.rejects(laptop.addFile(fileOf('x.txt', utf8('x')), { as: harbour }), isEnded);
});

test('Wrong digits are shown on every device, and three end adding for an hour', async () => {
  const { person: phone } = await town.person('Cai', 'north', 'patient');
  const laptop = await joined(phone, 'Laptop');
  const wrong = (digits: string) => (digits.startsWith('0') ? '111111' : '000000');
  await assert.rejects(joined(phone, 'Thief', wrong), (error) =>
    isCoded(error, 'DEVICE_DIGITS_WRONG'),
  );
  await phone.sync();
  await laptop.sync();
  for (const device of [phone, laptop]) {
    assert.equal((await device.devices()).wrongEntriesMs.length, 3);
    await assert.rejects(joined(device, 'Thief'), (error) =>
      isCoded(error, 'DEVICE_ADDING_STOPPED'),
    );
  }
  assert.deepEqual(await namesOf(phone), ['device (this)', 'Laptop']);
});

const recovered = (code: string) =>
  Person.recover(
    { store: memoryWalletStore(), passphrase, code, gatewayUrl: town.url('north') },
    options(),
  );

test('A new printed code with the old one counts at once, and the old one is nothing any more', async () => {
  const { person: phone, code: oldCode } = await patientAtTwo();
  let code = '';
  const onCode = (told: string) => {
    code = told;
  };
  const done = await phone.newCode({ oldCode, onCode });
  assert.deepEqual(
    done.map(({ account, waiting }) => [account, waiting]),
    phone.accounts.map(({ account }) => [account, undefined]),
  );
  const back = await recovered(code);
  assert.equal(back.accounts.length, 2);
  await assert.rejects(recovered(oldCode), (error) => isCoded(error, 'RECOVERY_CODE_WRONG'));
  await assert.rejects(phone.rotate({ code: oldCode, as: phone.accounts[0]?.account }), (error) =>
    isCoded(error, 'KEY_NOT_CURRENT'),
  );
});

test('Without the old one it waits for seven days, is told on every device, and then opens the copies', async () => {
  const { person: phone, code: oldCode } = await town.person('Dan', 'north', 'patient');
  const laptop = await joined(phone, 'Laptop');
  let code = '';
  const [at] = await phone.newCode({
    onCode: (told) => {
      code = told;
    },
  });
  assert.ok(at?.waiting);
  const { waitingCode } = await laptop.sync();
  assert.equal(waitingCode?.countsFromMs, at.waiting.countsFromMs);
  await assert.rejects(recovered(code), (error) => isCoded(error, 'RECOVERY_CODE_WRONG'));
  await recovered(oldCode);
  town.advance(8 * day);
  await phone.addFile(fileOf('later.txt', utf8('later')));
  const back = await recovered(code);
  assert.ok((await back.listRecords()).length > 0);
  await assert.rejects(recovered(oldCode), (error) => isCoded(error, 'RECOVERY_CODE_WRONG'));
});

test('A device that has run all the while writes copies for the new printed code as well', async () => {
  const { person: phone } = await town.person('Fay', 'north', 'patient');
  const laptop = await joined(phone, 'Laptop');
  await laptop.addFile(fileOf('before.txt', utf8('before')));
  let code = '';
  await phone.newCode({
    onCode: (told) => {
      code = told;
    },
  });
  town.advance(8 * day);
  await phone.addFile(fileOf('there.txt', utf8('there')));
  await laptop.addFile(fileOf('here.txt', utf8('here')));
  await recovered(code);
});

for (const who of ['the old printed code', 'a device whose keys are old'] as const) {
  test(`A new printed code that somebody else began is stopped by ${who}`, async () => {
    const { person: phone, code: oldCode } = await town.person('Eli', 'north', 'patient');
    const laptop = await joined(phone, 'Laptop');
    town.advance(8 * day);
    if (who !== 'the old printed code') {
      await phone.rotate();
      town.advance(8 * day);
    }
    await phone.newCode({ onCode: () => undefined });
    await laptop.stopNewCode(who === 'the old printed code' ? { code: oldCode } : {});
    assert.equal(await phone.waitingCode(), undefined);
    await assert.rejects(laptop.stopNewCode(), (error) => isCoded(error, 'RECOVERY_UNKNOWN'));
    town.advance(8 * day);
    await recovered(oldCode);
  });
}
