import { hash, randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { median, type Report } from '../../../../../bench/figures.ts';
import { accounts } from '../../../../ledger/tables/accounts.ts';
import { accountIdOf } from '../../../../primitives/ids.ts';
import { decodeAs } from '../../../../primitives/shape.ts';
import { factsBytes } from '../../../alerts/api/incident-facts.ts';
import { SmtpRelay } from '../../../alerts/node/smtp-relay.ts';
import { AlertsSetting } from '../../../alerts/test/setting.ts';
import { incidentNotice } from '../../api/incident-notice.ts';
import { signedStatement, statement } from '../../api/statement.ts';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { depth, stepRows } from '../../node/incidents/background-round.ts';
import type { RoundPlace } from '../../node/incidents/scrubbing.ts';
import { tellPeople } from '../../node/incidents/telling.ts';
import { BackgroundScrub, scrubTurnMs } from '../../server/background-scrub.ts';
import { dataServerFolder } from '../../server/data-server-keys.ts';
import { envelopeThread } from '../../server/envelope-thread.ts';
import { drawn } from '../settings/pages.ts';
import { type Place, ThreeServers } from '../settings/three-servers.ts';
import { tampered } from '../tampering/tampered-file.ts';
import { loadPages } from './loaded-pages.ts';
import { loadRebuildable } from './rebuildable-pages.ts';

/** Of processor time: what other processes take is not ours to count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

const readingsOfPage = 64;
const scrubRounds = 5;
const mib = 2 ** 20;
const mailGoalMs = 5_000;
const percent = 2;

/** Bytes a second of the file, in pieces of 1 MiB; once more, so that what is measured is what the scrub has as well. */
function diskRate(path: string): number {
  const file = openSync(path, 'r');
  fsyncSync(file);
  const buffer = new Uint8Array(1 << 20);
  const began = performance.now();
  let bytes = 0;
  for (let read = 1; read > 0; bytes += read)
    read = readSync(file, buffer, 0, buffer.length, bytes);
  closeSync(file);
  return (bytes * 1_000) / (performance.now() - began);
}

/** Bytes a second of one core. */
function hashRate(): number {
  const piece = randomBytes(1 << 20);
  const began = performance.now();
  for (let at = 0; at < 64; at++) hash('sha256', piece, 'buffer');
  return (64 * piece.length * 1_000) / (performance.now() - began);
}

async function benchOf(report: Report, readings: number): Promise<void> {
  const pages = Math.ceil(readings / readingsOfPage);
  const folder = mkdtempSync(join(tmpdir(), 'salus-bench-scrub-'));
  const three = await ThreeServers.open(folder, await openKernel());
  const relay = new SmtpRelay();
  const setting = new AlertsSetting();
  try {
    const server = three.server(0);
    await loadPages({
      store: three.store(0),
      ledger: three.ledger,
      trio: three.trio,
      patients: 1_000,
      pages,
    });
    const path = join(folder, '0.db');
    const db = new DatabaseSync(path);
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    db.close();
    const base = { bench: 'scrub', n: readings };
    await benchFull(report, { scrub: () => server.tampering.fullScrub(), path, base });
    await benchBackground(report, three, readings);
    await benchMail(report, { three, path, relay, setting, readings });
  } finally {
    await relay.close();
    setting.leave();
    await three.close();
  }
}

/** In turn with what it is held to: of time that passes, for trees and indexes of a large file are looked at on another thread. */
async function benchFull(
  report: Report,
  of: {
    readonly scrub: () => Promise<{ readonly bad: readonly unknown[] }>;
    readonly path: string;
    readonly base: { readonly bench: string; readonly n: number };
  },
): Promise<void> {
  const { scrub, path, base } = of;
  const [rates, peers]: [number[], number[]] = [[], []];
  for (let round = 0; round < scrubRounds; round++) {
    const began = performance.now();
    const { bad } = await scrub();
    const ms = performance.now() - began;
    if (bad.length > 0) throw new Error(JSON.stringify(bad.slice(0, 3)));
    rates.push((statSync(path).size * 1_000) / ms);
    peers.push(Math.min(diskRate(path), hashRate()));
  }
  const [rate, least] = [median(rates), median(peers)];
  report({
    ...{ ...base, rounds: scrubRounds, figure: 'full-scrub', value: rate / mib, unit: 'MiB/s' },
    ...{ peer: 'the slower of disk read and SHA-256 of one core', peerValue: least / mib },
    ...{ ratio: rate / least, goal: '>= 0.7 of it', ok: rate >= 0.7 * least },
  });
}

/**
 * What the background takes of a core in turns of the process, how many days a round takes at that share, and its longest step,
 * for which a request waits: both of processor time, from all steps of one round.
 */
async function benchBackground(
  report: Report,
  three: ThreeServers,
  readings: number,
): Promise<void> {
  const scrub = new BackgroundScrub(three.server(0).tampering, percent);
  const began = performance.now();
  const before = process.cpuUsage();
  while (performance.now() - began < 10_000) {
    await setTimeout(scrubTurnMs);
    await scrub.turn();
  }
  const { user, system } = process.cpuUsage(before);
  const share = (user + system) / 10 / (performance.now() - began);
  const base = { bench: 'scrub', n: readings, rounds: 1, peer: 'the setting' };
  report({
    ...{ ...base, figure: 'background', value: share, unit: '% of a core', peerValue: percent },
    ...{ ratio: percent / share, goal: '<= 5', ok: share <= 5 },
  });
  const { roundMs, longestMs } = await timedRound(three);
  const days = roundMs / (percent / 100) / 86_400_000;
  report({
    ...{ ...base, figure: 'background-round', value: days, unit: 'days', peerValue: percent },
    ...{ ratio: 1, goal: 'said, no goal', ok: true },
  });
  report({
    ...{ ...base, figure: 'background-longest-step', value: longestMs, unit: 'ms of a core' },
    ...{ peerValue: longestMs, ratio: 1, goal: 'said, no goal', ok: true },
  });
}

/** Least of three, step by step: what else comes between is none of it. */
async function timedRound(
  three: ThreeServers,
): Promise<{ readonly roundMs: number; readonly longestMs: number }> {
  const { scrub } = three.server(0).tampering;
  const least: number[] = [];
  for (let round = 0; round < 3; round++) {
    let place: RoundPlace | undefined;
    let at = 0;
    do {
      const began = cpuMs();
      const { next } = await scrub.step(place, stepRows, depth);
      const took = cpuMs() - began;
      least[at] = Math.min(least[at] ?? took, took);
      place = next;
      at += 1;
    } while (place !== undefined);
  }
  const roundMs = least.reduce((sum, it) => sum + it, 0);
  return { roundMs, longestMs: least.reduce((most, it) => Math.max(most, it), 0) };
}

/** From a flipped byte to the relay's yes: full scrub, report, quarantine, ledger, hospital, letter. */
async function benchMail(
  report: Report,
  of: {
    readonly three: ThreeServers;
    readonly path: string;
    readonly relay: SmtpRelay;
    readonly setting: AlertsSetting;
    readonly readings: number;
  },
): Promise<void> {
  const { three, path, relay, setting, readings } = of;
  const port = await relay.listen();
  const { base, tampering } = three.server(0);
  const [first] = await three.store(0).registrationsSince(0);
  if (first === undefined) throw new Error('nobody');
  await setting.choose(first.account, { causes: ['incident'] });
  // Patients of this hospital, enrolled.
  const organisation = (await three.ledger.row(accounts, base.account)) ?? undefined;
  for (let who = 0; who < 1_000; who++) {
    if (organisation !== undefined)
      three.ledger.put(accounts, accountIdOf(drawn('account', String(who))), {
        ...organisation,
        role: 'patient',
      });
  }
  tampered(path, (db) => {
    // A row of a batch that has a page of hers.
    const hers = 'SELECT number, shares FROM sealed WHERE first <= ? AND last >= ? LIMIT 1';
    const { number, shares } = db.prepare(hers).get(first.pseudonym, first.pseudonym) as {
      number: number;
      shares: Uint8Array;
    };
    const changed = shares.slice();
    changed[shares.length - 7] = (changed[shares.length - 7] ?? 0) ^ 1;
    db.prepare('UPDATE sealed SET shares = ? WHERE number = ?').run(changed, number);
  });
  const began = performance.now();
  await tampering.fullScrub();
  const foundMs = performance.now() - began;
  await tampering.tellLedger();
  await tellPeople(base, {
    name: 'north',
    // As the gateway takes it, without the way there.
    async hand(_organisation, signed) {
      const { payload } = decodeAs(statement, decodeAs(signedStatement, signed).statement);
      const notice = decodeAs(incidentNotice, payload);
      const { server, fromMs, untilMs, done, source, claimedMac, began: subject } = notice;
      const facts = factsBytes({ server, fromMs, untilMs, done, source, claimedMac });
      for (const account of notice.people) setting.outbox.add('incident', account, subject, facts);
    },
  });
  const { service } = await setting.service([setting.mail(port)]);
  while (await service.round());
  const ms = performance.now() - began;
  setting.end();
  if (relay.taken.length !== 1) throw new Error(`${relay.taken.length} letters`);
  report({
    ...{ bench: 'scrub', n: readings, rounds: 1, value: ms, unit: 'ms' },
    figure: readings >= 10_000_000 ? 'flip-to-mail-1e7' : 'flip-to-mail',
    ...{ peer: 'of it until found, the last page of the store', peerValue: foundMs },
    ...{ ratio: foundMs / ms, goal: `<= ${mailGoalMs}`, ok: ms <= mailGoalMs },
  });
}

/**
 * Pages with envelopes at three servers of one process: what the other two do is in it, though at home it is done elsewhere. First all
 * shares of a server are gone and its rows stand; then its whole file is gone. Rebuilt, each share held to its hash and each batch
 * to its root, and all of it looked at.
 */
async function benchRebuild(report: Report, pages: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'salus-bench-rebuild-'));
  const three = await ThreeServers.open(folder, await openKernel());
  const hospitalOf = (place: Place) => join(folder, `hospital ${place}`);
  for (const place of [0, 1, 2] as const) {
    const files = dataServerFolder(hospitalOf(place));
    mkdirSync(files, { recursive: true });
    writeFileSync(join(files, 'recovery.key'), ThreeServers.recoverySeed(place), { mode: 0o600 });
  }
  three.openerAside = (place) => envelopeThread(hospitalOf(place));
  try {
    await three.registerEverywhere();
    await loadRebuildable(three, pages);
    for (const place of [0, 2] as const) {
      tampered(join(folder, `${place}.db`), (db) =>
        db.exec('UPDATE sealed SET shares = zeroblob(32)'),
      );
      await benchRebuildOf(report, three, { place, pages, what: 'rebuild' });
    }
    // Server 3 first: with the file of server 1 the envelopes of server 3 are gone.
    for (const place of [2, 0] as const) {
      await three.lose(place);
      await benchRebuildOf(report, three, { place, pages, what: 'rebuild-lost' });
    }
  } finally {
    await three.close();
  }
}

