import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Person } from '../../src/sdk/index.ts';
import {
  type Consortium,
  type Enrolled,
  fileOf,
  passphrase,
  startConsortium,
} from '../e2e/consortium.ts';
import { memoryWalletStore } from '../wallet-store.ts';
import { bytesOfWords, caught } from './middle.ts';

/**
 * Nobody attacks: a device's clock is wrong, by minutes or by a year.
 *
 * Claim: it changes what is refused in one place alone. Behind, everything works: what was refused for its time is
 * signed once more by the ledger's (H-23). Ahead by more than ten minutes, what must rest on a fresh state says
 * LEDGER_OLD, whose sentence names the clock; own records, erasing and taking back go on.
 */
const minute = 60_000;
const day = 24 * 60 * minute;
const behind = [-7 * minute, -day, -365 * day];
const ahead = [day, 365 * day];

let consortium: Consortium;
let doctor: Enrolled;
before(async () => {
  consortium = await startConsortium();
  doctor = await consortium.person('Dr A', 'north', 'clinician');
});
after(() => consortium.stop());

/** A patient who enrols on a device with such a clock, and how often she signed in. */
async function patientAt(clockMs: number): Promise<{ person: Person; signIns: () => number }> {
  let signIns = 0;
  const counting = (url: string, init: RequestInit): Promise<Response> => {
    if (url.endsWith('/v1/session')) signIns += 0.5;
    return fetch(url, init);
  };
  const options = { now: () => consortium.now() + clockMs, http: { fetch: counting } };
  const store = memoryWalletStore();
  const { person } = await Person.create({ store, passphrase, name: 'Ana' }, options);
  const invitation = await consortium.invite('north', 'patient', 'Ana');
  await person.enrol({ gatewayUrl: consortium.url('north'), invitation, role: 'patient' });
  return { person, signIns: () => signIns };
}

const terms = () => ({
  ...({ grantee: 'Dr A', readClasses: ['other'], purposes: ['TREAT'] } as const),
  notAfterMs: consortium.now() + day,
});

for (const clockMs of [...behind, 7 * minute]) {
  test(`a clock that is off by ${clockMs / minute} min: she writes, grants, revokes and erases`, async () => {
    const { person } = await patientAt(clockMs);
    const { importId } = await person.addFile(fileOf('note.txt', bytesOfWords('note')));
    assert.ok(importId !== undefined);
    await person.addCard(doctor.person.card());
    const { consent } = await person.grant(terms());
    await doctor.person.sync();
    assert.ok((await doctor.person.readShared(consent)).records.length > 0);
    await person.revoke(consent);
    assert.equal((await person.erase([importId])).recordIds.length, 1);
  });
}

for (const clockMs of ahead) {
  test(`a clock that is ${clockMs / day} days ahead: she writes, revokes and erases; a grant names the clock`, async () => {
    const { person, signIns } = await patientAt(clockMs);
    const { importId } = await person.addFile(fileOf('note.txt', bytesOfWords('note')));
    assert.ok(importId !== undefined);
    await person.addCard(doctor.person.card());
    const { sentence } = await caught(person.grant(terms()), 'LEDGER_OLD');
    assert.match(sentence, /clock/);
    await person.erase([importId]);
    for (let n = 0; n < 20; n++) await person.grants();
    assert.ok(signIns() <= 4, `signed in ${signIns()} times`);
  });
}

for (const clockMs of behind) {
  test(`a doctor's clock that is ${clockMs / minute} min off: he reads what he was granted`, async () => {
    const ana = await consortium.person('Ana', 'north', 'patient');
    const mine = await consortium.person('Dr B', 'north', 'clinician');
    await ana.person.addFile(fileOf('note.txt', bytesOfWords('note')));
    await ana.person.addCard(mine.person.card());
    const { consent } = await ana.person.grant({ ...terms(), grantee: 'Dr B' });
    const late = await Person.open(
      { store: mine.store, passphrase },
      { now: () => consortium.now() + clockMs },
    );
    await late.sync();
    assert.ok((await late.readShared(consent)).records.length > 0);
  });
}

for (const clockMs of behind) {
  test(`a clock that is ${clockMs / minute} min off: a report of three years has the newest look, and says when it was made`, async () => {
    const ana = await consortium.person('Ana', 'north', 'patient');
    await ana.person.addFile(fileOf('note.txt', bytesOfWords('note')));
    await ana.person.addCard(doctor.person.card());
    const { consent } = await ana.person.grant(terms());
    await doctor.person.sync();
    await doctor.person.readShared(consent);
    const off = await Person.open(
      { store: ana.store, passphrase },
      { now: () => consortium.now() + clockMs },
    );
    const { report } = await off.accessReport({});
    assert.ok(report.lines.some(({ kind }) => kind === 'look'));
    assert.ok(Math.abs(report.madeMs - consortium.now()) <= 10 * minute);
    assert.equal(report.untilMs, report.madeMs + 1);
    assert.ok(report.untilMs - report.fromMs > 3 * 365 * day);
  });
}
