import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { accountIdOf, recordIdOf } from '../../../../primitives/ids.ts';
import { readReport } from '../../api/incident-report.ts';
import { halfName } from '../../node/reading/half-names.ts';
import { drawn } from '../settings/pages.ts';
import { flipped, tampered } from './tampered-file.ts';
import { sealed } from './tampered-stores.ts';

const recordId = recordIdOf(drawn('record').subarray(0, 16));

test('whose share of a key was changed is told, and the report has neither her nor her record', async (t) => {
  const { three, folder } = await sealed(t);
  const { base, tampering } = three.server(0);
  const { account } = three.ana;
  await base.store.keepOnce(halfName(account, recordId), drawn('share'));
  flipped(join(folder, '0.db'), { table: 'kept', column: 'value', row: 0 });
  assert.deepEqual(
    (await tampering.fullScrub()).bad.map(({ table }) => table),
    ['kept'],
  );
  const [incident] = await base.incidents.incidents();
  const report = readReport(incident?.signed ?? assert.fail());
  assert.equal(report.people, 1);
  const told = await base.incidents.toTell(9);
  assert.deepEqual(
    told.map((it) => it.account),
    [account],
  );
  const [place] = report.places;
  assert.match(place?.row ?? '', /^[0-9a-f]{16}$/);
  // The same place is the same one after a restart.
  await three.kill(0);
  await three.server(0).tampering.fullScrub();
  assert.equal((await three.server(0).base.incidents.incidents()).length, 1);
});

test('a share of nobody on the ledger concerns nobody, and keeps nobody from being told', async (t) => {
  const { three, folder } = await sealed(t);
  const { base, tampering } = three.server(0);
  await base.store.keepOnce(halfName(accountIdOf(drawn('nobody')), recordId), drawn('share'));
  await base.store.keepOnce('half of nothing', drawn('share'));
  tampered(join(folder, '0.db'), (db) => db.exec('UPDATE kept SET value = zeroblob(32)'));
  await tampering.fullScrub();
  assert.equal((await base.incidents.incidents()).length, 1);
  assert.deepEqual(await base.incidents.toTell(9), []);
});

test('a registration that was changed is reported without its pseudonym', async (t) => {
  const { three, folder } = await sealed(t);
  flipped(join(folder, '0.db'), { table: 'patients', column: 'signed', row: 0 });
  const { base, tampering } = three.server(0);
  await tampering.fullScrub();
  const [incident] = await base.incidents.incidents();
  const { places } = readReport(incident?.signed ?? assert.fail());
  assert.ok(places.length > 0);
  for (const { row } of places) assert.notEqual(row, bytesToHex(three.pseudonym));
});
