import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
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
import type { PanelRow } from '../sdk/sensor/reading.ts';
import { Uplink } from '../sdk/sensor/uplink.ts';
import {
  type DataServerFile,
  dataServerFolder,
  makeDataServer,
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

export interface AnchoredPages {
  readonly trio: string;
  readonly pseudonym: Uint8Array;
  /** The first of the two. */
  readonly hour: number;
}

/**
 * Three processes of a home take a sensor's pages in and anchor them on the ledger. `settingsOf`: what a hospital's data
 * server is told more, its folder given. `meanwhile`: called with the home, and whose pages of which two hours, while they run.
 */
export async function pagesAreAnchored(
  t: TestContext,
  of: {
    readonly settingsOf?: (name: string, folder: string) => Promise<Partial<DataServerFile>>;
    readonly meanwhile?: (home: string, anchored: AnchoredPages) => Promise<void>;
  } = {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'salus-vitals-'));
  const home = join(folder, 'home');
  const names = ['north', 'harbour', 'valley'] as const;
  for (const name of names) {
    const server = join(serversOf(home), name);
    const more = await of.settingsOf?.(name, dataServerFolder(server));
    makeDataServer(server, { batchSeconds: 1, roundMs: 50, ...more });
  }
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
  await of.meanwhile?.(home, { trio, pseudonym, hour });
}
