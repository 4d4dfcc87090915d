import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Consortium, type Enrolled, fileOf, startConsortium } from '../../e2e/consortium.ts';
import { bytesOfWords, Middle } from '../middle.ts';

/** Two doctors looked; of one of them the hospital cannot show the keys. */
let town: Consortium;
let eve: Enrolled;
let doctor: Enrolled;
let good: Enrolled;
before(async () => {
  town = await startConsortium();
  eve = await town.person('Eve', 'north', 'patient');
  doctor = await town.person('Dr Curious', 'north', 'clinician');
  good = await town.person('Dr Good', 'north', 'clinician');
  await eve.person.addFile(fileOf('x.txt', bytesOfWords('secret')), { recordClass: 'lab' });
  for (const it of [doctor, good]) {
    await eve.person.addCard(it.person.card());
    const { consent } = await eve.person.grant({
      grantee: it.person.account().account,
      readClasses: ['lab', 'other'],
      purposes: ['TREAT'],
      notAfterMs: town.now() + 86_400_000,
    });
    await it.person.inbox();
    await it.person.readShared(consent);
  }
});
after(() => town.stop());

test('a row that a hospital cannot show makes one look doubtful, and the others are shown', async () => {
  const middle = new Middle();
  const broken = JSON.stringify({ ok: false, code: 'INTERNAL', kind: 'fault', sentence: 'Broke.' });
  middle.instead = ({ name }) =>
    name.includes(`/state/keys/${doctor.person.account().account}`)
      ? new Response(broken, { status: 500 })
      : undefined;
  const { notices } = await (await middle.serve(eve, town.now)).looked();
  assert.deepEqual(notices.map((it) => (it.kind === 'doubtful' ? it.code : it.kind)).sort(), [
    'INTERNAL',
    'look',
  ]);
});
