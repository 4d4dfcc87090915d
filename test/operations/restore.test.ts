import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import type { Code } from '../../src/codes/index.ts';
import { CommittedState } from '../../src/gateway/committed-state.ts';
import { utf8 } from '../../src/primitives/bytes.ts';
import { isCoded } from '../../src/primitives/errors.ts';
import type { ConsentId } from '../../src/primitives/ids.ts';
import { Person, type WalletStore } from '../../src/sdk/index.ts';
import type { WalletContent } from '../../src/sdk/wallet/content.ts';
import { Vault } from '../../src/sdk/wallet/vault.ts';
import { type Consortium, startConsortium } from '../../src/server/consortium.ts';
import { backUpHome } from '../../src/server/maintenance/backup/backup.ts';
import { restoreHome } from '../../src/server/maintenance/backup/restore.ts';
import { localDesk } from '../../src/server/registration-desk.ts';
import { readRestored } from '../../src/server/restored.ts';
import { fileOf } from '../e2e/consortium.ts';
import { memoryWalletStore } from '../wallet-store.ts';

/**
 * A backup is older than what people did last: a grant was revoked since, an invitation used. What comes back of it, and
 * what a home says before it serves without the rest.
 */
const folder = mkdtempSync(join(tmpdir(), 'salus-restore-'));
const home = join(folder, 'home');
const passphrase = 'a long enough passphrase';
const day = 24 * 60 * 60_000;
const newHome = () => mkdtempSync(join(folder, 'new-'));
const serve = (at: string, acceptLoss = false) =>
  startConsortium({ home: at, port: 0, logLevel: 'silent', acceptLoss });
const coded = (code: Code) => (error: unknown) => isCoded(error, code);

interface Wallet {
  readonly store: WalletStore;
  readonly person: Person;
}

let backup: string;
let backupHeight: number;
/** What her wallet had verified when the backup was made. */
let trustThen: WalletContent['trust'];
let ana: Wallet;
/** Taken back after the backup. */
let consent: ConsentId;
/** Used after the backup. */
let usedInvitation: string;
/** Of the ledger when it was stopped. */
let end: number;

before(async () => {
  const consortium = await serve(home);
  ana = await enrolled('ana', 'patient');
  const doctor = await enrolled('dr', 'clinician');
  await ana.person.addFile(fileOf('earlier.txt', utf8('the backup holds this')));
  await ana.person.addCard(doctor.person.card());
  ({ consent } = await ana.person.grant({
    ...{ grantee: 'dr', readClasses: ['lab'], purposes: ['TREAT'] },
    notAfterMs: Date.now() + 30 * day,
  }));
  ({ invitation: usedInvitation } = await localDesk(home, 'north').invite({
    ...{ role: 'patient', name: 'eve' },
  }));
  const made = await backUpHome({ home, out: folder, withKeys: true, nowMs: Date.now() });
  backup = made.folder;
  backupHeight = made.manifest.height;
  trustThen = (await Vault.open(ana.store, passphrase)).content.trust;
  await ana.person.revoke(consent);
  await ana.person.addFile(fileOf('later.txt', utf8('only the lost files hold this')));
  await enrolled('eve', 'patient', usedInvitation);
  end = consortium.ledger.engine.status().height;
  await consortium.close();
});
after(() => rmSync(folder, { recursive: true, force: true }));

async function enrolled(
  name: string,
  role: 'patient' | 'clinician',
  given?: string,
): Promise<Wallet> {
  const store = memoryWalletStore();
  const { person } = await Person.create({ store, passphrase, name });
  const desk = localDesk(home, 'north');
  const invitation = given ?? (await desk.invite({ role, name })).invitation;
  await person.enrol({ gatewayUrl: desk.url, invitation, role });
  return { store, person };
}

/** Her wallet, at the address where the same hospitals answer now. */
const phoneAt = ({ hospitals }: Consortium, { store } = ana): Promise<Person> =>
  Person.open(
    { store, passphrase },
    {
      gatewayUrlOf: ({ organisation, gatewayUrl }) =>
        hospitals.find((it) => it.account === organisation)?.url ?? gatewayUrl,
    },
  );

const isRevoked = async ({ ledger }: Consortium): Promise<boolean> =>
  (await new CommittedState(ledger.engine).consent(consent))?.revokedHeight !== 0;

const eveAgain = async ({ url }: Consortium): Promise<void> => {
  const { person } = await Person.create({ store: memoryWalletStore(), passphrase, name: 'mal' });
  const gatewayUrl = `${url}/north`;
  await person.enrol({ gatewayUrl, invitation: usedInvitation, role: 'patient' });
};

