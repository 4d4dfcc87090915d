import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { memoryWalletStore } from '../../../../test/wallet-store.ts';
import { signingKeyFromSeed, signLabelled } from '../../../crypto/signature.ts';
import { parseTrustRoot } from '../../../ledger/chain/trust-root.ts';
import { accounts } from '../../../ledger/tables/accounts.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { encodeAs } from '../../../primitives/shape.ts';
import type { Action } from '../../../sdk/action.ts';
import { GatewayClient } from '../../../sdk/client/gateway-client.ts';
import { Http } from '../../../sdk/client/http.ts';
import { Person } from '../../../sdk/index.ts';
import { ProvenLedger } from '../../../sdk/ledger/proven-ledger.ts';
import { startConsortium } from '../../../server/consortium.ts';
import { organisationKeys } from '../../../server/home-members.ts';
import { serversOf } from '../../../server/process.ts';
import { localDesk } from '../../../server/registration-desk.ts';
import { registration, signedRegistration } from '../api/registration.ts';
import { dataServersGet } from '../api/routes/data-servers-get.ts';
import { pageStatesPost } from '../api/routes/page-states-post.ts';
import { pagesPost } from '../api/routes/pages-post.ts';
import { registrationsPost } from '../api/routes/registrations-post.ts';
import { pageArithmetic } from '../crypto/page-arithmetic-wasm.ts';
import { batchRowId, statBatches } from '../ledger/tables/stat-batches.ts';
import { trioId } from '../ledger/tables/stat-trios.ts';
import { vitalsNames } from '../names.ts';
import { rebuildShare } from '../node/rebuild-share.ts';
import { SqlitePageStore } from '../node/sqlite-page-store.ts';
import type { PanelRow } from '../sdk/sensor/reading.ts';
import { Uplink } from '../sdk/sensor/uplink.ts';
import {
  dataServerFolder,
  makeDataServer,
  recoveryKey,
  recoveryPublicKey,
} from '../server/data-server-keys.ts';
import { actSender, provenRows } from '../server/ledger-line.ts';
import { ServerAddresses } from '../server/peer-line.ts';
import { SqliteSensorQueue } from '../server/sqlite-sensor-queue.ts';
import { drawn } from './pages.ts';

const hourMs = 3_600_000;

/** What the patient signs; the key stays where it is. */
const signAsPatient: Action<(account: string) => Uint8Array, Uint8Array> = {
  name: 'vitals/test-register',
  async run(ctx, make) {
    const bytes = make(ctx.account.account);
    const { sign } = await ctx.keys();
    const signature = await signLabelled(sign, vitalsNames.labels.registration, bytes);
    return encodeAs(signedRegistration, { registration: bytes, signature });
  },
};

