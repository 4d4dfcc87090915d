import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { passphrase } from '../../../../../test/cli/salus.ts';
import { cheapPassphrases, memoryWalletStore } from '../../../../../test/wallet-store.ts';
import { fileWalletStore } from '../../../../cli/home.ts';
import { signingKeyFromSeed } from '../../../../crypto/signature.ts';
import { parseTrustRoot } from '../../../../ledger/chain/trust-root.ts';
import { accounts } from '../../../../ledger/tables/accounts.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import type { Action } from '../../../../sdk/action.ts';
import { GatewayClient } from '../../../../sdk/client/gateway-client.ts';
import { Http } from '../../../../sdk/client/http.ts';
import { Person, type PersonOptions } from '../../../../sdk/index.ts';
import { ProvenLedger } from '../../../../sdk/ledger/proven-ledger.ts';
import { entriesOf } from '../../../../sdk/wallet/drawer.ts';
import { type Consortium, startConsortium } from '../../../../server/consortium.ts';
import { localHospitals } from '../../../../server/desk.ts';
import { serversOf } from '../../../../server/process.ts';
import { localDesk } from '../../../../server/registration-desk.ts';
import { dataServersGet } from '../../api/routes/data-servers-get.ts';
import { pageStatesPost } from '../../api/routes/page-states-post.ts';
import { pagesPost } from '../../api/routes/pages-post.ts';
import { pageArithmetic } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { batchRowId, statBatches } from '../../ledger/tables/stat-batches.ts';
import { trioId } from '../../ledger/tables/stat-trios.ts';
import {
  changeStudies,
  type PublicAttributes,
  registerSensor,
  registrationsDrawer,
} from '../../sdk/registering.ts';
import { ForgetfulServers } from '../../sdk/sensor/forgetful-servers.ts';
import type { PanelRow } from '../../sdk/sensor/reading.ts';
import type { QueuedPage } from '../../sdk/sensor/sensor-queue.ts';
import { Uplink } from '../../sdk/sensor/uplink.ts';
import {
  type DataServerFile,
  dataServerFolder,
  makeDataServer,
} from '../../server/data-server-keys.ts';
import { provenRows } from '../../server/ledger-line.ts';
import { ServerAddresses } from '../../server/peer-line.ts';
import { SqliteSensorQueue } from '../../server/sqlite-sensor-queue.ts';
import { StudyDesk } from '../../server/study-desk.ts';
import { drawn } from './pages.ts';

const hourMs = 3_600_000;
const inTests = (home: string) => ({ home, port: 0, logLevel: 'silent' });
const names = ['north', 'harbour', 'valley'] as const;

export type SettingsOf = (name: string, folder: string) => Promise<Partial<DataServerFile>>;

/** Three hospitals as `salus up` runs them, each with its data server as a process. */
export class VitalsHome {
  readonly home: string;
  readonly servers: readonly AccountId[];
  readonly ledger: ProvenLedger;
  readonly studies: StudyDesk;
  #consortium: Consortium;
  readonly #trust: string;
  readonly #addresses: ServerAddresses;
  readonly #urlOf: (hospital: string) => string;

  private constructor(of: {
    readonly home: string;
    readonly servers: readonly AccountId[];
    readonly ledger: ProvenLedger;
    readonly studies: StudyDesk;
    readonly consortium: Consortium;
    readonly trust: string;
    readonly addresses: ServerAddresses;
    readonly urlOf: (hospital: string) => string;
  }) {
    this.home = of.home;
    this.servers = of.servers;
    this.ledger = of.ledger;
    this.studies = of.studies;
    this.#consortium = of.consortium;
    this.#trust = of.trust;
    this.#addresses = of.addresses;
    this.#urlOf = of.urlOf;
  }

