import assert from 'node:assert/strict';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import type { Code } from '../../src/codes/index.ts';
import { utf8 } from '../../src/primitives/bytes.ts';
import { CodedError, isCoded } from '../../src/primitives/errors.ts';
import type { RecordId } from '../../src/primitives/ids.ts';
import { Person } from '../../src/sdk/index.ts';
import { type Consortium, startConsortium } from '../../src/server/consortium.ts';
import { backUpHome } from '../../src/server/maintenance/backup/backup.ts';
import { manifestName, readManifest } from '../../src/server/maintenance/backup/manifest.ts';
import { pruneBackups } from '../../src/server/maintenance/backup/prune.ts';
import { restoreHome } from '../../src/server/maintenance/backup/restore.ts';
import { verifyHome } from '../../src/server/maintenance/verify-home.ts';
import type { Service } from '../../src/server/process.ts';
import { localDesk } from '../../src/server/registration-desk.ts';
import { services as allServices } from '../../src/server/services.ts';
import { linesOf, run } from '../cli/salus.ts';
import { fileOf } from '../e2e/consortium.ts';
import { memoryWalletStore } from '../wallet-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'salus-backup-'));
const home = join(folder, 'home');
const backups = join(folder, 'backups');
const dayMs = 24 * 60 * 60_000;
let consortium: Consortium;
let person: Person;
/** A small record and a large one, whose body is a file. */
let records: readonly RecordId[];
let backup: string;
let rows: number;
let news = 0;

const newHome = () => join(folder, `new-${++news}`);
const serve = (at: string) =>
  startConsortium({ home: at, port: 0, logLevel: 'silent', acceptLoss: true });
const coded = (code: Code) => (error: unknown) => isCoded(error, code);

before(async () => {
  consortium = await serve(home);
  const store = memoryWalletStore();
  const wallet = { store, passphrase: 'a long enough passphrase', name: 'ana' };
  ({ person } = await Person.create(wallet));
  const desk = localDesk(home, 'north');
  const { invitation } = await desk.invite({ role: 'patient', name: 'ana' });
  await person.enrol({ gatewayUrl: desk.url, invitation, role: 'patient' });
  const added = [
    await person.addFile(fileOf('small.txt', utf8('a small one'))),
    await person.addFile(fileOf('scan.bin', new Uint8Array(400_000).fill(7))),
  ];
  records = added.flatMap(({ items }) => items.map((it) => it.recordId));
  mkdirSync(join(home, 'people'), { recursive: true });
  writeFileSync(join(home, 'people', 'ana.wallet'), 'sealed', { mode: 0o600 });
  writeFileSync(join(home, 'people', `ana.wallet.${'0a'.repeat(16)}`), 'shard', { mode: 0o600 });
  writeFileSync(join(home, 'people', 'ana.wallet.lock'), '1');
  const options = { home, out: backups, withKeys: true, nowMs: 1_000 * dayMs };
  const made = await backUpHome(options);
  backup = made.folder;
  rows = made.verified.items;
  assert.ok(rows >= records.length);
});

after(async () => {
  await consortium.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a backup lists every file that it holds, and only its owner reads them', () => {
  const { files, chain, height, keys } = readManifest(backup);
  const held = readdirSync(backup, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(backup.length + 1))
    .filter((name) => name !== manifestName)
    .sort();
  assert.deepEqual(files.map((it) => it.path).sort(), held);
  for (const name of held) assert.equal(statSync(join(backup, name)).mode & 0o077, 0, name);
  assert.equal(statSync(backup).mode & 0o077, 0);
  assert.equal(keys, true);
  assert.equal(chain, consortium.chainId);
  assert.ok(height > 0);
  const has = (part: string) => held.some((name) => name.includes(part));
  for (const part of [
    'validator.key',
    'desk.token',
    'ana.wallet',
    'ana.wallet.0a0a',
    'blobs/files/',
  ]) {
    assert.ok(has(part), part);
  }
  // Derived, or of the living server.
  for (const part of ['state.db', '.lock', 'address.json', '-wal']) assert.ok(!has(part), part);
});

test('a restored home verifies, serves, and gives the records back', async () => {
  const at = newHome();
  const { verified } = await restoreHome({ from: backup, home: at });
  assert.equal(verified.items, rows);
  assert.equal(verified.trusted, true);
  const served = await serve(at);
  assert.equal(served.chainId, consortium.chainId);
  await served.close();
  assert.equal((await verifyHome(at)).items, rows);
});

