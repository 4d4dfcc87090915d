import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import {
  finished,
  type Json,
  linesOf,
  list,
  type Running,
  refused,
  remove,
  root,
  run,
  salus as runSalus,
  start,
  temporaryHome,
  text,
  up,
} from './salus.ts';

const home = temporaryHome();
const at = (name: string): string => join(home, name);
const salus = (...args: readonly string[]): Promise<Json> => runSalus(args, { home });
const no = (code: string, exit: number, ...args: readonly string[]): Promise<Json> =>
  refused(args, { code, exit }, { home });
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const bundle = join(
  root,
  'examples/patients/Lemuel_Hodkiewicz_ece76cc5-d728-4ddd-a85d-a47de7d1649a.json',
);
const pdf = join(root, 'examples/documents/discharge-letter.pdf');

let running: Running;
let imported: Json;
let consent = '';
let record = '';

before(async () => {
  running = await up(home);
});
after(async () => {
  await running.stop();
  remove(home);
});

test('up says when it is ready, where, and who is there', () => {
  const { ready, url, people, ms } = running.ready;
  assert.equal(ready, true);
  assert.match(String(url), /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.deepEqual(people, []);
  assert.equal(typeof ms, 'number');
});

test('people are made, enrolled at a desk of this machine, and listed without a passphrase', async () => {
  const ana = await salus('person', 'create', 'ana', '--name', 'Ana Lima', '--hospital', 'north');
  assert.match(text(ana, 'recoveryCode'), /^([0-9A-Z]{4}-){8}[0-9A-Z]{4}$/);
  writeFileSync(at('ana.code'), text(ana, 'recoveryCode'));
  const doctor = ['--role', 'clinician', '--name', 'Dr Bo', '--licence', 'H-1'];
  await salus('person', 'create', 'dr-bo', '--hospital', 'harbour', ...doctor);
  const pump = await salus('person', 'create', 'pump', '--hospital', 'north', '--role', 'device');
  assert.equal(pump.recoveryCode, undefined);
  const listed = await runSalus(['person', 'list'], { home, env: { SALUS_PASSPHRASE: '' } });
  const people = list(listed, 'people').map((it) => [it.name, it.role, it.hospital]);
  assert.deepEqual(people, [
    ['ana', 'patient', 'north'],
    ['dr-bo', 'clinician', 'harbour'],
    ['pump', 'device', 'north'],
  ]);
  const shown = await salus('person', 'show', 'ana', '--save-trust', at('shown-trust.json'));
  assert.equal(shown.fullName, 'Ana Lima');
  const kept: unknown = JSON.parse(readFileSync(at('trust.json'), 'utf8'));
  assert.deepEqual(JSON.parse(readFileSync(at('shown-trust.json'), 'utf8')), kept);
});

test('the page at the address shows the people who came since', async () => {
  const page = await (await fetch(text(running.ready, 'url'))).text();
  assert.match(page, /dr-bo/);
});

test('files are added, given back byte for byte, and adding them again adds nothing', async () => {
  imported = await salus('record', 'add', bundle, '--as', 'ana');
  assert.equal(imported.sha256, sha256(readFileSync(bundle)));
  assert.equal(imported.added, 104);
  const again = await salus('record', 'add', bundle, '--as', 'ana');
  assert.deepEqual([again.added, again.importId], [0, imported.importId]);
  const out = at('back.json');
  const exported = ['record', 'export', '--import', text(imported, 'importId'), '--out', out];
  const back = await salus(...exported, '--as', 'ana');
  assert.equal(back.sha256, imported.sha256);
  assert.equal(sha256(readFileSync(out)), imported.sha256);
  const letter = await salus('record', 'add', pdf, '--class', 'summary', '--as', 'ana');
  assert.equal(list(letter, 'items')[0]?.recordClass, 'summary');
});

test('what patients typed themselves says so, wherever it is shown', async () => {
  const note = ['record', 'add', '-', '--name', 'diary.txt', '--entered-by', 'patient'];
  const ran = await run([...note, '--as', 'ana', '--json'], { home, stdin: 'slept badly' });
  const [added] = linesOf(ran.stdout);
  const [item] = list(added ?? {}, 'items');
  const id = text(item ?? {}, 'recordId');
  const opened = await salus('record', 'open', id, '--as', 'ana');
  assert.deepEqual(
    [opened.text, opened.enteredBy, opened.mediaType],
    ['slept badly', 'patient', 'text/plain'],
  );
  const page = await salus('record', 'open', id, '--html', '--as', 'ana');
  assert.match(text(page, 'html'), /by the patient/);
  assert.match(text(page, 'html'), /slept badly/);
  const listed = await salus('record', 'list', '--as', 'ana', '--class', 'other');
  const found = list(listed, 'records').find((it) => it.recordId === id);
  assert.equal(found?.enteredBy, 'patient');
});

test('a doctor of the same machine is granted by name, and finds the grant in his inbox', async () => {
  const classes = ['--class', 'lab', '--class', 'diagnosis', '--write-class', 'diagnosis'];
  const given = await salus('grant', 'dr-bo', '--as', 'ana', ...classes, '--until', '+7d');
  consent = text(given, 'consent');
  assert.equal(Number(given.notAfterMs) % 3_600_000, 0, 'a whole hour');
  const { grants } = await salus('inbox', '--as', 'dr-bo');
  const [held] = list({ grants }, 'grants');
  assert.deepEqual([held?.consent, held?.patientName, held?.state], [consent, 'Ana Lima', 'live']);
});

test('the doctor lists, opens and writes; the patient opens what he wrote', async () => {
  const listed = await salus('record', 'list', '--as', 'dr-bo');
  const records = list(listed, 'records');
  assert.ok(records.length > 10);
  assert.ok(records.every((it) => it.class === 'lab' || it.class === 'diagnosis'));
  record = text(records.find((it) => it.class === 'lab') ?? {}, 'recordId');
  const opened = await salus('record', 'open', record, '--as', 'dr-bo', '--out', at('lab.json'));
  assert.equal(sha256(readFileSync(at('lab.json'))), opened.sha256);
  assert.equal(opened.by, 'ana');
  const written = await salus('diagnose', 'Ana Lima', '--as', 'dr-bo', '--text', 'Hay fever');
  assert.deepEqual([written.log, written.consent], ['doc', consent]);
  const mine = await salus('record', 'open', text(written, 'recordId'), '--as', 'ana');
  assert.deepEqual([mine.text, mine.by, mine.class], ['Hay fever', 'dr-bo', 'diagnosis']);
});

test('what a grant does not cover is refused with exit code 3', async () => {
  const listed = await salus(
    'record',
    'list',
    '--as',
    'ana',
    '--class',
    'medication',
    '--no-names',
  );
  const other = text(list(listed, 'records')[0] ?? {}, 'recordId');
  // As if it did not exist: whoever may not read does not learn that it does.
  await no('RECORD_UNKNOWN', 3, 'record', 'open', other, '--as', 'dr-bo');
  const purpose = ['record', 'list', '--as', 'dr-bo', '--purpose', 'HRESCH'];
  await no('PURPOSE_NOT_GRANTED', 3, ...purpose);
  await no('NOT_SHARED', 3, 'diagnose', 'nobody', '--text', 'x', '--as', 'dr-bo');
});

test('a device writes under a grant that names its class', async () => {
  await salus('grant', 'pump', '--as', 'ana', '--write-class', 'iot', '--until', '+1h');
  writeFileSync(at('reading.csv'), 'time,ml\n1,20\n');
  const written = await salus('record', 'add', at('reading.csv'), '--as', 'pump', '--class', 'iot');
  const ids = written.recordIds;
  assert.ok(Array.isArray(ids));
  const opened = await salus('record', 'open', String(ids[0]), '--as', 'ana');
  assert.deepEqual([opened.text, opened.class], ['time,ml\n1,20\n', 'iot']);
});

test('receipts are checked with a file and a trust root; a changed one fails with exit code 4', async () => {
  const file = at('lab.receipt');
  const made = await salus('receipt', record, '--as', 'ana', '--out', file);
  const trust = ['--trust', at('trust.json')];
  // Neither home nor passphrase nor gateway.
  const elsewhere = { home: at('nowhere'), env: { SALUS_PASSPHRASE: '' } };
  const verdict = await runSalus(['check-receipt', file, ...trust], elsewhere);
  assert.deepEqual([verdict.txId, verdict.vouchedBy], [made.txId, 'operator']);
  const bytes = readFileSync(file);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(at('changed.receipt'), bytes);
  const wrong = { code: 'RECEIPT_INVALID', exit: 4 };
  await refused(['check-receipt', at('changed.receipt'), ...trust], wrong, elsewhere);
  const byTx = await salus('receipt', text(made, 'txId'), '--as', 'ana', '--out', at('tx.receipt'));
  assert.equal(byTx.height, made.height);
});

test('a revoked doctor is refused, and the ledger says that the grant ended', async () => {
  await salus('revoke', 'dr-bo', '--as', 'ana');
  await no('CONSENT_ENDED', 3, 'record', 'list', '--as', 'dr-bo', '--consent', consent);
  await no('CONSENT_ENDED', 3, 'revoke', consent, '--as', 'ana');
  const grants = list(await salus('grants', '--as', 'ana'), 'grants');
  const ended = grants.find((it) => it.consent === consent);
  assert.equal(ended?.state, 'ended');
  assert.equal(ended?.looks, 2);
});

test('the patient sees who looked and who was refused, prints it, and keeps the receipts', async () => {
  const report = ['--html', at('looked.html'), '--receipts', at('receipts')];
  const looked = await salus('looked', '--as', 'ana', ...report);
  const looks = list(looked, 'looks');
  assert.ok(looks.every((it) => it.who === 'dr-bo' && it.verdict === 'proven'));
  assert.equal(looks.length, 2);
  assert.ok(list(looked, 'refusals').some((it) => it.code === 'CONSENT_ENDED'));
  assert.deepEqual(looked.withheld, []);
  assert.match(readFileSync(at('looked.html'), 'utf8'), /dr-bo/);
  const files = readdirSync(at('receipts'));
  assert.ok(files.length >= 2);
  const check = ['check-receipt', join(at('receipts'), files[0] ?? '')];
  const verdict = await salus(...check, '--trust', at('trust.json'));
  const { claim } = verdict;
  assert.equal(Object(claim).kind, 'look');
});

test('watch tells of new grants, what is new under them, and their end', async () => {
  const child = start(['watch', '--as', 'dr-bo', '--json'], { home });
  const ended = finished(child);
  const seen: Json[] = [];
  const waiting: { event: string; found: () => void }[] = [];
  let rest = '';
  child.stdout?.on('data', (data: string) => {
    const parts = (rest + data).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      const [facts] = linesOf(line);
      if (facts === undefined) continue;
      seen.push(facts);
      for (const it of waiting) if (it.event === facts.event) it.found();
    }
  });
  const said = (event: string) => new Promise<void>((found) => waiting.push({ event, found }));
  const watching = new Promise<void>((resolve) => {
    child.stderr?.on('data', (data: string) => {
      if (data.includes('Following')) resolve();
    });
  });
  await watching;
  const granted = said('grant');
  await salus('grant', 'dr-bo', '--as', 'ana', '--class', 'note', '--until', '+1h');
  await granted;
  const item = said('item');
  writeFileSync(at('note.txt'), 'a note');
  await salus('record', 'add', at('note.txt'), '--class', 'note', '--as', 'ana');
  await item;
  const end = said('end');
  await salus('revoke', 'dr-bo', '--as', 'ana');
  await end;
  child.kill('SIGINT');
  const { code } = await ended;
  assert.equal(code, 0);
  assert.deepEqual(
    seen.filter((it) => it.event === 'end').map((it) => it.how),
    ['revoked'],
  );
});