test('three processes take a sensor’s pages in and anchor them on the ledger', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'salus-vitals-'));
  const home = join(folder, 'home');
  const names = ['north', 'harbour', 'valley'] as const;
  for (const name of names)
    makeDataServer(join(serversOf(home), name), { batchSeconds: 1, roundMs: 50 });
  const consortium = await startConsortium({ home, port: 0, logLevel: 'silent' });
  t.after(async () => {
    await consortium.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const trust = readFileSync(join(home, 'trust.json'), 'utf8');
  const gatewayOf = (name: string) => {
    const url = consortium.hospitals.find((it) => it.name === name)?.url ?? '';
    return new GatewayClient(new Http(url));
  };
  const north = gatewayOf('north');
  const ledger = new ProvenLedger(north, parseTrustRoot(trust));
  const rows = provenRows(ledger);
  const servers = await Promise.all(
    names.map(async (name) => {
      const [found] = (await gatewayOf(name).call(dataServersGet, {})).servers;
      if (found === undefined) throw new CodedError('SERVER_UNKNOWN');
      return found.account;
    }),
  );

  // A study of North: only then the ledger knows the three.
  const { sign } = await organisationKeys(join(serversOf(home), 'north'));
  const organisation = consortium.hospitals.find(({ name }) => name === 'north')?.account;
  assert.ok(organisation !== undefined);
  const now = Date.now;
  const send = actSender({ gateway: north, ledger, account: organisation, sign, now });
  const dataset = 'ab'.repeat(16);
  await send({
    ...{ kind: 'StatDataset', dataset, panel: 3, edges: 1, windows: 1, servers },
    ...{ kMin: 20, pagesPerPatient: 24, researcherCap: 500_000, datasetCap: 2_000_000 },
    purposes: ['research'],
  });

  const gatewayUrl = consortium.hospitals.find(({ name }) => name === 'north')?.url ?? '';
  const { person } = await Person.create({
    ...{ store: memoryWalletStore(), passphrase: 'a long enough passphrase', name: 'ana' },
  });
  const { invitation } = await localDesk(home, 'north').invite({ role: 'patient', name: 'Ana' });
  await person.enrol({ gatewayUrl, invitation, role: 'patient', trustRootJson: trust });
  const key = await signingKeyFromSeed(drawn('sensor of ana'));
  const pseudonym = drawn('pseudonym of ana').slice(0, 16);
  const signed = await person.run(signAsPatient, (account) =>
    encodeAs(registration, {
      ...{ account: account as typeof organisation, pseudonym, counter: 1, sex: 1, ageBand: 4 },
      ...{ region: 0, arm: 0, fromHour: 0, untilHour: 2 ** 32 - 1, datasets: [dataset] },
      sensors: [{ key: key.publicKey, panels: [3] }],
    }),
  );

  const addresses = new ServerAddresses(
    rows,
    (id) => consortium.hospitals.find(({ account }) => account === id)?.url ?? '',
  );
  const three = await Promise.all(
    servers.map(async (account) => {
      const client = new GatewayClient(new Http(await addresses.urlOf(account)));
      await client.call(registrationsPost, { stream: signed });
      const row = await rows.row(accounts, account);
      const { kemKey } = await ledger.identity(account);
      const recoveryKey = await addresses.recoveryKeyOf(account);
      return {
        ...{ kemKey, recoveryKey, signKey: row?.signKey ?? new Uint8Array(0) },
        upload: (bytes: Uint8Array) => client.call(pagesPost, { stream: bytes }),
        states: (ids: Uint8Array) => client.call(pageStatesPost, { stream: ids }),
      };
    }),
  );
  const [first, second, third] = three.map(({ kemKey }) => kemKey);
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const published = three.map(({ recoveryKey }) => recoveryKey);
  const onDisk = names.map((name) =>
    readFileSync(join(dataServerFolder(join(serversOf(home), name)), 'recovery.pub')),
  );
  assert.deepEqual(
    published.map((it) => it && Buffer.from(it)),
    onDisk,
  );
  const [recovery1, recovery2, recovery3] = published;
  assert.ok(recovery1 && recovery2 && recovery3);
  const queue = new SqliteSensorQueue(':memory:', { pauseMs: hourMs });
  const hour = Math.floor(now() / hourMs) - 2;
  const measured = Array.from(
    { length: 100 },
    (_, at): PanelRow => ({
      ...{ panel: 3, timeMs: hour * hourMs + at * 60_000 },
      values: [{ value: 4 + at / 50, unit: 'mmol/L' }],
    }),
  );
  await queue.add(measured);
  await queue.close(now());
  const trio = trioId(servers);
  const uplink = new Uplink({
    ...{ arithmetic: await pageArithmetic(), servers: three, queue },
    line: {
      ...{ key, pseudonym, trio, kemKeys: [first, second, third] },
      recoveryKeys: [recovery1, recovery2, recovery3],
    },
  });
  let done = 0;
  while (done < 2) done += (await uplink.send()).done;
  const batch = async () => rows.row(statBatches, batchRowId(trio, 1));
  while ((await batch()) === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
  const sealed = await batch();
  assert.deepEqual(
    [sealed?.pages, sealed?.firstHour, sealed?.lastHour].map((it) => it ?? 0),
    [2, hour, hour + 1],
  );
  await queue.end();

  // North's shares once more, from what Harbour keeps and the key that only North has.
  const arithmetic = await pageArithmetic();
  const folderOf = (name: string) => join(serversOf(home), name);
  const storeOf = (name: string) =>
    new SqlitePageStore(join(dataServerFolder(folderOf(name)), 'pages.db'), arithmetic);
  const [own, keeper] = [storeOf('north'), storeOf('harbour')];
  const recovery = await recoveryKey(folderOf('north'));
  assert.ok(recovery);
  // North learns of its batch by its block, a moment after everybody else could.
  const sealedHere = () => own.pagesOf(pseudonym, 3, { from: hour, until: hour + 2 });
  while ((await sealedHere()).length < 2) await new Promise((resolve) => setTimeout(resolve, 50));
  const pages = await sealedHere();
  for (const { page, manifest, kept } of pages) {
    const [envelope] = await keeper.envelopes([page]);
    assert.ok(envelope);
    const of = { trio, server: 1, manifest, envelope: envelope.bytes } as const;
    assert.deepEqual(await rebuildShare(arithmetic, recovery, of), kept);
  }
  await own.close();
  await keeper.close();
});

test('a server publishes its recovery key when the secret was taken to another place', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'salus-recovery-key-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  makeDataServer(folder);
  const key = await recoveryPublicKey(folder);
  assert.deepEqual((await recoveryKey(folder))?.publicKey, key);
  const path = join(dataServerFolder(folder), 'recovery.key');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  rmSync(path);
  assert.deepEqual(await recoveryPublicKey(folder), key);
  assert.equal(await recoveryKey(folder), undefined);
  // Another one in its place is not taken for it.
  writeFileSync(path, drawn('another seed'));
  await assert.rejects(recoveryKey(folder), { code: 'HOME_INVALID' });
});
