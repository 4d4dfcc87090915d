import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { defaultGenesis, type Genesis } from '../src/ledger/genesis.ts';
import { organisationRights } from '../src/ledger/rights.ts';
import { consentIdOf } from '../src/primitives/ids.ts';
import { chainId, makeBody, makePerson, type Person, signTx } from '../test/builders.ts';
import { type App, Network } from './comet-network.ts';
import { median, type Report } from './figures.ts';

const clients = 256;
const people = 512;
const turns = 3;
const txsOfATurn = 4_000;
const hourMs = 3_600_000;

/**
 * Four validators of CometBFT on this machine, in turn: this ledger's application, the same without signatures, and
 * CometBFT's own Go key-value store, each over a Unix socket and under the same load: transactions of one size, handed in at
 * all four nodes, until a block has the last.
 */
export async function benchConsortium(report: Report, members: number): Promise<void> {
  const crowd = await Crowd.make();
  const apps: readonly App[] = ['salus', 'go-kvstore', 'salus-unsigned'];
  const networks: Network[] = [];
  try {
    for (const app of apps) networks.push(await Network.start(app, crowd.genesis, members));
    const runs = new Map<App, Run[]>(apps.map((app) => [app, []]));
    for (const network of networks) await crowd.enrol(network);
    for (let turn = -1; turn < turns; turn++) {
      for (const network of networks) {
        const run = await saturate(network, await crowd.sign(network, txsOfATurn));
        // The first pays for what a process learns once.
        if (turn >= 0) runs.get(network.app)?.push(run);
      }
    }
    const rate = (app: App) => median((runs.get(app) ?? []).map((it) => it.rate));
    const peerValue = rate('go-kvstore');
    const base = { bench: 'ledger', n: txsOfATurn, rounds: turns };
    for (const [app, figure, goal] of [
      ['salus', 'vs-go-kvstore', 0.3],
      ['salus-unsigned', 'vs-go-kvstore-unsigned', 0.5],
    ] as const) {
      const value = rate(app);
      const ratio = value / peerValue;
      report({
        ...{ ...base, figure, value, unit: 'tx/s', peer: 'Go kvstore over a socket', peerValue },
        ...{ ratio, goal: `>= ${goal}`, ok: ratio >= goal },
      });
    }
    for (const app of apps) {
      for (const process of ['nodes', 'apps'] as const) {
        const value = median((runs.get(app) ?? []).map((it) => it.cpu[process])) * 1e6;
        const figure = `cpu-${process}-${app}`;
        report({
          ...{ ...base, figure, value, unit: 'us CPU a transaction, four together' },
          ...{ peer: 'none', peerValue: value, ratio: 1, goal: 'shown', ok: true },
        });
      }
    }
    const [ours] = networks;
    if (ours === undefined) return;
    const acks = await acknowledgements(ours, crowd, rate('salus') / 10);
    const p50 = median(acks);
    report({
      ...{ ...base, n: acks.length, figure: 'ack-p50', value: p50, unit: 'ms' },
      ...{ peer: 'a goal', peerValue: 1_000, ratio: 1_000 / p50 },
      ...{ goal: '<= 1,000 ms', ok: p50 <= 1_000 },
    });
  } finally {
    for (const network of networks) await network.stop();
  }
}

interface Run {
  readonly rate: number;
  /** CPU seconds a transaction, of all four together. */
  readonly cpu: { readonly nodes: number; readonly apps: number };
}

async function saturate(network: Network, txs: readonly Uint8Array[]): Promise<Run> {
  const before = network.cpuSeconds();
  let height = await network.height();
  const started = performance.now();
  let next = 0;
  const submitting = Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let at = next++; at < txs.length; at = next++) {
        await network.submit(txs[at] ?? new Uint8Array(0), client);
      }
    }),
  );
  for (let committed = 0; committed < txs.length; ) {
    await pause(50);
    const since = await network.committedSince(height);
    committed += since.txs;
    height = since.height;
  }
  const seconds = (performance.now() - started) / 1_000;
  await submitting;
  const after = network.cpuSeconds();
  const each = (of: 'nodes' | 'apps') => (after[of] - before[of]) / txs.length;
  return { rate: txs.length / seconds, cpu: { nodes: each('nodes'), apps: each('apps') } };
}

