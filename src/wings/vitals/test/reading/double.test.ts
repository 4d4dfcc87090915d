import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Json, list, refused, run, salus, text } from '../../../../../test/cli/salus.ts';
import { VitalsHome } from '../settings/vitals-home.ts';

/** Doubly encrypted records as people add and open them, over three real processes. */

let town: VitalsHome;
let file: string;
const words = 'HIV antibody: negative';
const cli = (...args: readonly string[]): Promise<Json> => salus(args, { home: town.home });
const no = (code: string, exit: number, ...args: readonly string[]): Promise<Json> =>
  refused(args, { code, exit }, { home: town.home });
const doctor = ['--role', 'clinician', '--licence', 'H-1', '--hospital', 'harbour'] as const;

before(async () => {
  town = await VitalsHome.open();
  await cli('person', 'create', 'ana', '--name', 'Ana Lima', '--hospital', 'north');
  for (const name of ['dr-bo', 'dr-cy']) await cli('person', 'create', name, ...doctor);
  mkdirSync(join(town.home, 'files'));
  file = join(town.home, 'files', 'note.txt');
  writeFileSync(file, words);
});
after(() => town?.close());

const adding = (): readonly string[] => ['record', 'add', file, '--class', 'lab', '--as', 'ana'];
let record: string;
let consent: string;
const opening = (by: string): readonly string[] => ['record', 'open', record, '--as', by];

test('a doubly encrypted record is opened by its owner, and by whom she granted it', async () => {
  const added = await cli(...adding(), '--double');
  record = text(list(added, 'items')[0] ?? {}, 'recordId');
  assert.equal(text(await cli(...opening('ana')), 'text'), words);

  consent = text(await cli('grant', 'dr-bo', '--class', 'lab', '--as', 'ana'), 'consent');
  // A list opens none, and costs no look at it.
  const listed = await run(['record', 'list', '--as', 'dr-bo'], { home: town.home });
  assert.match(listed.stdout, /its line does not open; open the record/);
  const read = await cli(...opening('dr-bo'));
  assert.equal(text(read, 'text'), words);
  assert.equal(list(read, 'looks').length, 1);
  const looks = list(await cli('looked', '--as', 'ana'), 'looks');
  assert.ok(looks.some((it) => JSON.stringify(it).includes(record)));
});

test('the file that it came in is given back byte for byte, and the record stays where it is', async () => {
  const out = join(town.home, 'files', 'out');
  await cli('record', 'export', '--all', '--out', out, '--as', 'ana');
  assert.equal(readFileSync(join(out, 'note.txt'), 'utf8'), words);
  await no('DOUBLE_STAYS', 3, 'record', 'reclassify', record, '--class', 'other', '--as', 'ana');
});

test('who was not granted it gets nothing, and after the revocation nobody', async () => {
  await no('NOT_SHARED', 3, ...opening('dr-cy'));
  await cli('grant', 'dr-cy', '--class', 'note', '--as', 'ana');
  await no('RECORD_UNKNOWN', 3, ...opening('dr-cy'));
  await cli('revoke', consent, '--as', 'ana');
  await no('NOT_SHARED', 3, ...opening('dr-bo'));
  consent = text(await cli('grant', 'dr-bo', '--class', 'lab', '--as', 'ana'), 'consent');
});

test('refused: a writer under a grant, what is there already, and other than three servers', async () => {
  await no('USAGE', 2, 'record', 'add', file, '--double', '--as', 'dr-bo');
  await no('DOUBLE_KNOWN', 3, ...adding(), '--double');
  writeFileSync(file, 'another');
  const [one = '', two = ''] = town.servers;
  const three = ['--double', '--double-servers', one, two];
  await no('SERVER_UNKNOWN', 3, ...adding(), ...three);
  await no('USAGE', 2, ...adding(), '--double-servers', ...town.servers);
  await no('SERVER_UNKNOWN', 3, ...adding(), ...three, 'ab'.repeat(32));
});

test('without one of the three it stays closed for everybody but its owner, and none is added', async () => {
  await town.stopDataServers();
  await no('HALF_AWAY', 5, ...opening('dr-bo'));
  assert.equal(text(await cli(...opening('ana')), 'text'), words);
  await no('HALF_AWAY', 5, ...adding(), '--double');
});