async function benchRebuildOf(
  report: Report,
  three: ThreeServers,
  of: { readonly place: Place; readonly pages: number; readonly what: string },
): Promise<void> {
  const { place, pages, what } = of;
  const { tampering, rebuilding } = three.server(place);
  await tampering.fullScrub();
  const key = three.recovery[place];
  if (key === undefined) throw new Error('no key');
  const [began, cpuBegan] = [performance.now(), cpuMs()];
  const [rebuilt] = await rebuilding.rebuild(key);
  const [ms, cpu] = [performance.now() - began, cpuMs() - cpuBegan];
  if (rebuilt?.fromEnvelopes !== pages) throw new Error(`${rebuilt?.fromEnvelopes} of ${pages}`);
  const n = pages * readingsOfPage;
  const figure = `${what}-server-${place + 1}`;
  const value = (ms / 1_000) * (1e6 / n);
  const base = { bench: 'scrub', n, rounds: 1, unit: 's per 1e6 readings' };
  report({
    ...{ ...base, figure, value, peer: 'the goal, no peer', peerValue: 1 },
    ...{ ratio: 1 / value, goal: '<= 1', ok: value <= 1 },
  });
  const cpuValue = (cpu / 1_000) * (1e6 / n);
  report({
    ...{ ...base, figure: `${figure}-cpu`, value: cpuValue, peer: 'time that passed' },
    ...{ peerValue: value, ratio: value / cpuValue, goal: 'said, no goal', ok: true },
  });
}

/** A thread's start is a fifth of a second: at fewer it would be most of what is told. */
const mostRebuilt = 3_000_000;

/** `npm run bench -- scrub`: rebuilding at 3e6 readings, the rest at 1e7, or as many as SCRUB_READINGS says. */
export async function benchScrub(report: Report): Promise<void> {
  const readings = Number(process.env.SCRUB_READINGS ?? 10_000_000);
  await benchRebuild(report, Math.ceil(Math.min(readings, mostRebuilt) / readingsOfPage));
  await benchOf(report, readings);
}