test('without keys no private key leaves the home, and what is made of it starts only with them', async () => {
  const out = join(folder, 'without-keys');
  const made = await backUpHome({ home, out, withKeys: false, nowMs: Date.now() });
  assert.equal(made.manifest.keys, false);
  const text = readdirSync(made.folder, { recursive: true }).map(String).join('\n');
  assert.doesNotMatch(text, /\.key|\.token|demo-code/);
  const at = newHome();
  await restoreHome({ from: made.folder, home: at });
  await assert.rejects(serve(at), coded('HOME_INVALID'));
  assert.ok(!existsSync(join(at, 'servers', 'north', 'organisation.key')), 'a key was made anew');
  for (const file of ['ledger/validator.key', 'north', 'harbour', 'valley']) {
    const path = file.endsWith('.key') ? file : `${file}/organisation.key`;
    cpSync(join(home, 'servers', path), join(at, 'servers', path));
  }
  await (await serve(at)).close();
});

test('a backup holds what the services of wings keep, verifies it, and restores it', async () => {
  const keeping: Service = {
    name: 'notes',
    per: 'hospital',
    keeps: {
      databases: ['notes/notes.db'],
      folders: [
        { path: 'notes/pages', database: 'notes/notes.db', namesQuery: 'SELECT name FROM pages' },
      ],
      keys: ['notes/notes.key'],
    },
    verify: async (at) => {
      const page = join(at, 'servers/north/notes/pages/one');
      if (readFileSync(page, 'utf8') !== 'one') throw new CodedError('BLOB_CORRUPT');
      return [{ check: 'pages', ok: true, value: '1', advice: '' }];
    },
  };
  const at = join(home, 'servers', 'north', 'notes');
  mkdirSync(join(at, 'pages'), { recursive: true });
  const db = new DatabaseSync(join(at, 'notes.db'));
  db.exec("CREATE TABLE pages (name TEXT); INSERT INTO pages VALUES ('one')");
  db.close();
  for (const [name, text] of [
    ['pages/one', 'one'],
    ['pages/left-over', 'x'],
    ['notes.key', 'k'],
  ] as const) {
    writeFileSync(join(at, name), text);
  }
  const services = [...allServices, keeping];
  const out = join(folder, 'with-wing');
  const made = await backUpHome({ home, out, withKeys: true, nowMs: Date.now(), services });
  assert.deepEqual(made.verified.services, [
    { name: 'notes', findings: [{ check: 'pages', ok: true, value: '1', advice: '' }] },
  ]);
  const restored = newHome();
  await restoreHome({ from: made.folder, home: restored, services });
  assert.deepEqual(
    readdirSync(join(restored, 'servers/north/notes'), { recursive: true }).map(String).sort(),
    ['notes.db', 'notes.key', 'pages', 'pages/one'],
  );
  writeFileSync(join(at, 'pages/one'), 'two');
  const changed = backUpHome({ home, out, withKeys: true, nowMs: Date.now(), services });
  await assert.rejects(changed, coded('BLOB_CORRUPT'));
  rmSync(at, { recursive: true });
});

const damage: readonly (readonly [name: string, code: Code, change: (at: string) => void])[] = [
  [
    'a changed byte',
    'BACKUP_INVALID',
    (at) => appendFileSync(join(at, 'servers/north/gateway.db'), 'x'),
  ],
  ['a missing file', 'BACKUP_INVALID', (at) => rmSync(join(at, 'servers/ledger/blocks.db'))],
  ['no manifest', 'BACKUP_INVALID', (at) => rmSync(join(at, manifestName))],
  [
    'a manifest that leads out of the folder',
    'BACKUP_INVALID',
    (at) => edit(at, (text) => text.replace('"trust.json"', '"../trust.json"')),
  ],
  [
    'a manifest of another height',
    'BACKUP_INVALID',
    (at) => edit(at, (text) => text.replace(/"height": \d+/, '"height": 1')),
  ],
  [
    'a file that the manifest leaves out',
    'LEDGER_CORRUPT',
    (at) =>
      edit(at, (text) => {
        const manifest = JSON.parse(text) as { files: { path: string }[] };
        const files = manifest.files.filter((it) => !it.path.endsWith('blocks.db'));
        return JSON.stringify({ ...manifest, files });
      }),
  ],
];

function edit(at: string, change: (text: string) => string): void {
  const path = join(at, manifestName);
  const text = readFileSync(path, 'utf8');
  assert.notEqual(change(text), text);
  writeFileSync(path, change(text));
}

