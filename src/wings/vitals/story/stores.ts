import { setTimeout as wait } from 'node:timers/promises';
import { equalBytes, utf8 } from '../../../primitives/bytes.ts';
import { parseRecordId } from '../../../primitives/ids.ts';
import { enrolMember } from '../../../story/cast.ts';
import { type Chapter, hold, refused, type Step } from '../../../story/chapter.ts';
import { keptReports } from '../server/kept-incidents.ts';
import { cellsOf, change, StoresScene, shortHash } from './stores-scene.ts';

const lived: Step<StoresScene> = {
  name: 'lived',
  tells: 'A patient keeps records at a hospital; all that is kept there is looked at and is whole.',
  async play(scene) {
    const { servers, home } = scene.setting;
    const who = { nickname: 'ada', name: 'Ada', role: 'patient', hospital: 'north' } as const;
    scene.patient = await enrolMember(servers, home, who);
    const bytes = utf8('A note of hers.');
    const read = async function* () {
      yield bytes;
    };
    const file = { name: 'note.txt', byteLength: bytes.length, read };
    const { items } = await scene.patient.person.addFile(file, { recordClass: 'note' });
    scene.recordId = items[0]?.recordId ?? '';
    hold((await scene.scrub('alone')).length === 0, 'everything is as it was kept');
    return { records: items.length };
  },
};

const files = [
  'north/gateway.db',
  'north/blobs/blobs.sqlite',
  'ledger/blocks.db',
  'ledger/state.db',
] as const;
/** When something came that no anchor has named yet, and numbers that SQLite gives: nobody's (stores.md). */
const silent = new Set(['claims.put_ms', 'head.id', 'indexed.id', 'identity.id', 'kv.id']);

const everyTable: Step<StoresScene> = {
  name: 'every-table',
  tells:
    'With the servers stopped, a value of each column of each table of each file is changed: every one is found.',
  async play(scene) {
    await scene.setting.servers.stop();
    const tables = new Set<string>();
    let changed = 0;
    for (const file of files) {
      for (const cell of scene.database(file, cellsOf)) {
        if (silent.has(`${cell.table}.${cell.column}`)) continue;
        const undo = scene.database(file, (db) => change(db, cell));
        if (undo === undefined) continue;
        const found = await scene.scrub('alone');
        hold(found.length > 0, `${file} ${cell.table}.${cell.column} is found`);
        scene.database(file, undo);
        tables.add(`${file} ${cell.table}`);
        changed += 1;
      }
    }
    hold((await scene.scrub('alone')).length === 0, 'all of it is put back');
    await scene.setting.servers.restart();
    return { tables: tables.size, changed, found: changed };
  },
};

const row: Step<StoresScene> = {
  name: 'row',
  tells:
    'Somebody writes an invitation of his own into the hospital’s file: found by its MAC, reported, taken out.',
  async play(scene) {
    const forged =
      "INSERT INTO invitations (hash, role, createdMs, id) VALUES (x'00', 'clinician', 1, 'forged')";
    scene.database('north/gateway.db', (db) => db.exec(forged));
    const [flaw] = await scene.scrub('told');
    hold(flaw?.table === 'invitations' && flaw.bound === 'row MAC: foreign', 'the row is named');
    const met = await scene.reported((it) => it.kind === 'tampering' && it.store === 'gateway');
    scene.database('north/gateway.db', (db) =>
      db.exec("DELETE FROM invitations WHERE id = 'forged'"),
    );
    hold((await scene.scrub('told')).length === 0, 'nothing of it is left');
    const over = await scene.reported(
      (it) => it.store === 'gateway' && it.done.length > 0 && it.kind !== 'write-attempt',
    );
    return { table: flaw.table, bound: flaw.bound, report: met.name, over: over.name };
  },
};

