import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { verifyVote } from '../src/crypto/signature.ts';
import { CometEngine } from '../src/engines/cometbft/comet-engine.ts';
import { CometNode, findCometBft } from '../src/engines/cometbft/node.ts';
import { readCommitted } from '../src/engines/cometbft/rpc/read-answers.ts';
import { CometRpc, RpcError } from '../src/engines/cometbft/rpc/rpc.ts';
import { decodeCommit } from '../src/ledger/chain/commit.ts';
import { decodeHeader } from '../src/ledger/chain/header.ts';
import { defaultGenesis, encodeGenesis, genesisHash, parseGenesis } from '../src/ledger/genesis.ts';
import { executeGenesis } from '../src/ledger/ledger.ts';
import { organisationRights } from '../src/ledger/rights.ts';
import { isCoded } from '../src/primitives/errors.ts';
import { consentIdOf } from '../src/primitives/ids.ts';
import { beginJoining } from '../src/server/comet/join-by-snapshot.ts';
import { writeKeeping } from '../src/server/comet/keeping.ts';
import { type NodeSettings, nodeKeys, writeNodeSettings } from '../src/server/comet/node-home.ts';
import type { OtherMember } from '../src/server/comet/other-members.ts';
import { freePorts } from '../src/story/free-ports.ts';
import { chainId, makeBody, makePerson, type Person, signTx } from '../test/builders.ts';
import type { Report } from './figures.ts';

const bin = fileURLToPath(new URL('../.cache/services/cometbft/bin', import.meta.url));
const appEntry = fileURLToPath(new URL('./comet-app.ts', import.meta.url));
const people = 512;
const senders = 128;
const hourMs = 3_600_000;
/** Blocks are full here, so that there are few: in the product a snapshot is made every 1,000. */
const snapshotEvery = 25;
const patienceMs = 30 * 60_000;

/**
 * A member joins a ledger of `total` transactions by a snapshot, and by replaying every block, whichever is asked for beside
 * it; and the first member is started again. The ledger is built by one validator whose application does not check the
 * signatures, which are there: who replays checks them.
 */
export async function benchJoin(report: Report, total: number): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'salus-bench-join-'));
  const running: { stop(): Promise<void> }[] = [];
  try {
    const { old, fresh, crowd } = await Machine.pair(root);
    running.push(old);
    await old.start('unsigned');
    await build(old, crowd, total);
    // Its gateway keeps the blocks as they come; here it had none until now.
    await old.open([]);
    await old.stop();

    const restartS = await seconds(async () => {
      await old.start('signed');
      const engine = await old.open([]);
      await engine.heads();
    });
    const base = { bench: 'ledger', rounds: 1, n: total };
    report({
      ...{ ...base, figure: `restart-${total}`, value: restartS, unit: 's until it answers' },
      ...{ peer: 'a goal', peerValue: 10, ratio: 10 / restartS },
      ...{ goal: '<= 10 s', ok: restartS <= 10 },
    });

    const shown = await old.asOther();
    const tip = await old.height();
    running.push(fresh);
    const began = performance.now();
    const joining = await beginJoining(fresh.folder, fresh.genesisBytes, [shown, shown]);
    if (joining === undefined) throw new Error('no snapshot to join by');
    const joinS = await seconds(async () => {
      await fresh.start('signed');
      await fresh.reached(tip);
    });
    const engine = await fresh.open([shown.kept]);
    while (engine.historyFrom() !== undefined) await pause(100);
    const historyS = (performance.now() - began) / 1_000;
    await joining.end();
    await fresh.stop();
    fresh.empty();
    const replayS = await seconds(async () => {
      await fresh.start('signed');
      await fresh.reached(tip);
    });
    report({
      ...{ ...base, figure: `join-${total}`, value: joinS, unit: 's to the tip' },
      ...{ peer: 'the same by replaying every block', peerValue: replayS },
      ...{ ratio: replayS / joinS, goal: '<= 60 s', ok: joinS <= 60 },
    });
    report({
      ...{ ...base, figure: `join-${total}-history`, value: historyS, unit: 's to all blocks' },
      ...{ peer: 'replay', peerValue: replayS, ratio: replayS / historyS },
      ...{ goal: 'shown', ok: true },
    });
  } finally {
    for (const each of running) await each.stop();
    rmSync(root, { recursive: true, force: true });
  }
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1_000;
}