  /** `settingsOf`: what a hospital's data server is told more, its folder given. */
  static async open(settingsOf?: SettingsOf): Promise<VitalsHome> {
    const folder = mkdtempSync(join(tmpdir(), 'salus-vitals-'));
    const home = join(folder, 'home');
    for (const name of names) {
      const hospital = join(serversOf(home), name);
      const more = await settingsOf?.(name, dataServerFolder(hospital));
      makeDataServer(hospital, {
        ...{ batchSeconds: 1, roundMs: 50, freshHours: 24 * 400, ...more },
      });
    }
    const consortium = await startConsortium(inTests(home));
    const hospital = (name: string) => {
      const found = consortium.hospitals.find((it) => it.name === name);
      if (found === undefined) throw new CodedError('NOT_FOUND', { name });
      return found;
    };
    const gatewayOf = (name: string) => new GatewayClient(new Http(hospital(name).url));
    const servers = await Promise.all(
      names.map(async (name) => {
        const [found] = (await gatewayOf(name).call(dataServersGet, {})).servers;
        if (found === undefined) throw new CodedError('SERVER_UNKNOWN');
        return found.account;
      }),
    );
    const trust = readFileSync(join(home, 'trust.json'), 'utf8');
    const ledger = new ProvenLedger(gatewayOf('north'), parseTrustRoot(trust));
    const { signal } = new AbortController();
    const studies = await StudyDesk.open(hospital('north').url, trust, home, signal);
    const urlOf = (name: string): string => hospital(name).url;
    const addresses = new ServerAddresses(
      provenRows(ledger),
      (id) => consortium.hospitals.find(({ account }) => account === id)?.url ?? '',
    );
    return new VitalsHome({ home, servers, ledger, studies, consortium, trust, addresses, urlOf });
  }

  /** Hospitals and ledger go on; nothing answers in the place of the three data servers. */
  async stopDataServers(): Promise<void> {
    await this.#consortium.close();
    this.#consortium = await startConsortium({ ...inTests(this.home), processes: [] });
  }

  async close(): Promise<void> {
    await this.#consortium.close();
    rmSync(dirname(this.home), { recursive: true, force: true });
  }

