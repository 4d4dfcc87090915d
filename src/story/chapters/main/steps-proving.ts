import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { sha256 } from '../../../crypto/hash.ts';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import type { RecordId } from '../../../primitives/ids.ts';
import { checkReceipt } from '../../../sdk/actions/check-receipt.ts';
import type { Looked } from '../../../sdk/actions/looks.ts';
import { type VerifiedHome, verifyHome } from '../../../server/maintenance/verify-home.ts';
import { everythingHeldBy } from '../../cast.ts';
import { type Facts, hold, refused } from '../../chapter.ts';
import type { Servers } from '../../server.ts';
import { changeOneByte, tryEverything } from './raw.ts';
import type { Scene } from './scene.ts';

const batchPatienceMs = 20_000;

/** 10 · The patient lists who looked, refusals included; each has a receipt that holds offline. */
export async function listLooks(scene: Scene): Promise<Facts> {
  const { patient } = scene;
  const looked = await lookedWithReceipts(scene);
  hold(looked.withheld.length === 0, 'no look was kept back');
  const trust = patient.person.trustRootJson();
  const byAccount = new Map([...scene.members.values()].map((it) => [it.account, it.nickname]));
  const notices: Facts[] = [];
  for (const [i, notice] of looked.notices.entries()) {
    hold(notice.kind !== 'doubtful', 'every notice verifies');
    hold(notice.txId !== undefined, 'every notice stands on the ledger');
    const receipt = await patient.person.receiptOfNotice(notice);
    const verdict = await checkReceipt(receipt, trust);
    hold(verdict.claim !== undefined, 'the receipt opens its entry');
    const file = scene.keepReceipt(`${notice.kind}-${i + 1}`, receipt);
    const who = notice.kind === 'erased' ? notice.holder : notice.reader;
    notices.push({
      kind: notice.kind,
      who: byAccount.get(who) ?? who,
      ...(notice.kind === 'look' && { purpose: notice.purpose, items: notice.recordIds.length }),
      ...(notice.kind === 'refusal' && { code: notice.code }),
      height: verdict.height,
      txId: verdict.txId,
      receipt: file,
    });
  }
  const looks = notices.filter(({ kind }) => kind === 'look').length;
  const refusals = notices.filter(({ kind }) => kind === 'refusal').length;
  hold(looks > 0 && refusals > 0, 'looks and refusals are both listed');
  return { looks, refusals, withheld: 0, notices };
}

/** Refusals are anchored once a second here (once a minute in earnest): waits until all have been. */
async function lookedWithReceipts(scene: Scene): Promise<Looked> {
  const until = performance.now() + batchPatienceMs;
  for (;;) {
    const looked = await scene.patient.person.looked();
    const open = looked.notices.some((it) => it.kind !== 'doubtful' && it.txId === undefined);
    if (!open || performance.now() > until) return looked;
    await wait(250);
  }
}

/**
 * 11 · One byte of a stored blob, one of a block and one of an item's header are changed, each in a copy:
 * each is found and named. An erased item is gone for everybody, and its tombstone verifies.
 */
export async function tamperAndErase(scene: Scene): Promise<Facts> {
  const { patient, servers } = scene;
  const [first, second] = scene.ownItems().filter(({ item }) => item.byteLength > 0);
  hold(first !== undefined && second !== undefined, 'records to tamper with and to erase');
  const erasedId = second.item.recordId;
  await patient.person.erase([erasedId]);
  const gone = await refused('opening what was erased', () => patient.person.openRecord(erasedId));
  const looked = await lookedWithReceipts(scene);
  const tombstone = looked.notices.find(({ kind }) => kind === 'erased');
  hold(tombstone?.kind === 'erased' && tombstone.txId !== undefined, 'the tombstone is anchored');
  const receipt = await patient.person.receiptOfNotice(tombstone);
  const verdict = await checkReceipt(receipt, patient.person.trustRootJson());
  const raw = await tryEverything(scene, await everythingHeldBy(scene.home, scene.member('dr-a')), {
    hospital: patient.hospital,
    account: patient.account,
    recordId: erasedId,
  });
  hold(!raw.found, 'not even the raw store has the header');

  await servers.stop();
  const whole = await verifyEach(servers);
  const found: Facts[] = [];
  for (const kind of ['blob', 'block', 'header'] as const) {
    found.push(await findTampering(scene, kind, first.item.recordId));
  }
  await servers.restart();
  return {
    itemIds: [erasedId],
    erasedThen: gone,
    tombstoneHeight: verdict.height,
    receipt: scene.keepReceipt('tombstone', receipt),
    untouched: whole,
    found,
  };
}