interface Crowd {
  readonly organisation: Person;
  readonly crowd: readonly Person[];
}

/** A node, its application as a process, and the blocks that are kept of it, in the folders of a home. */
class Machine {
  readonly folder: string;
  readonly genesisBytes: Uint8Array;
  readonly #settings: NodeSettings;
  readonly #rpc: CometRpc;
  #app: ChildProcess | undefined;
  #node: CometNode | undefined;
  #engine: CometEngine | undefined;

  private constructor(folder: string, genesisBytes: Uint8Array, settings: NodeSettings) {
    this.folder = folder;
    this.genesisBytes = genesisBytes;
    this.#settings = settings;
    this.#rpc = new CometRpc(`http://${settings.rpcAddress}`);
    this.#write();
  }

  /** The only validator, and one that joins. */
  static async pair(
    root: string,
  ): Promise<{ readonly old: Machine; readonly fresh: Machine; readonly crowd: Crowd }> {
    const organisation = await makePerson('hospital', 'organisation');
    const crowd: Person[] = [];
    for (let i = 0; i < people; i++) {
      crowd.push(await makePerson(`patient ${i}`, 'patient', organisation.account));
    }
    const folders = ['old', 'fresh'].map((name) => join(root, name));
    const keys = folders.map((folder) => nodeKeys(join(folder, 'servers', 'cometbft')));
    const genesisBytes = encodeGenesis(
      defaultGenesis({
        ...{ chainId, timeMs: Date.now() },
        organisations: [
          {
            ...{ identity: organisation.identity, name: 'hospital', url: '/hospital' },
            rights: organisationRights,
          },
        ],
        validators: keys.slice(0, 1).map(({ validator }) => ({ publicKey: validator, power: 10 })),
      }),
    );
    const ports = await freePorts(4);
    const peers = keys.map(({ nodeId }, at) => ({ nodeId, address: `127.0.0.1:${ports[at]}` }));
    const [old, fresh] = folders.map((folder, at) => {
      const p2pAddress = `127.0.0.1:${ports[at]}`;
      return new Machine(folder, genesisBytes, {
        ...{ moniker: `m${at}`, p2pListen: p2pAddress, p2pAddress },
        ...{ rpcAddress: `127.0.0.1:${ports[2 + at]}`, peers: peers.filter((_, it) => it !== at) },
      });
    });
    if (old === undefined || fresh === undefined) throw new Error('no machines');
    return { old, fresh, crowd: { organisation, crowd } };
  }