  /** Somebody enrolled at a hospital. */
  async person(
    name: string,
    role: 'patient' | 'clinician' | 'researcher',
    hospital: (typeof names)[number] = 'north',
  ): Promise<Person> {
    const store = memoryWalletStore();
    const wallet = { store, passphrase: 'a long enough passphrase', name };
    const { person } = await Person.create(wallet, this.#onThisMachine);
    const licence = role === 'clinician' ? { licence: `L-${name}` } : {};
    const desk = localDesk(this.home, hospital);
    const { invitation } = await desk.invite({ role, name, ...licence });
    const gatewayUrl = this.#urlOf(hospital);
    await person.enrol({ gatewayUrl, invitation, role, trustRootJson: this.#trust });
    return person;
  }

  /** Somebody whose wallet commands made. */
  byCommand(name: string): Promise<Person> {
    const store = fileWalletStore(this.home, name, { passphrases: cheapPassphrases });
    return Person.open({ store, passphrase }, this.#onThisMachine);
  }

  get #onThisMachine(): PersonOptions {
    return {
      gatewayUrlOf: ({ organisation, gatewayUrl }) =>
        localHospitals(this.home).find(({ account }) => account === organisation)?.url ??
        gatewayUrl,
    };
  }

  /** A patient's sensor, registered with the three servers and counting in datasets. */
  async sensor(
    person: Person,
    of: {
      readonly panel: number;
      readonly datasets: readonly string[];
      readonly attributes: PublicAttributes;
    },
  ): Promise<SensorOfTest> {
    const { panel, datasets, attributes } = of;
    const seed = drawn('sensor', String(accountOf(person)));
    const key = await signingKeyFromSeed(seed);
    const { said } = await person.run(registerSensor, {
      ...{ servers: this.servers, attributes, sensor: { key: key.publicKey, panels: [panel] } },
    });
    const { missing } = await person.run(changeStudies, { join: datasets });
    if (missing.length > 0)
      throw new CodedError('GATEWAY_UNREACHABLE', { missing: missing.length });
    return { key, panel, pseudonym: said.pseudonym };
  }

  /** As her wallet signed it last. */
  registrationOf(person: Person): Promise<Uint8Array> {
    return person.run(signedByWallet, undefined);
  }

  /** As the three servers published them. */
  recoveryKeys(): Promise<readonly (Uint8Array | undefined)[]> {
    return Promise.all(this.servers.map((it) => this.#addresses.recoveryKeyOf(it)));
  }

  /**
   * Takes rows in, makes pages of them and sends those until all three servers have them, with what a lost server is
   * rebuilt from. Returns the pages.
   */
  async measure(
    { key, pseudonym }: SensorOfTest,
    rows: readonly PanelRow[],
  ): Promise<readonly QueuedPage[]> {
    const queue = new SqliteSensorQueue(':memory:', { pauseMs: 180_000 });
    await queue.add(rows);
    await queue.close(Date.now());
    const pages = await queue.closed(256);
    const three = await Promise.all(this.servers.map((account) => this.#uplinkServer(account)));
    const [one, two, last] = three.map(({ kemKey }) => kemKey);
    if (one === undefined || two === undefined || last === undefined) throw new Error('three');
    const [own, next, over] = await this.recoveryKeys();
    const trio = trioId(this.servers);
    const uplink = new Uplink({
      ...{ arithmetic: await pageArithmetic(), servers: three, queue },
      forgetful: new ForgetfulServers(Date.now),
      line: {
        ...{ key, pseudonym, trio, kemKeys: [one, two, last] },
        ...(own && next && over && { recoveryKeys: [own, next, over] }),
      },
    });
    for (let done = 0; done < pages.length; ) {
      const sent = await uplink.send();
      if (sent.refused[0] !== undefined) throw new Error(`page refused: ${sent.refused[0].code}`);
      done += sent.done;
      if (sent.waiting > 0) await pause(20);
    }
    await queue.end();
    return pages;
  }

  async #uplinkServer(account: AccountId) {
    const client = new GatewayClient(new Http(await this.#addresses.urlOf(account)));
    const row = await this.ledger.row(accounts, account);
    const { kemKey } = await this.ledger.identity(account);
    return {
      ...{ kemKey, signKey: row?.signKey ?? new Uint8Array(0) },
      upload: (bytes: Uint8Array) => client.call(pagesPost, { stream: bytes }),
      states: (ids: Uint8Array) => client.call(pageStatesPost, { stream: ids }),
      // They have just taken it.
      register: async () => false,
    };
  }

  /** Waits until so many pages stand in batches on the ledger; how many batches those are. */
  async sealed(pages: number): Promise<number> {
    const trio = trioId(this.servers);
    for (let number = 1, counted = 0; ; ) {
      const batch = await provenRows(this.ledger).row(statBatches, batchRowId(trio, number));
      if (batch === undefined) {
        await pause(50);
        continue;
      }
      counted += batch.pages;
      if (counted >= pages) return number;
      number += 1;
    }
  }
}

const signedByWallet: Action<undefined, Uint8Array> = {
  name: 'test/registration',
  async run(ctx) {
    const [kept] = entriesOf(ctx.vault.content, registrationsDrawer);
    if (kept === undefined) throw new CodedError('PATIENT_UNKNOWN');
    return kept.signed;
  },
};

export interface SensorOfTest {
  readonly key: Awaited<ReturnType<typeof signingKeyFromSeed>>;
  readonly panel: number;
  readonly pseudonym: Uint8Array;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export function accountOf(person: Person): AccountId {
  const account = person.accounts[0]?.account;
  if (account === undefined) throw new CodedError('PERSON_NOT_ENROLLED');
  return account;
}

/** The hour that ended `hours` hours ago, since 1970. */
export const hoursAgo = (hours: number): number => Math.floor(Date.now() / hourMs) - hours;