test('an erased record is gone, and its holder signed that', async () => {
  const erased = await salus('record', 'erase', record, '--as', 'ana');
  assert.deepEqual([erased.erased, erased.tombstones], [[record], 1]);
  await no('RECORD_ERASED', 3, 'record', 'open', record, '--as', 'ana');
  await no('EXPORT_INCOMPLETE', 3, 'record', 'export', text(imported, 'importId'), '--as', 'ana');
});

test('a lost device: the printed code alone brings the wallet back, in another home', async () => {
  const other = temporaryHome();
  try {
    const hospital = `${text(running.ready, 'url')}/north`;
    const recover = ['person', 'recover', 'ana', '--code-file', at('ana.code')];
    const env = { SALUS_PASSPHRASE: 'another passphrase' };
    const there = { home: other, env };
    const recovered = await runSalus([...recover, '--gateway', hospital], there);
    assert.equal(recovered.fullName, 'Ana Lima');
    const listed = await runSalus(['record', 'list', '--no-names'], there);
    assert.ok(list(listed, 'records').length > 100);
    const wrong = 'H3VP-1K70-YWS6-SHRS-P54C-GW1C-FSKD-KDMT-9DH7';
    writeFileSync(at('wrong.code'), wrong);
    const again = ['person', 'recover', 'ana2', '--code-file', at('wrong.code')];
    const no3 = { code: 'RECOVERY_CODE_WRONG', exit: 3 };
    await refused([...again, '--gateway', hospital], no3, there);
  } finally {
    remove(other);
  }
});