  get #servers(): string {
    return join(this.folder, 'servers');
  }
  get #ledger(): string {
    return join(this.#servers, 'ledger');
  }
  get #nodeHome(): string {
    return join(this.#servers, 'cometbft');
  }

  #write(): void {
    mkdirSync(this.#ledger, { recursive: true });
    writeFileSync(join(this.folder, 'genesis.cbor'), this.genesisBytes);
    writeKeeping(this.#servers, { snapshotEvery });
    nodeKeys(this.#nodeHome);
    const { genesisBytes } = this;
    writeNodeSettings(this.#nodeHome, { genesisBytes, settings: this.#settings });
  }

  /** As before its first start. */
  empty(): void {
    rmSync(this.#ledger, { recursive: true, force: true });
    rmSync(join(this.#nodeHome, 'data'), { recursive: true, force: true });
    mkdirSync(join(this.#nodeHome, 'data'), { recursive: true });
    const state = join(this.#nodeHome, 'data', 'priv_validator_state.json');
    writeFileSync(state, JSON.stringify({ height: '0', round: 0, step: 0 }));
    this.#write();
  }

  async start(checks: 'signed' | 'unsigned'): Promise<void> {
    const socket = join(this.folder, 'app.sock');
    const paths = [join(this.#ledger, 'state.db'), join(this.folder, 'genesis.cbor'), socket];
    const args = [
      appEntry,
      ...paths,
      checks,
      join(this.#ledger, 'snapshots'),
      String(snapshotEvery),
    ];
    this.#app = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    if (this.#app.stdout !== null) await once(this.#app.stdout, 'data');
    this.#node = await CometNode.start(
      {
        ...{ program: findCometBft([bin]), home: this.#nodeHome, appSocket: socket },
        ...{ log: { write: () => {} }, onExit: () => {} },
      },
      patienceMs,
    );
  }

  async open(sources: readonly OtherMember['kept'][]): Promise<CometEngine> {
    const genesis = parseGenesis(this.genesisBytes);
    this.#engine = await CometEngine.open({
      ...{ rpcUrl: `http://${this.#settings.rpcAddress}`, chainId, verifyVote, sources },
      blocksPath: join(this.#ledger, 'blocks.db'),
      validatorsPath: join(this.#ledger, 'validators.db'),
      genesisHash: genesisHash(this.genesisBytes),
      ...{ genesisMs: genesis.timeMs, validators: genesis.validators },
      genesisAppHash: executeGenesis(genesis).appHash,
      firstBlockMs: patienceMs,
      onFault: (error) => {
        throw error;
      },
    });
    return this.#engine;
  }

  /** As another member's gateway shows it, without the way there. */
  async asOther(): Promise<OtherMember> {
    const engine = this.#engine ?? (await this.open([]));
    return {
      name: 'old',
      header: async (height) => {
        const at = height === 'latest' ? engine.status().height : height;
        const { header, commit, validators } = await engine.signedHeader(at);
        return { header: decodeHeader(header), commit: decodeCommit(commit), validators };
      },
      turns: (height) => engine.turns(height),
      kept: (height) => engine.keptBlock(height),
    };
  }

  async height(): Promise<number> {
    return readCommitted(await this.#rpc.ask('abci_info'));
  }

  async reached(height: number): Promise<void> {
    const deadline = performance.now() + patienceMs;
    while ((await this.height().catch(() => 0)) < height) {
      if (performance.now() > deadline) throw new Error(`not at ${height}`);
      await pause(50);
    }
  }

  /** Hands one in; waits while the node's queue is full. */
  async submit(tx: Uint8Array): Promise<void> {
    const params = { tx: Buffer.from(tx).toString('base64') };
    for (;;) {
      try {
        const { code } = await this.#rpc.ask('broadcast_tx_sync', params);
        if (code !== 0) throw new Error(`refused: ${String(code)}`);
        return;
      } catch (error) {
        const cause = isCoded(error) ? error.cause : undefined;
        if (!(cause instanceof RpcError) || !cause.data.includes('full')) throw error;
        await pause(20);
      }
    }
  }

  /** Resolves when nothing waits and the last block's state is signed. */
  async settled(): Promise<void> {
    for (let quiet = 0, last = -1; quiet < 6; ) {
      await pause(250);
      const { total } = await this.#rpc.ask('num_unconfirmed_txs');
      const height = await this.height();
      quiet = Number(total) === 0 && height === last ? quiet + 1 : 0;
      last = height;
    }
  }

  async stop(): Promise<void> {
    await this.#engine?.close();
    await this.#node?.stop();
    const app = this.#app;
    if (app !== undefined && app.exitCode === null && app.signalCode === null) {
      const ended = once(app, 'exit');
      app.kill('SIGTERM');
      await ended;
    }
    this.#engine = undefined;
    this.#node = undefined;
    this.#app = undefined;
  }
}

/** Enrols everybody, then grants in turn, each signed by its sender's own key. */
async function build(
  machine: Machine,
  { organisation, crowd }: Crowd,
  total: number,
): Promise<void> {
  for (let at = 0; at < crowd.length; at += 15) {
    const acts = crowd.slice(at, at + 15).map(({ identity }) => ({
      ...{ kind: 'Enrol' as const, identity, role: 'patient' as const },
      credentialHash: new Uint8Array(32),
    }));
    const body = makeBody(organisation.account, at + 1, Date.now() + hourMs, acts);
    await machine.submit(await signTx(body, organisation.key));
  }
  await machine.settled();
  let sent = 0;
  const send = async () => {
    for (let n = sent++; n < total; n = sent++) {
      const person = crowd[n % crowd.length];
      if (person === undefined) return;
      await machine.submit(await grant(person, Math.floor(n / crowd.length) + 1));
    }
  };
  await Promise.all(Array.from({ length: senders }, send));
  await machine.settled();
}

function grant({ account, key }: Person, nonce: number): Promise<Uint8Array> {
  const now = Date.now();
  const act = {
    kind: 'ConsentGrant' as const,
    consent: consentIdOf(new Uint8Array(randomBytes(16))),
    bodyHash: new Uint8Array(randomBytes(32)),
    ...{ notBeforeMs: now, notAfterMs: now + 24 * hourMs, writeKey: new Uint8Array(0) },
  };
  return signTx(makeBody(account, nonce, now + 12 * hourMs, [act]), key);
}