/** From handing in to a block, one transaction at a time at this pace, in ms. */
async function acknowledgements(
  network: Network,
  crowd: Crowd,
  perSecond: number,
): Promise<readonly number[]> {
  const txs = await crowd.sign(network, Math.min(400, Math.ceil(perSecond * 10)));
  const acks: number[] = [];
  let height = await network.height();
  const waiting: number[] = [];
  let isDone = false;
  const watching = (async () => {
    while (!isDone || waiting.length > 0) {
      const since = await network.committedSince(height);
      height = since.height;
      // In the order in which they were handed in, near enough for a median.
      for (const sent of waiting.splice(0, since.txs)) acks.push(performance.now() - sent);
      await pause(10);
    }
  })();
  for (const [at, tx] of txs.entries()) {
    waiting.push(performance.now());
    await network.submit(tx, at);
    await pause(1_000 / perSecond);
  }
  isDone = true;
  await watching;
  return acks;
}

/** One hospital and its patients: who sends what the ledger takes, and bytes of the same size for the other application. */
class Crowd {
  readonly genesis: Genesis;
  readonly #hospital: Person;
  readonly #people: readonly Person[];
  #nonces = new Map<App, number>();

  private constructor(genesis: Genesis, hospital: Person, patients: readonly Person[]) {
    this.genesis = genesis;
    this.#hospital = hospital;
    this.#people = patients;
  }

  static async make(): Promise<Crowd> {
    const hospital = await makePerson('hospital', 'organisation');
    const patients: Person[] = [];
    for (let i = 0; i < people; i++) {
      patients.push(await makePerson(`patient ${i}`, 'patient', hospital.account));
    }
    const organisation = {
      ...{ identity: hospital.identity, name: 'hospital', url: '/hospital' },
      rights: organisationRights,
    };
    const validators = [{ publicKey: hospital.identity.signKey, power: 10 }];
    const chosen = { chainId, timeMs: Date.now(), organisations: [organisation], validators };
    return new Crowd(defaultGenesis(chosen), hospital, patients);
  }

  async enrol(network: Network): Promise<void> {
    if (network.app === 'go-kvstore') return;
    const from = await network.height();
    let sent = 0;
    // 15 enrolments fill a transaction of 64 KiB with room to spare.
    for (let at = 0; at < people; at += 15) {
      const acts = this.#people.slice(at, at + 15).map(({ identity }) => ({
        ...{ kind: 'Enrol' as const, identity, role: 'patient' as const },
        credentialHash: new Uint8Array(32),
      }));
      const body = makeBody(this.#hospital.account, at + 1, Date.now() + hourMs, acts);
      await network.submit(await signTx(body, this.#hospital.key), 0);
      sent += 1;
    }
    while ((await network.committedSince(from)).txs < sent) await pause(100);
  }

  async sign({ app }: Network, count: number): Promise<readonly Uint8Array[]> {
    if (app === 'go-kvstore') return Array.from({ length: count }, keyAndValue);
    const txs: Uint8Array[] = [];
    let nonce = this.#nonces.get(app) ?? 0;
    for (let i = 0; i < count; i++) {
      if (i % people === 0) nonce += 1;
      const person = this.#people[i % people];
      if (person !== undefined) txs.push(await grant(person, nonce));
    }
    this.#nonces.set(app, nonce);
    return txs;
  }
}

/** As large as a grant. */
const keyAndValue = (): Uint8Array =>
  new Uint8Array(
    Buffer.from(`${randomBytes(16).toString('hex')}=${randomBytes(115).toString('hex')}`),
  );

function grant({ account, key }: Person, nonce: number): Promise<Uint8Array> {
  const now = Date.now();
  const act = {
    ...{ kind: 'ConsentGrant' as const, consent: consentIdOf(new Uint8Array(randomBytes(16))) },
    bodyHash: new Uint8Array(randomBytes(32)),
    ...{ notBeforeMs: now, notAfterMs: now + 24 * hourMs, writeKey: new Uint8Array(0) },
  };
  return signTx(makeBody(account, nonce, now + 12 * hourMs, [act]), key);
}
