import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { peerIdFromString } from '@libp2p/peer-id';
import { type AccountId, accountIdOf } from '../../src/primitives/ids.ts';
import type { StorageMember } from '../../src/storage/ipfs/members.ts';

/** What the Go peer says to a command. */
export interface Said {
  readonly ok?: string;
  readonly error?: string;
  readonly root?: string;
  readonly bytes?: number;
  readonly sha256?: string;
  readonly ms?: number;
  readonly cpuMs?: number;
  readonly ready?: string;
  readonly address?: string;
}

export interface GoPeer {
  readonly pid: number;
  readonly peerId: string;
  /** With its peer id. */
  readonly address: string;
  /** As a member of the network, under an account that is its key. */
  readonly member: StorageMember;
  ask(command: Readonly<Record<string, unknown>>): Promise<Said>;
  stop(): Promise<void>;
}

export interface GoPeerOptions {
  /** The folder with the program `ipfs-peer`. */
  readonly programs: string;
  readonly swarmKey: Uint8Array;
  readonly listen?: string;
  /** Who it is and what it keeps: the same folder is the same peer. */
  readonly folder: string;
}

/** Folders for peers, and how to end them. */
export function peerFolder(): { readonly folder: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'salus-go-peer-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A peer of boxo and go-libp2p as a process that takes JSON lines. */
export async function startGoPeer(options: GoPeerOptions): Promise<GoPeer> {
  const { programs, swarmKey, folder, listen = '/ip4/127.0.0.1/tcp/0' } = options;
  const keyFile = join(folder, 'swarm.key');
  writeFileSync(keyFile, swarmKey);
  const settings = {
    store: join(folder, 'blocks'),
    identity: join(folder, 'peer.key'),
    swarmKey: keyFile,
    listen,
  };
  const child = spawn(join(programs, 'ipfs-peer'), [JSON.stringify(settings)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Said> => {
    const { value, done } = await lines.next();
    return done === true ? { error: 'gone' } : (JSON.parse(value) as Said);
  };
  const { ready = '', address = '' } = await next();
  const ask = async (command: Readonly<Record<string, unknown>>) => {
    child.stdin.write(`${JSON.stringify(command)}\n`);
    return next();
  };
  return {
    pid: child.pid ?? 0,
    peerId: ready,
    address,
    member: memberOfPeer(ready, address),
    ask,
    stop: async () => {
      if (child.exitCode !== null) return;
      const exited = once(child, 'exit');
      child.stdin.end();
      await exited;
    },
  };
}

function memberOfPeer(peerId: string, address: string): StorageMember {
  const { publicKey } = peerIdFromString(peerId);
  const storageKey = publicKey?.raw ?? new Uint8Array(32);
  const account: AccountId = accountIdOf(storageKey);
  return { account, storageKey, addresses: [address.split('/p2p/')[0] ?? ''] };
}
