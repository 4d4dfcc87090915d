import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { refused, remove, run, salus, temporaryHome } from './salus.ts';
import { startTown, type Town } from './town.ts';

let town: Town;
/** Of somebody outside: it has nothing but a trust root. */
const elsewhere = temporaryHome();
before(async () => {
  town = await startTown();
});
after(async () => {
  await town.leave();
  remove(elsewhere);
});

const trust = () => join(town.home, 'trust.json');

test('anybody verifies the whole ledger from outside, by its blocks', async () => {
  const [ana, doctor] = [await town.patient(), await town.doctor()];
  await town.salus(
    'record',
    'add',
    town.file('a.txt', 'a note'),
    '--class',
    'note',
    '--as',
    ana.name,
  );
  await town.salus('grant', doctor.name, '--as', ana.name, '--class', 'note', '--until', '+1h');
  const verify = ['verify', '--remote', `${town.url}/north`, '--blocks', '--trust', trust()];
  const found = await salus(verify, { home: elsewhere });
  assert.ok(Number(found.height) > 5);
  assert.equal(found.heldBack, 0);
  // The block that proves the newest may be still to come.
  assert.ok(Number(found.executed) >= Number(found.height) - 1);
  const { stdout } = await run(verify, { home: elsewhere });
  assert.match(stdout, /^Every transaction was shown and executed again/m);
  assert.match(stdout, /^Words of the ledger: \w+( \w+){11}$/m);
});

test('the blocks of another ledger than the one that is trusted do not hold', async () => {
  const other = JSON.parse(readFileSync(trust(), 'utf8'));
  const file = town.file('trust.json', JSON.stringify({ ...other, genesisHash: '00'.repeat(32) }));
  const verify = ['verify', '--remote', `${town.url}/north`, '--blocks', '--trust', file];
  await refused(verify, { code: 'TRUST_ROOT_WRONG', exit: 4 }, { home: elsewhere });
  await refused(['verify', '--blocks'], { code: 'USAGE', exit: 2 }, { home: elsewhere });
});