const body: Step<StoresScene> = {
  name: 'body',
  tells:
    'A byte of a sealed record is changed: nobody is shown it, the report knows that one person is concerned, and it opens again when it is put back.',
  async play(scene) {
    const { patient } = scene;
    hold(patient !== undefined, 'a patient');
    const recordId = parseRecordId(scene.recordId);
    const blob = scene.database('north/gateway.db', (db) =>
      String(db.prepare('SELECT blob FROM items WHERE recordId = ?').get(recordId)?.blob),
    );
    const cell = { table: 'blobs', column: 'content', where: `id = '${blob}'` };
    const undo = scene.database('north/blobs/blobs.sqlite', (db) => change(db, cell));
    const shown = await refused('a changed record', () => patient.person.openRecord(recordId));
    const [flaw] = await scene.scrub('told');
    hold(flaw?.row === blob && flaw.code === 'BLOB_CORRUPT', 'the body is named');
    const met = await scene.reported((it) => it.store === 'blobs' && it.done.length === 0);
    hold(met.report?.people === 1, 'whose it is is known');
    if (undo !== undefined) scene.database('north/blobs/blobs.sqlite', undo);
    hold((await scene.scrub('told')).length === 0, 'it is as it was kept');
    await patient.person.openRecord(recordId);
    return { shown, blob, report: met.name, people: met.report.people };
  },
};

const state: Step<StoresScene> = {
  name: 'state',
  tells:
    'A row of the ledger’s state is changed: the next start makes the state again from the blocks, its root the same.',
  async play(scene) {
    const { servers } = scene.setting;
    await servers.stop();
    const head = scene.database('ledger/state.db', (db) =>
      db.prepare('SELECT height, app_hash FROM head').get(),
    );
    const { height, app_hash: root } = head ?? {};
    hold(root instanceof Uint8Array, 'the state has a root');
    scene.database('ledger/state.db', (db) => change(db, { table: 'kv', column: 'v' }));
    const found = await scene.scrub('told');
    hold(
      found.some(({ table }) => table === 'kv'),
      'the row is found',
    );
    await servers.restart();
    await wait(1_000);
    await servers.stop();
    hold((await scene.scrub('alone')).length === 0, 'the state is whole');
    await servers.restart();
    const again = scene.database('ledger/blocks.db', (db) =>
      db.prepare('SELECT app_hash FROM blocks WHERE height = ?').get(Number(height)),
    );
    hold(
      again?.app_hash instanceof Uint8Array && equalBytes(again.app_hash, root),
      'the same root',
    );
    return { found: found.length, height: Number(height), root: shortHash(root) };
  },
};

const doors: Step<StoresScene> = {
  name: 'doors',
  tells:
    'Somebody tries the registration desk’s door again and again: refused, and reported with his address.',
  async play(scene) {
    const { url } = scene.setting.servers.hospital('north');
    const codes = new Set<number>();
    for (let i = 0; i < 5; i++) {
      const headers = { authorization: 'Desk forged' };
      codes.add((await fetch(`${url}/v1/desk/links`, { method: 'POST', headers })).status);
    }
    hold(codes.size === 1 && codes.has(401), 'each is refused');
    const { name, report } = await scene.reported((it) => it.kind === 'write-attempt');
    const [attempt] = report?.attempts ?? [];
    hold(attempt !== undefined && attempt.from !== '', 'from where is told');
    return { from: attempt.from, mac: attempt.claimedMac || 'not told', report: name };
  },
};

const anchored: Step<StoresScene> = {
  name: 'anchored',
  tells: 'Each report is signed and stands on the ledger by its hash alone.',
  async play(scene) {
    const kept = await keptReports(scene.home);
    for (let i = 0; i < 300; i++) {
      const waiting = scene.database('north/gateway.db', (db) =>
        Number(db.prepare('SELECT count(*) AS n FROM vitals_reports WHERE height = 0').get()?.n),
      );
      if (waiting === 0) return { reports: kept.length, onLedger: kept.length };
      await wait(100);
    }
    hold(false, 'every report is on the ledger');
  },
};

/** Every store of a hospital is tampered with: found, named, repaired or told. The data servers' half is the chapter `tamper`. */
export const storesChapter: Chapter<StoresScene> = {
  name: 'stores',
  tells:
    'Somebody changes what a hospital keeps for others, store by store: each is found, named, and repaired or told.',
  flags: {},
  open: async (setting) => new StoresScene(setting),
  steps: [lived, everyTable, row, body, state, doors, anchored],
};
