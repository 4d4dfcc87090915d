import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { serversOf } from '../../../server/process.ts';
import { type Chapter, hold, refused, type Step } from '../../../story/chapter.ts';
import { peerPost } from '../api/routes/peer-post.ts';
import { quarantineRowId, statQuarantines } from '../ledger/tables/stat-quarantines.ts';
import { trioId } from '../ledger/tables/stat-trios.ts';
import { state } from '../node/statements.ts';
import { type GuardedTable, pageTables } from '../node/stores/guarded-tables.ts';
import { changeStudies, registerSensor } from '../sdk/index.ts';
import { dataServerFolder } from '../server/data-server-keys.ts';
import { keptReports } from '../server/kept-incidents.ts';
import { provenRows } from '../server/ledger-line.ts';
import { askOperator, type OperatorAnswer } from '../server/operator-line.ts';
import { Letters } from './letters.ts';
import { type Hospital, VitalsScene } from './scene.ts';
import { readSeries, replayed } from './series.ts';

const hospitals = ['north', 'harbour', 'valley'] as const;
const hourMs = 3_600_000;

/** Data servers, and who is told by mail when one is tampered with. */
class TamperScene extends VitalsScene {
  readonly letters = new Letters(this.setting);
}

const found: Step<TamperScene> = {
  name: 'found',
  tells:
    'Three hospitals run a data server each; two demo patients, made up, send what was recorded.',
  async play(scene) {
    await scene.letters.open();
    await scene.hurry();
    await scene.findServers();
    const desk = await scene.desk();
    let pages = 0;
    for (const [at, { series }] of scene.played.entries()) {
      const { dataset } = await desk.found(
        {
          ...{ panel: series.panel, edges: 1, windows: 1, servers: scene.servers, kMin: 20 },
          ...{ pagesPerPatient: 24, researcherCap: 500_000, datasetCap: 2_000_000 },
          purposes: ['research'],
        },
        await desk.speaker('north'),
      );
      const member = await scene.enrol(
        `demo-${at + 1}`,
        'patient',
        at % 2 === 0 ? 'north' : 'valley',
      );
      await scene.letters.choose(member);
      const key = await scene.newKey();
      const { said } = await member.person.run(registerSensor, {
        servers: scene.servers,
        sensor: { key: key.publicKey, panels: [series.panel] },
      });
      await member.person.run(changeStudies, { join: [dataset] });
      const fromMs = 24 * hourMs * (Math.floor(Date.now() / hourMs / 24) - 1);
      const patient = { member, key, pseudonym: said.pseudonym, number: at, rows: [], pages: [] };
      const made = { ...patient, pages: [] as readonly never[] } as never;
      const { rows } = replayed(series, at, fromMs);
      await scene.send(made, rows);
      pages += (made as { pages: readonly unknown[] }).pages.length;
    }
    return { pages, batches: await scene.sealed(pages), madeUp: true };
  },
};

/** As somebody who can write the file does it: one bit of the last column of the first row. False: the table is empty. */
function tamper(path: string, table: string, columns: readonly string[]): boolean {
  const db = new DatabaseSync(path, { timeout: 5_000 });
  try {
    const triggers = db.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all();
    const column = columns.at(-1) ?? '';
    const row = db.prepare(`SELECT rowid AS at, ${column} AS value FROM ${table} LIMIT 1`).get();
    if (row === undefined) return false;
    const { value } = row;
    const changed =
      value instanceof Uint8Array
        ? value.map((it, at) => (at === 0 ? it ^ 1 : it))
        : Number(value) ^ 64;
    db.exec('BEGIN IMMEDIATE');
    for (const { name } of triggers) db.exec(`DROP TRIGGER "${String(name)}"`);
    db.prepare(`UPDATE ${table} SET ${column} = ? WHERE rowid = ?`).run(changed, row.at ?? null);
    for (const { sql } of triggers) db.exec(String(sql));
    db.exec('COMMIT');
    return true;
  } finally {
    db.close();
  }
}

async function until(
  scene: VitalsScene,
  hospital: Hospital,
  isSo: (status: OperatorAnswer) => boolean,
): Promise<OperatorAnswer> {
  for (;;) {
    const status = await askOperator(scene.home, hospital, 'status');
    if (isSo(status)) return status;
    await setTimeout(100, undefined, { signal: scene.setting.signal });
  }
}

/** Tables with a key that `rowid` names. */
const named = pageTables
  .map((it: GuardedTable) => ({ name: it.name, columns: [...it.bound, ...(it.beside ?? [])] }))
  .filter(({ name }) => !['patients', 'batches', 'kept'].includes(name));

const isOfOthers = ({ name }: { readonly name: string }) => name.endsWith('envelopes');