for (const [name, code, change] of damage) {
  test(`a backup with ${name} is refused as ${code} and leaves an empty home`, async () => {
    const broken = join(folder, `broken-${++news}`);
    cpSync(backup, broken, { recursive: true });
    change(broken);
    const at = newHome();
    await assert.rejects(restoreHome({ from: broken, home: at }), coded(code));
    assert.deepEqual(existsSync(at) ? readdirSync(at) : [], []);
  });
}

test('a home that holds anything is not restored into', async () => {
  await assert.rejects(restoreHome({ from: backup, home }), coded('HOME_NOT_EMPTY'));
});

test('what was interrupted leaves no backup', async () => {
  const out = join(folder, 'interrupted');
  const stop = new AbortController();
  const interrupted = backUpHome({
    ...{ home, out, withKeys: true, nowMs: Date.now(), signal: stop.signal },
    onProgress: (what) => {
      if (what.includes('gateway.db')) stop.abort();
    },
  });
  await assert.rejects(interrupted, coded('INTERRUPTED'));
  assert.deepEqual(readdirSync(out), []);
});

test('old backups of this ledger go, the newest and what is no backup stay', async () => {
  const out = join(folder, 'many');
  const nowMs = 2_000 * dayMs;
  const ages = [0, 34, 36, 400];
  const names = ages.map((days) => `age-${days}`);
  for (const [at, days] of ages.entries()) {
    cpSync(backup, join(out, names[at] ?? ''), { recursive: true });
    edit(join(out, names[at] ?? ''), (text) =>
      text.replace(/"createdMs": \d+/, `"createdMs": ${nowMs - days * dayMs}`),
    );
  }
  cpSync(backup, join(out, 'another-ledger'), { recursive: true });
  edit(join(out, 'another-ledger'), (text) => text.replace(/"chain": "/, '"chain": "x'));
  mkdirSync(join(out, 'letters'));
  const { chain } = readManifest(backup);
  assert.deepEqual(pruneBackups(out, { chain, days: 35, nowMs }), ['age-36', 'age-400']);
  assert.deepEqual(readdirSync(out).sort(), ['age-0', 'age-34', 'another-ledger', 'letters']);
  // Only the newest is left, and it is years old.
  rmSync(join(out, 'age-0'), { recursive: true });
  assert.deepEqual(pruneBackups(out, { chain, days: 35, nowMs: nowMs + 1_000 * dayMs }), []);
});

async function told(...args: string[]) {
  const { code: exit, stdout } = await run([...args, '--json']);
  return { exit, facts: linesOf(stdout).at(-1) ?? {} };
}

test('the commands say where the backup is, warn of a second server, and refuse with their exit codes', async () => {
  const out = join(folder, 'told');
  const made = await told('backup', '--home', home, '--out', out, '--prune', '35');
  assert.equal(made.exit, 0);
  assert.equal(made.facts.ok, true);
  assert.deepEqual(made.facts.removed, []);
  const at = newHome();
  const restored = await told('restore', String(made.facts.folder), '--home', at);
  assert.equal(restored.exit, 0);
  assert.match(String(restored.facts.warnings), /Never let two servers run with these keys/);
  assert.match(String(restored.facts.warnings), /LEDGER_FORKED/);
  const again = await told('restore', String(made.facts.folder), '--home', at);
  assert.deepEqual([again.exit, again.facts.code], [2, 'HOME_NOT_EMPTY']);
  const none = await told('restore', out, '--home', newHome());
  assert.deepEqual([none.exit, none.facts.code], [4, 'BACKUP_INVALID']);
  const nowhere = await told('backup', '--home', newHome(), '--out', out);
  assert.deepEqual([nowhere.exit, nowhere.facts.code], [3, 'HOME_INVALID']);
  const unsaid = await told('backup', '--home', home);
  assert.deepEqual([unsaid.exit, unsaid.facts.code], [2, 'MISSING']);
});

// Last: it erases.
test('what was erased after the backup is erased again with the tombstones of the newer home', async () => {
  await person.erase(records);
  const newer = await verifyHome(home);
  assert.ok(newer.erased >= records.length);
  const without = await restoreHome({ from: backup, home: newHome() });
  assert.deepEqual([without.verified.items, without.verified.erased], [rows, 0]);
  const at = newHome();
  const again = await restoreHome({ from: backup, home: at, erasuresOf: home });
  assert.equal(again.erasedAgain, newer.erased);
  assert.deepEqual([again.verified.items, again.verified.erased], [newer.items, newer.erased]);
  const large = join(at, 'servers', 'north', 'blobs', 'files');
  assert.equal(readdirSync(large).length, 1);
  await (await serve(at)).close();
  assert.deepEqual(readdirSync(large), [], 'the body stayed');
  assert.equal((await verifyHome(at)).erased, newer.erased);
});
