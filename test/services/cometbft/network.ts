import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Request, Response } from 'cosmjs-types/tendermint/abci/types';
import { abciApplication } from '../../../src/engines/cometbft/abci/application.ts';
import { AbciServer, type Answer } from '../../../src/engines/cometbft/abci/server.ts';
import { CometEngine } from '../../../src/engines/cometbft/comet-engine.ts';
import { CometNode, rpcUrlOf } from '../../../src/engines/cometbft/node.ts';
import { CometRpc } from '../../../src/engines/cometbft/rpc/rpc.ts';
import {
  type LedgerApplication,
  openLedgerApplication,
  type SnapshotSettings,
} from '../../../src/engines/ledger-application/open.ts';
import { encodeGenesis, type Genesis, genesisHash } from '../../../src/ledger/genesis.ts';
import { executeGenesis } from '../../../src/ledger/ledger.ts';
import { nodeKeys, writeNodeSettings } from '../../../src/server/comet/node-home.ts';
import { freePorts } from '../../../src/story/free-ports.ts';
import { realChecks } from '../../builders.ts';

/** One validator: its node's home, the application behind it, and the engine in front. */
export class Member {
  readonly folder: string;
  readonly #program: string;
  readonly #genesis: Genesis;
  readonly #genesisBytes: Uint8Array;
  readonly #peers: ReadonlySet<string>;
  application: LedgerApplication | undefined;
  server: AbciServer | undefined;
  node: CometNode | undefined;
  engine: CometEngine | undefined;
  readonly validatorKey: Uint8Array;
  readonly troubles: unknown[] = [];
  /** What the node is answered instead, from its next start on. */
  around: (honest: Answer) => Answer = (honest) => honest;
  /** Missing: no snapshots are made. */
  snapshots: SnapshotSettings | undefined;
  /** Told each question of the node with its answer, and this machine's clock when it was asked. */
  onExchange: ((request: Request, response: Response, atMs: number) => void) | undefined;

  constructor(
    folder: string,
    of: {
      readonly program: string;
      readonly genesis: Genesis;
      readonly genesisBytes: Uint8Array;
      readonly peers: ReadonlySet<string>;
      readonly validatorKey: Uint8Array;
    },
  ) {
    this.validatorKey = of.validatorKey;
    this.folder = folder;
    this.#program = of.program;
    this.#genesis = of.genesis;
    this.#genesisBytes = of.genesisBytes;
    this.#peers = of.peers;
  }

  get genesisBytes(): Uint8Array {
    return this.#genesisBytes;
  }

  get home(): string {
    return join(this.folder, 'cometbft');
  }

  async startNode(): Promise<void> {
    const { chainId, validators } = this.#genesis;
    const onFault = (error: unknown) => this.troubles.push(error);
    this.application = await openLedgerApplication({
      path: join(this.folder, 'state.db'),
      genesis: this.#genesisBytes,
      verify: realChecks,
      ...(this.snapshots !== undefined && { snapshots: this.snapshots }),
    });
    let atMs = 0;
    const answer = abciApplication({
      ...{ application: this.application, chainId, genesis: this.#genesisBytes, validators },
      now: () => {
        atMs = Date.now();
        return atMs;
      },
      isPeer: (id) => this.#peers.has(id),
    });
    const appSocket = join(this.folder, 'app.sock');
    const given = this.around(answer);
    const told: Answer = async (request) => {
      const response = await given(request);
      this.onExchange?.(request, response, atMs);
      return response;
    };
    this.server = await AbciServer.listen(appSocket, told, onFault);
    this.node = await CometNode.start({
      program: this.#program,
      home: this.home,
      appSocket,
      log: {
        write: (text) => process.env.SALUS_COMET_LOG !== undefined && process.stderr.write(text),
      },
      onExit: (how) => this.troubles.push(`the node ended: ${how}`),
    });
  }

  /** Until its node takes and hands on transactions: one of CometBFT v0.40 drops them while it fetches blocks. */
  async untilCaughtUp(): Promise<void> {
    const rpc = new CometRpc(rpcUrlOf(this.home));
    for (;;) {
      const { sync_info: sync } = (await rpc.ask('status')) as {
        readonly sync_info?: { readonly catching_up?: boolean };
      };
      if (sync?.catching_up === false) return;
      await wait(50);
    }
  }

  async startEngine(): Promise<CometEngine> {
    this.engine = await CometEngine.open({
      rpcUrl: rpcUrlOf(this.home),
      blocksPath: join(this.folder, 'blocks.db'),
      validatorsPath: join(this.folder, 'validators.db'),
      chainId: this.#genesis.chainId,
      genesisHash: genesisHash(this.#genesisBytes),
      genesisMs: this.#genesis.timeMs,
      validators: this.#genesis.validators,
      genesisAppHash: executeGenesis(this.#genesis).appHash,
      onFault: (error) => this.troubles.push(error),
    });
    return this.engine;
  }

  async stop(): Promise<void> {
    await this.engine?.close();
    await this.node?.stop();
    await this.server?.close();
    this.application?.close();
    this.engine = undefined;
    this.node = undefined;
    this.server = undefined;
    this.application = undefined;
  }
}

/** Homes of `count` validators of a ledger that begins as `template` does; nothing runs yet. */
export async function makeNetwork(
  template: Genesis,
  { count, program }: { readonly count: number; readonly program: string },
): Promise<{ readonly members: readonly Member[]; readonly remove: () => Promise<void> }> {
  const root = mkdtempSync(join(tmpdir(), 'salus-comet-'));
  const folders = Array.from({ length: count }, (_, at) => join(root, `member-${at}`));
  const keys = folders.map((folder) => nodeKeys(join(folder, 'cometbft')));
  const validators = keys.map(({ validator }) => ({ publicKey: validator, power: 10 }));
  const genesis = { ...template, validators };
  const genesisBytes = encodeGenesis(genesis);
  const ports = await freePorts(2 * count);
  const nodes = keys.map(({ nodeId }, at) => ({ nodeId, address: `127.0.0.1:${ports[2 * at]}` }));
  const peers = new Set(nodes.map(({ nodeId }) => nodeId));
  const members = folders.map((folder, at) => {
    const validatorKey = keys[at]?.validator ?? new Uint8Array(0);
    const member = new Member(folder, { program, genesis, genesisBytes, peers, validatorKey });
    const p2pAddress = `127.0.0.1:${ports[2 * at]}`;
    const settings = {
      ...{ p2pAddress, p2pListen: p2pAddress, rpcAddress: `127.0.0.1:${ports[2 * at + 1]}` },
      peers: nodes.filter((_, other) => other !== at),
      moniker: `member-${at}`,
    };
    writeNodeSettings(member.home, { genesisBytes, settings });
    return member;
  });
  const remove = async () => {
    for (const member of members) await member.stop();
    rmSync(root, { recursive: true, force: true });
  };
  return { members, remove };
}