test('keys and passphrase change, and everything still opens', async () => {
  const rotated = await salus('person', 'rotate', 'ana');
  assert.equal(typeof rotated.height, 'number');
  writeFileSync(at('new.passphrase'), 'a new passphrase for tests\n');
  await salus('person', 'passphrase', 'ana', '--new-passphrase-file', at('new.passphrase'));
  await no('PASSPHRASE_WRONG', 3, 'person', 'show', 'ana');
  const withNew = ['--as', 'ana', '--passphrase-file', at('new.passphrase')];
  const listed = await salus('record', 'list', ...withNew, '--class', 'diagnosis');
  assert.ok(list(listed, 'records').some((it) => it.by === 'dr-bo'));
});

test('cards travel as files', async () => {
  const card = await salus('card', 'show', '--as', 'dr-bo', '--out', at('dr-bo.card'));
  assert.equal(card.licence, 'H-1');
  const added = await salus('card', 'add', at('dr-bo.card'), '--nickname', 'bo', '--as', 'pump');
  assert.deepEqual([added.nickname, added.name], ['bo', 'Dr Bo']);
  const bytes = readFileSync(at('dr-bo.card'));
  const last = bytes.length - 1;
  bytes[last] = (bytes[last] ?? 0) ^ 1;
  writeFileSync(at('forged.card'), bytes);
  await no('CARD_INVALID', 3, 'card', 'add', at('forged.card'), '--as', 'pump');
});