test('a restored home names its last block and does not serve until somebody accepts the loss', async () => {
  const at = newHome();
  const { restored, laterBlocks } = await restoreHome({ from: backup, home: at });
  assert.equal(restored.height, backupHeight);
  assert.equal(laterBlocks, 0);
  await assert.rejects(
    serve(at),
    (error) => isCoded(error, 'RESTORED_BEHIND') && error.details.height === backupHeight,
  );
  const served = await serve(at, true);
  assert.equal(served.restored?.height, backupHeight);
  await served.close();
  assert.ok((readRestored(at)?.acceptedMs ?? 0) > 0);
  await (await serve(at)).close();
});

test('with the blocks of the home that was served last nothing that was taken back comes back', async () => {
  const at = newHome();
  const { restored, laterBlocks, verified } = await restoreHome({
    ...{ from: backup, home: at, blocksOf: home },
  });
  assert.equal(restored.height, end);
  // Rows that only the lost files held are missed, not forgotten.
  const announced = verified.hospitals.find((it) => it.hospital === 'north')?.announced;
  assert.equal(announced, 1);
  assert.equal(laterBlocks, end - backupHeight);
  const served = await serve(at);
  try {
    assert.ok(await isRevoked(served));
    await (await phoneAt(served)).sync();
    await assert.rejects(eveAgain(served), coded('INVITATION_INVALID'));
  } finally {
    await served.close();
  }
});

test('an invitation that was open in the backup is ended: it may have been used since', async () => {
  const at = newHome();
  const { endedInvitations } = await restoreHome({ from: backup, home: at });
  assert.equal(endedInvitations, 1);
  const served = await serve(at, true);
  try {
    await assert.rejects(eveAgain(served), coded('INVITATION_INVALID'));
  } finally {
    await served.close();
  }
});

test('a wallet takes back again what it had taken back, on a ledger that has lost it, and believes it no more than before', async () => {
  const at = newHome();
  await restoreHome({ from: backup, home: at });
  const served = await serve(at, true);
  try {
    assert.ok(!(await isRevoked(served)));
    const phone = await phoneAt(served);
    await assert.rejects(phone.sync(), coded('GATEWAY_LIED'));
    assert.ok(await isRevoked(served));
    await assert.rejects(phone.sync());
  } finally {
    await served.close();
  }
});

test('a wallet that has seen no later block finds by the proven row that it must take back again', async () => {
  const at = newHome();
  await restoreHome({ from: backup, home: at });
  const served = await serve(at, true);
  try {
    const { content } = await Vault.open(ana.store, passphrase);
    assert.ok(content.grants.every((it) => it.ended));
    const store = memoryWalletStore();
    // No copy: it would tell what came later.
    const then = { ...content, codes: [], trust: trustThen };
    await Vault.create(store, passphrase, then);
    const phone = await phoneAt(served, { ...ana, store });
    await phone.sync();
    assert.ok(await isRevoked(served));
  } finally {
    await served.close();
  }
});

test('of a damaged newer home the blocks that hold are taken, and the loss is somebody’s to accept', async () => {
  const damaged = newHome();
  cpSync(home, damaged, { recursive: true });
  const db = new DatabaseSync(join(damaged, 'servers', 'ledger', 'blocks.db'));
  db.exec('DROP TRIGGER blocks_update');
  db.prepare('UPDATE blocks SET votes = zeroblob(8) WHERE height = ?').run(end);
  db.close();
  const at = newHome();
  const { restored } = await restoreHome({ from: backup, home: at, blocksOf: damaged });
  assert.equal(restored.height, end - 1);
  await assert.rejects(serve(at), coded('RESTORED_BEHIND'));
});

test('a hospital that shows a later block is named, and one that shows another is a fork', async () => {
  const living = await serve(home);
  const peer = `${living.url}/north`;
  const at = newHome();
  const silent = 'http://127.0.0.1:9/north';
  try {
    const { restored } = await restoreHome({ from: backup, home: at, peers: [peer, silent] });
    assert.deepEqual(restored.peers.at(-1), { url: silent, height: null });
    assert.ok((restored.peers.at(0)?.height ?? 0) >= end);
    await assert.rejects(
      serve(at),
      (error) => isCoded(error, 'RESTORED_BEHIND') && Number(error.details.later) >= end,
    );
    // Another history, from the same block on.
    const other = newHome();
    await restoreHome({ from: backup, home: other });
    const second = await serve(other, true);
    for (const name of ['a', 'b', 'c']) {
      const { person } = await Person.create({ store: memoryWalletStore(), passphrase, name });
      const { invitation } = await localDesk(other, 'north').invite({ role: 'patient', name });
      await person.enrol({ gatewayUrl: `${second.url}/north`, invitation, role: 'patient' });
    }
    await second.close();
    const forked = await backUpHome({
      home: other,
      out: newHome(),
      withKeys: true,
      nowMs: Date.now(),
    });
    const from = forked.folder;
    await assert.rejects(
      restoreHome({ from, home: newHome(), blocksOf: home }),
      coded('LEDGER_FORKED'),
    );
    await assert.rejects(
      restoreHome({ from, home: newHome(), peers: [peer] }),
      coded('LEDGER_FORKED'),
    );
  } finally {
    await living.close();
  }
});
