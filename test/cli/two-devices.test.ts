import assert from 'node:assert/strict';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { fileWalletStore, Person, parseConsentId } from '../../src/sdk/node/index.ts';
import { cheapPassphrases } from '../wallet-store.ts';
import {
  linesOf,
  list,
  passphrase,
  type RunOptions,
  remove,
  root,
  run,
  salus,
  temporaryHome,
  text,
} from './salus.ts';
import { type Somebody, startTown, type Town } from './town.ts';

let town: Town;
const homes: string[] = [];
before(async () => {
  town = await startTown();
});
after(async () => {
  for (const home of homes) remove(home);
  await town.leave();
});

/** Another device of hers, which came back from the printed code. */
async function laptopOf(ana: Somebody): Promise<RunOptions> {
  const home = temporaryHome();
  homes.push(home);
  const code = town.file('ana.code', ana.recoveryCode);
  const gateway = ['--gateway', `${town.url}/north`];
  await salus(['person', 'recover', 'ana', '--code-file', code, ...gateway], { home });
  return { home };
}

const grantTo = (doctor: Somebody, ana: Somebody) =>
  town.salus('grant', doctor.name, '--as', ana.name, '--class', 'medication', '--until', '+7d');

const statesOf = async (device: RunOptions) =>
  list(await salus(['grants'], device), 'grants').map((it) => [it.consent, it.state]);

test('what one device granted, another lists, and ends by its id', async () => {
  const [ana, doctor] = [await town.patient(), await town.doctor()];
  const laptop = await laptopOf(ana);
  const consent = text(await grantTo(doctor, ana), 'consent');
  assert.deepEqual(await statesOf(laptop), [[consent, 'live']]);
  const ended = await salus(['revoke', consent], laptop);
  assert.equal(ended.consent, consent);
  assert.deepEqual(await statesOf(laptop), [[consent, 'ended']]);
});

test('without having listed anything, it ends by the beginning of its id, and by the name', async () => {
  const [ana, doctor] = [await town.patient(), await town.doctor()];
  const laptop = await laptopOf(ana);
  const first = text(await grantTo(doctor, ana), 'consent');
  await salus(['revoke', first.slice(0, 8)], laptop);
  const second = text(await grantTo(doctor, ana), 'consent');
  const ended = await salus(['revoke', doctor.fullName], laptop);
  assert.deepEqual(ended.consent, second);
});

test('by name all of somebody end, those of the other device too', async () => {
  const [ana, doctor] = [await town.patient(), await town.doctor()];
  const first = text(await grantTo(doctor, ana), 'consent');
  const laptop = await laptopOf(ana);
  const second = text(await grantTo(doctor, ana), 'consent');
  const ended = list(await salus(['revoke', doctor.fullName], laptop), 'revoked');
  assert.deepEqual(new Set(ended.map((it) => it.consent)), new Set([first, second]));
});

test('an older wallet file that is put back knows what was granted since', async () => {
  const [ana, doctor] = [await town.patient(), await town.doctor()];
  const people = join(town.home, 'people');
  const kept = town.file('kept');
  mkdirSync(kept);
  const own = () => readdirSync(people).filter((it) => it.startsWith(`${ana.name}.wallet`));
  for (const it of own()) copyFileSync(join(people, it), join(kept, it));
  const consent = text(await grantTo(doctor, ana), 'consent');
  for (const it of own()) rmSync(join(people, it));
  cpSync(kept, people, { recursive: true });
  const grants = list(await town.salus('grants', '--as', ana.name), 'grants');
  assert.deepEqual([grants.length, grants[0]?.consent, grants[0]?.state], [1, consent, 'live']);
  await town.salus('revoke', doctor.name, '--as', ana.name);
});

test('nothing granted is not said of a ledger that has a live grant, whatever became of the copy', async () => {
  const [ana, doctor] = [await town.patient(), await town.doctor()];
  const laptop = await laptopOf(ana);
  // The keys are changed: the laptop is shut out of the copies that come.
  const code = town.file('ana.code', ana.recoveryCode);
  await town.salus('person', 'rotate', ana.name, '--code-file', code);
  const consent = text(await grantTo(doctor, ana), 'consent');
  const ran = await run(['grants'], laptop);
  const hidesIt = ran.code === 0 && !ran.stdout.includes(consent);
  assert.ok(!hidesIt, ran.stdout);
  assert.ok(!ran.stdout.includes('Nothing is granted'));
});

test('a grant that no copy has brought is found by the ledger, and ends by its id alone', async () => {
  const [ana, doctor] = [await town.patient(), await town.doctor()];
  const { home = '' } = await laptopOf(ana);
  const store = { ...fileWalletStore(join(home, 'people', 'ana.wallet')), ...cheapPassphrases };
  const person = await Person.open({ store, passphrase });
  const consent = text(await grantTo(doctor, ana), 'consent');
  const [unlisted] = await person.unlistedGrants();
  assert.deepEqual([unlisted?.consent, unlisted?.mayWrite], [consent, false]);
  await person.revoke(parseConsentId(consent));
  assert.deepEqual(await person.unlistedGrants(), []);
  await town.no('CONSENT_ENDED', 3, 'record', 'list', '--as', doctor.name, '--consent', consent);
  await assert.rejects(person.revoke(parseConsentId('ab'.repeat(16))), { code: 'CONSENT_UNKNOWN' });
});

test('another device knows what a packed file brought, and what a source has deleted', async () => {
  const ana = await town.patient();
  const found = (name: string) => `${root}test/fixtures/files/${name}`;
  const add = ['record', 'add', '--all', '--as', ana.name];
  const packed = await town.salus(...add, found('15-bundle.json.gz'));
  assert.equal(packed.added, 1);
  const deleted = await town.salus(...add, found('07-history-delete.json'));
  assert.equal(list(deleted, 'items').length, 1);
  const laptop = await laptopOf(ana);
  const unpacked = town.file('bundle.json');
  writeFileSync(unpacked, gunzipSync(readFileSync(found('15-bundle.json.gz'))));
  const again = await salus(['record', 'add', '--all', unpacked], laptop);
  assert.deepEqual([again.added, again.unchanged], [0, 1]);
  const { stdout } = await run(['record', 'list', '--all', '--json'], laptop);
  const line = linesOf(stdout).find((it) => it.name === 'Wrong patient result');
  assert.deepEqual(line?.marks, ['withdrawn']);
});