test('the sandbox mines real blocks, and says that work decides nothing here', async () => {
  const mined = ['sandbox', '--blocks', '4', '--difficulty', '6', '--svg', at('chain.svg')];
  const report = await salus(...mined, '--miners', 'a:3,b:1', '--seed', '7');
  assert.match(text(report, 'caption'), /work decides nothing/);
  assert.equal(list(report, 'chain').length, 4);
  assert.match(readFileSync(at('chain.svg'), 'utf8'), /^<svg /);
});

test('verify holds beside the running servers, and on a copy names what was changed', async () => {
  const whole = await salus('verify');
  assert.equal(whole.trusted, true);
  assert.ok(Number(whole.height) > 20);
  const hospitals = list(whole, 'hospitals');
  assert.deepEqual(
    hospitals.map((it) => it.hospital),
    ['harbour', 'north', 'valley'],
  );
  assert.equal(hospitals.find((it) => it.hospital === 'north')?.erased, 1);
  const changed = temporaryHome();
  try {
    cpSync(join(home, 'servers'), join(changed, 'servers'), { recursive: true });
    cpSync(join(home, 'trust.json'), join(changed, 'trust.json'));
    const there = { home: changed };
    const db = new DatabaseSync(join(changed, 'servers', 'north', 'gateway.db'));
    const row = db.prepare('SELECT recordId FROM items WHERE tombstone IS NULL LIMIT 1').get();
    const header = 'UPDATE items SET header = CAST(zeroblob(90) AS BLOB) WHERE recordId = ?';
    db.prepare(header).run(String(row?.recordId));
    db.close();
    const inRow = await refused(['verify'], { code: 'ITEM_HEADER_CORRUPT', exit: 4 }, there);
    assert.deepEqual([inRow.hospital, inRow.recordId], ['north', row?.recordId]);
    const blocks = new DatabaseSync(join(changed, 'servers', 'ledger', 'blocks.db'));
    blocks.exec(
      'DROP TRIGGER blocks_update; UPDATE blocks SET time_ms = time_ms + 1 WHERE height = 5',
    );
    blocks.close();
    const inBlock = await refused(['verify'], { code: 'LEDGER_CORRUPT', exit: 4 }, there);
    assert.equal(inBlock.height, 5);
  } finally {
    remove(changed);
  }
});

test('a stored byte that changed is named by its blob', async () => {
  const changed = temporaryHome();
  try {
    cpSync(join(home, 'servers'), join(changed, 'servers'), { recursive: true });
    const db = new DatabaseSync(join(changed, 'servers', 'north', 'blobs', 'blobs.sqlite'));
    const row = db.prepare('SELECT id, content FROM blobs WHERE content IS NOT NULL LIMIT 1').get();
    const content = row?.content;
    assert.ok(content instanceof Uint8Array);
    content[0] = (content[0] ?? 0) ^ 1;
    db.prepare('UPDATE blobs SET content = ? WHERE id = ?').run(content, String(row?.id));
    db.close();
    const expected = { code: 'BLOB_CORRUPT', exit: 4 };
    const found = await refused(['verify'], expected, { home: changed });
    assert.deepEqual([found.hospital, found.blobId], ['north', row?.id]);
  } finally {
    remove(changed);
  }
});

test('the servers come back with their data, at another port', async () => {
  const stopped = await running.stop();
  assert.equal(stopped.code, 0, stopped.stderr);
  await no('GATEWAY_UNREACHABLE', 5, 'record', 'list', '--as', 'dr-bo', '--consent', consent);
  running = await up(home);
  const people = list(running.ready, 'people').map((it) => it.name);
  assert.deepEqual(people, ['ana', 'dr-bo', 'pump']);
  const listed = await salus('inbox', '--as', 'dr-bo');
  assert.ok(list(listed, 'grants').length >= 2);
});