/** `ofOthers`: what it keeps for another server, of which nobody has a second copy; changed last, for it is lost. Rule VT-17. */
const server = (hospital: Hospital, ofOthers: boolean): Step<VitalsScene> => ({
  name: `tamper-${hospital}${ofOthers ? '-envelopes' : ''}`,
  tells: `One bit of each table of ${hospital}'s data server is changed: found, quarantined, told, rebuilt, root equal.`,
  async play(scene) {
    const path = join(dataServerFolder(join(serversOf(scene.home), hospital)), 'pages.db');
    const place = quarantineRowId(
      trioId(scene.servers),
      scene.servers[hospitals.indexOf(hospital)] ?? scene.servers[0] ?? ('' as never),
    );
    const facts: Record<string, unknown> = {};
    let incidents = (await askOperator(scene.home, hospital, 'status')).incidents;
    for (const { name, columns } of named.filter((it) => isOfOthers(it) === ofOthers)) {
      if (!tamper(path, name, columns)) continue;
      const began = performance.now();
      await until(scene, hospital, (it) => it.quarantines.length > 0);
      const foundMs = Math.round(performance.now() - began);
      const told = await until(scene, hospital, (it) => it.owed === 0 && it.toTell === 0);
      hold(told.incidents > incidents, 'there is a report');
      const quarantined = await provenRows(scene.ledger()).row(statQuarantines, place);
      hold(quarantined?.state === 'quarantined', 'the ledger has it');
      await askOperator(scene.home, hospital, 'rebuild');
      const done = await until(scene, hospital, (it) => it.work?.isOver === true);
      hold(done.work?.code === undefined, `rebuilt: ${done.work?.code}`);
      hold(done.quarantines.length === 0, 'it answers again');
      const row = await provenRows(scene.ledger()).row(statQuarantines, place);
      hold(row?.state === 'rebuilt', 'the ledger says so');
      incidents = done.incidents;
      facts[`${name}.${columns.at(-1)}`] = { foundMs };
    }
    return facts;
  },
});

/** Another server's word, signed by nobody whom the ledger knows. */
async function forgedWord(scene: VitalsScene, to: AccountId, from: AccountId): Promise<Uint8Array> {
  const sign = await scene.newKey();
  const of = { to, word: 'secrets', payload: new Uint8Array(0) };
  return state({ account: from, sign, now: Date.now }, of);
}

const attempted: Step<VitalsScene> = {
  name: 'attempted',
  tells:
    'Somebody speaks to each data server in another’s name, again and again: one signed report, and nobody is mailed.',
  async play(scene) {
    const codes = new Set<string>();
    for (const [at, hospital] of hospitals.entries()) {
      const [own, other] = [scene.servers[at], scene.servers[(at + 1) % 3]];
      hold(own !== undefined && other !== undefined, 'three servers');
      const line = await scene.lineTo(own);
      for (let n = 0; n < 20; n++)
        codes.add(
          await refused('a forged word', async () =>
            line.call(peerPost, { stream: await forgedWord(scene, own, other) }),
          ),
        );
      const status = await until(scene, hospital, (it) => it.incidents > 0 && it.owed === 0);
      hold(status.quarantines.length === 0, 'it answers as before');
      hold(status.toTell === 0, 'nobody is mailed');
    }
    const kept = await keptReports(scene.home);
    const said = kept.flatMap(({ hospital, state: holds, report }) =>
      report?.kind === 'write-attempt' && holds === 'holds'
        ? report.attempts.map(({ from, what }) => ({ hospital, from, what: what.split(',')[0] }))
        : [],
    );
    hold(said.length === hospitals.length, `one line each, not ${JSON.stringify(said)}`);
    return { refused: [...codes], told: said };
  },
};

const mailed: Step<TamperScene> = {
  name: 'mailed',
  tells: 'Every patient whom it concerns was mailed, and once for all that came within the hour.',
  async play(scene) {
    const patients = scene.played.map((_, at) => scene.member(`demo-${at + 1}`));
    return { told: await scene.letters.oneEach(patients) };
  },
};

/** Each table of every data server is tampered with. */
export const tamperChapter: Chapter<TamperScene> = {
  name: 'tamper',
  tells:
    'Somebody writes into what data servers keep: it is found, nobody is answered from it, and it is rebuilt without plaintext.',
  flags: { csv: { type: 'string', multiple: true }, smtp: { type: 'string' } },
  async open(setting) {
    const { csv } = setting.flags;
    if (!Array.isArray(csv)) throw new CodedError('USAGE', { problem: '--csv FILE...' });
    const scene = new TamperScene(setting, { patientsEach: 1, hours: 2 });
    for (const file of csv) {
      const series = readSeries(String(file), 2);
      if (series.rows.length === 0) throw new CodedError('REQUEST_INVALID', { file: String(file) });
      scene.played.push({ series, datasets: new Map(), patients: [] });
    }
    return scene;
  },
  followedBy: ['stores', 'encrypted', 'silent', 'alerts'],
  steps: [
    found,
    attempted,
    ...hospitals.map((it) => server(it, false)),
    ...hospitals.map((it) => server(it, true)),
    mailed,
  ],
};
