import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  keyFromPassphrase,
  type PassphraseCost,
  passphraseLimits,
} from '../../../crypto/passphrase.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { type SigningKey, signingKeyFromSeed } from '../../../crypto/signature.ts';
import { parseTrustRoot } from '../../../ledger/chain/trust-root.ts';
import { accounts } from '../../../ledger/tables/accounts.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { GatewayClient } from '../../../sdk/client/gateway-client.ts';
import { Http } from '../../../sdk/client/http.ts';
import { ProvenLedger } from '../../../sdk/ledger/proven-ledger.ts';
import { serversOf } from '../../../server/process.ts';
import { enrolMember, type Member } from '../../../story/cast.ts';
import { hold, type Setting } from '../../../story/chapter.ts';
import { dataServersGet } from '../api/routes/data-servers-get.ts';
import { pageStatesPost } from '../api/routes/page-states-post.ts';
import { pagesPost } from '../api/routes/pages-post.ts';
import { pageArithmetic } from '../crypto/pages/page-arithmetic-wasm.ts';
import type { OfThree } from '../crypto/pages/page-head.ts';
import { batchRowId, statBatches } from '../ledger/tables/stat-batches.ts';
import { trioId } from '../ledger/tables/stat-trios.ts';
import { ForgetfulServers } from '../sdk/sensor/forgetful-servers.ts';
import type { PanelRow } from '../sdk/sensor/reading.ts';
import type { QueuedPage } from '../sdk/sensor/sensor-queue.ts';
import { Uplink, type UplinkServer } from '../sdk/sensor/uplink.ts';
import { dataServerFolder } from '../server/data-server-keys.ts';
import { provenRows } from '../server/ledger-line.ts';
import { ServerAddresses } from '../server/peer-line.ts';
import { SqliteSensorQueue } from '../server/sqlite-sensor-queue.ts';
import { StudyDesk } from '../server/study-desk.ts';
import type { Series } from './series.ts';

const hospitals = ['north', 'harbour', 'valley'] as const;
export type Hospital = (typeof hospitals)[number];

/** A demo patient of a series: made up, and said so. */
export interface Patient {
  readonly member: Member;
  readonly key: SigningKey;
  readonly pseudonym: Uint8Array;
  readonly number: number;
  rows: readonly PanelRow[];
  pages: readonly QueuedPage[];
}

/** A series with its patients and a dataset for each kind of question. */
export interface Played {
  readonly series: Series;
  /** By the kind of question. */
  readonly datasets: Map<string, string>;
  readonly patients: Patient[];
}

/** Hundreds of made-up people of one story, who share its passphrase: it is stretched once for all of them. */
const salt = randomBytes(passphraseLimits.saltBytes);
const stretched = new Map<string, Promise<Uint8Array>>();
const stretchedOnce = {
  passphraseCost: (): PassphraseCost => {
    const { minMemoryKiB: memoryKiB, minPasses: passes } = passphraseLimits;
    return { memoryKiB, passes, salt };
  },
  stretchPassphrase: (passphrase: string, cost: PassphraseCost): Promise<Uint8Array> => {
    const name = JSON.stringify([passphrase, cost.memoryKiB, cost.passes, bytesToHex(cost.salt)]);
    const known = stretched.get(name) ?? keyFromPassphrase(passphrase, cost);
    stretched.set(name, known);
    return known;
  },
};

type UplinkLine = readonly (UplinkServer & {
  readonly kemKey: Uint8Array;
  readonly recoveryKey: Uint8Array | undefined;
})[];

/** What the steps of the chapter pass on to each other. */
export class VitalsScene {
  readonly setting: Setting;
  readonly patientsEach: number;
  readonly hours: number;
  readonly played: Played[] = [];
  readonly members = new Map<string, Member>();
  servers: readonly AccountId[] = [];
  #line: UplinkLine | undefined;

  constructor(setting: Setting, of: { readonly patientsEach: number; readonly hours: number }) {
    this.setting = setting;
    this.patientsEach = of.patientsEach;
    this.hours = of.hours;
  }

  get home(): string {
    return this.setting.home;
  }

  member(name: string): Member {
    const found = this.members.get(name);
    hold(found !== undefined, `${name} is not in the story`);
    return found;
  }

  async enrol(nickname: string, role: Member['role'], hospital: Hospital): Promise<Member> {
    const { servers } = this.setting;
    const who = { nickname, name: nickname, role, hospital };
    const member = await enrolMember(servers, this.home, who, {
      passphrases: stretchedOnce,
      gatewayUrlOf: ({ organisation, gatewayUrl }) =>
        servers.hospitals.find(({ account }) => account === organisation)?.url ?? gatewayUrl,
    });
    this.members.set(nickname, member);
    return member;
  }

  desk(): Promise<StudyDesk> {
    const trust = readFileSync(join(this.home, 'trust.json'), 'utf8');
    const { url } = this.setting.servers.hospital('north');
    return StudyDesk.open(url, trust, this.home, this.setting.signal);
  }

  ledger(): ProvenLedger {
    const trust = readFileSync(join(this.home, 'trust.json'), 'utf8');
    const { url } = this.setting.servers.hospital('north');
    return new ProvenLedger(new GatewayClient(new Http(url)), parseTrustRoot(trust));
  }

