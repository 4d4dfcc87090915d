import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { accepted, codeOf, Person } from '../../test/gateway/person.ts';
import { sealedItem } from '../../test/gateway/sealed.ts';
import { openTown, type Town } from '../../test/gateway/town.ts';
import type { CauseMet } from './causes.ts';
import { definePart } from './part.ts';

/** A wing that listens, as the one that tells people does. */
const met: CauseMet[] = [];
const listening = definePart({
  name: 'listening',
  open: ({ causes }) => causes.onCause((it) => met.push(it)),
});

let town: Town;
let ana: Person;
let doctor: Person;
before(async () => {
  town = await openTown({}, { wings: [{ name: 'ears', parts: [listening], handlers: [] }] });
  ana = await Person.enrolled(town, town.north, 'patient');
  doctor = await Person.enrolled(town, town.south, 'clinician');
  await ana.keySet();
  await ana.keep([sealedItem('lab')]);
});
after(() => town.close());
beforeEach(() => {
  met.length = 0;
});

test('who comes with a key that is not the account’s is told of, once a day whatever they try', async () => {
  const { sign } = doctor.keys;
  assert.equal(codeOf(await ana.session({ key: sign })), 'KEY_NOT_CURRENT');
  assert.equal(codeOf(await ana.session({ key: sign })), 'KEY_NOT_CURRENT');
  assert.equal(new Set(met.map((it) => it.subject)).size, 1);
  assert.deepEqual(
    met.map(({ kind, account }) => [kind, account]),
    [
      ['sign-in-refused', ana.account],
      ['sign-in-refused', ana.account],
    ],
  );
  met.length = 0;
  accepted(await ana.session());
  assert.deepEqual(met, []);
});

test('a look for an emergency is told of when the ledger has it, once; another look is not', async () => {
  const purposes = ['TREAT', 'ETREAT'] as const;
  const grant = await ana.grant(doctor.account, { purposes });
  await doctor.reads(grant, town.north);
  assert.deepEqual(met, []);
  await doctor.reads(grant, town.north, { purpose: 'ETREAT' });
  assert.deepEqual(
    met.map(({ kind, account }) => [kind, account]),
    [['emergency', ana.account]],
  );
});