/** What each machine holds verifies by itself; where there are several, what all of them hold together. */
async function verifyEach({ homes }: Servers): Promise<VerifiedHome> {
  const verified: VerifiedHome[] = [];
  for (const home of homes) verified.push(await verifyHome(home));
  const [first] = verified;
  if (first === undefined) throw new CodedError('INTERNAL', { what: 'no home' });
  const sum = (of: 'blobs' | 'items' | 'erased') => verified.reduce((all, it) => all + it[of], 0);
  const hospitals = verified.flatMap((it) => it.hospitals);
  return { ...first, blobs: sum('blobs'), items: sum('items'), erased: sum('erased'), hospitals };
}

async function findTampering(
  scene: Scene,
  kind: 'blob' | 'block' | 'header',
  recordId: RecordId,
): Promise<Facts> {
  const copy = mkdtempSync(join(tmpdir(), 'salus-tampered-'));
  try {
    const home = scene.servers.homeOf(scene.patient.hospital);
    cpSync(join(home, 'servers'), join(copy, 'servers'), { recursive: true });
    cpSync(join(home, 'trust.json'), join(copy, 'trust.json'));
    const changed = changeOneByte(copy, scene.patient.hospital, kind, recordId);
    try {
      await verifyHome(copy);
    } catch (error) {
      hold(isCoded(error) && error.kind === 'verification', `tampering with a ${kind} is found`);
      const named = Object.values(error.details).map(String);
      hold(named.includes(changed), `and named: ${changed}`);
      return { changed: kind, at: changed, code: error.code, ...error.details };
    }
    throw new CodedError('STEP_FAILED', { notFound: kind });
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** About as long as one note takes. */
const writeMs = 40;

/** 12 · Kill -9 in the middle of writing, restart: nothing that was acknowledged is missing. */
export async function killServers(scene: Scene): Promise<Facts> {
  const { servers } = scene;
  const writer = scene.patients.at(-1) ?? scene.patient;
  const acknowledged: { readonly recordId: RecordId; readonly sha256: string }[] = [];
  let isBroken = false;
  const writing = (async () => {
    for (let i = 0; ; i++) {
      const bytes = utf8(`Note ${i}, written while the power may fail.`);
      try {
        const added = await writer.person.addFile(
          {
            name: `note-${i}.txt`,
            byteLength: bytes.length,
            read: async function* () {
              yield bytes;
            },
          },
          { recordClass: 'note' },
        );
        for (const { recordId } of added.items) {
          acknowledged.push({ recordId, sha256: bytesToHex(sha256(bytes)) });
        }
      } catch (error) {
        isBroken = true;
        hold(isCoded(error) && error.kind === 'unavailable', 'a broken write says so with a code');
        return error.code;
      }
    }
  })();
  // Somewhere in the middle of the fourth note, or of a later one.
  while (acknowledged.length < 3 && !isBroken) await wait(5);
  await wait(Math.random() * writeMs);
  await servers.kill();
  const interruptedBy = await writing;
  const begun = performance.now();
  await servers.restart();
  const restartMs = Math.round(performance.now() - begun);
  const { resumed, height } = await writer.person.sync();
  for (const { recordId, sha256: expected } of acknowledged) {
    const { bytes } = await writer.person.openRecord(recordId);
    hold(bytesToHex(sha256(bytes)) === expected, 'every acknowledged note is there, byte for byte');
  }
  hold(acknowledged.length > 0, 'something was acknowledged before the kill');
  await servers.stop();
  const verified = await verifyEach(servers);
  return {
    acknowledged: acknowledged.length,
    missing: 0,
    interruptedBy,
    resumed: resumed.length,
    restartMs,
    height,
    verified,
  };
}