  /** A batch a second instead of one a minute; everything else as in the product. */
  async hurry(more: { readonly silentAfter?: number } = {}): Promise<void> {
    for (const name of hospitals) {
      const path = join(dataServerFolder(this.#folder(name)), 'settings.json');
      const settings = JSON.parse(readFileSync(path, 'utf8')) as object;
      writeFileSync(path, JSON.stringify({ ...settings, batchSeconds: 1, roundMs: 50, ...more }));
    }
    await this.again();
  }

  /** Stops everything and starts it again. */
  async again(): Promise<void> {
    await this.setting.servers.stop();
    await this.setting.servers.restart();
  }

  async findServers(): Promise<void> {
    this.servers = await Promise.all(
      hospitals.map(async (name) => {
        const gateway = new GatewayClient(new Http(this.setting.servers.hospital(name).url));
        const [found] = (await gateway.call(dataServersGet, {})).servers;
        if (found === undefined) throw new CodedError('SERVER_UNKNOWN', { hospital: name });
        return found.account;
      }),
    );
  }

  /** A data server as anybody reaches it. */
  async lineTo(server: AccountId): Promise<GatewayClient> {
    const url = await this.#addresses().urlOf(server);
    return new GatewayClient(new Http(url, { retryDelaysMs: [] }));
  }

  #addresses(): ServerAddresses {
    const all = this.setting.servers.hospitals;
    return new ServerAddresses(
      provenRows(this.ledger()),
      (id, url) => all.find(({ account }) => account === id)?.url ?? url,
    );
  }

  /** The data servers of these hospitals are gone, with their disks; of the others each is there. */
  async without(gone: readonly Hospital[]): Promise<void> {
    await this.setting.servers.stop();
    for (const name of hospitals) {
      const folder = dataServerFolder(this.#folder(name));
      const [here, away] = [folder, `${folder}-gone`];
      const [from, to] = gone.includes(name) ? [here, away] : [away, here];
      if (existsSync(from)) renameSync(from, to);
    }
    await this.setting.servers.restart();
  }

  #folder(hospital: Hospital): string {
    return join(serversOf(this.home), hospital);
  }

  newKey(): Promise<SigningKey> {
    return signingKeyFromSeed(new Uint8Array(randomBytes(32)));
  }

  /** Makes pages of a patient's rows and sends them until all three servers have them. */
  async send(patient: Patient, rows: readonly PanelRow[]): Promise<void> {
    this.#line ??= await this.#uplinkLine();
    const [one, two, three] = this.#line.map(({ kemKey }) => kemKey);
    if (one === undefined || two === undefined || three === undefined)
      throw new CodedError('TRIO_UNKNOWN');
    const queue = new SqliteSensorQueue(':memory:', { pauseMs: 180_000 });
    const { key, pseudonym } = patient;
    const uplink = new Uplink({
      ...{ arithmetic: await pageArithmetic(), servers: this.#line, queue },
      forgetful: new ForgetfulServers(Date.now),
      line: {
        ...{ key, pseudonym, trio: trioId(this.servers), kemKeys: [one, two, three] },
        recoveryKeys: recoveryKeysOf(this.#line),
      },
    });
    await queue.add(rows);
    await queue.close(Date.now());
    patient.rows = rows;
    patient.pages = await queue.closed(1_024);
    for (let done = 0; done < patient.pages.length; ) {
      const sent = await uplink.send();
      const [refused] = sent.refused;
      hold(refused === undefined, `a page was refused: ${refused?.code}`);
      done += sent.done;
      if (sent.waiting > 0) await pause(50, this.setting.signal);
    }
    await queue.end();
  }

  async #uplinkLine(): Promise<UplinkLine> {
    const ledger = this.ledger();
    const addresses = this.#addresses();
    return Promise.all(
      this.servers.map(async (account) => {
        const client = new GatewayClient(new Http(await addresses.urlOf(account)));
        const row = await ledger.row(accounts, account);
        if (row === undefined) throw new CodedError('SERVER_UNKNOWN', { server: account });
        const { kemKey } = await ledger.identity(account);
        return {
          ...{ kemKey, signKey: row.signKey, recoveryKey: await addresses.recoveryKeyOf(account) },
          upload: (bytes: Uint8Array) => client.call(pagesPost, { stream: bytes }),
          states: (ids: Uint8Array) => client.call(pageStatesPost, { stream: ids }),
          // They have just taken it.
          register: async () => false,
        };
      }),
    );
  }

  /** Waits until so many pages stand in batches on the ledger; how many batches those are. */
  async sealed(pages: number): Promise<number> {
    const rows = provenRows(this.ledger());
    const trio = trioId(this.servers);
    for (let number = 1, counted = 0; ; ) {
      const batch = await rows.row(statBatches, batchRowId(trio, number));
      if (batch === undefined) {
        await pause(100, this.setting.signal);
        continue;
      }
      counted += batch.pages;
      if (counted >= pages) return number;
      number += 1;
    }
  }
}

function recoveryKeysOf(line: UplinkLine): OfThree<Uint8Array> {
  const [one, two, three] = line.map(({ recoveryKey }) => recoveryKey);
  hold(one !== undefined && two !== undefined && three !== undefined, 'three recovery keys');
  return [one, two, three];
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve) => setTimeout(resolve, ms));
}
