import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { foundConsortium } from '../../src/server/comet/found-homes.ts';
import { nodeHomeIn } from '../../src/server/comet/places.ts';
import { demoMembers } from '../../src/server/founding.ts';
import type { Member } from '../../src/server/home-members.ts';
import { serversOf } from '../../src/server/process.ts';
import { freePorts } from '../../src/story/free-ports.ts';
import { Hospital } from './hospital.ts';
import { Mesh } from './mesh.ts';

const hospitals: readonly Member[] = [
  ...demoMembers,
  ...['coast', 'hill', 'lake', 'forest'].map((name) => ({ name, title: `${name} hospital` })),
];

/** The hospitals of a run, each with a home and processes of its own, and the network between their nodes. */
export interface Consortium {
  readonly folder: string;
  readonly mesh: Mesh;
  readonly hospitals: readonly Hospital[];
  /** The home of a hospital on a small file system of its own; undefined with the reason: there is none. */
  readonly smallDisk: SmallDisk;
}

export interface SmallDisk {
  readonly hospital: Hospital | undefined;
  readonly reason: string | undefined;
  readonly path: string;
}

const roomMiB = 8 * 1024;

/** Founds them in a folder; nothing runs yet. */
export async function foundMembers(folder: string, count: number): Promise<Consortium> {
  const places = hospitals.slice(0, count);
  if (places.length !== count || count < 4) throw new RangeError('4 to 7 members');
  const ports = await freePorts(3 * count);
  const mesh = new Mesh();
  const members = places.map((it, at) => ({
    ...it,
    url: `http://127.0.0.1:${ports[3 * at]}/${it.name}`,
    p2pAddress: `127.0.0.1:${ports[3 * at + 1]}`,
    rpcAddress: `127.0.0.1:${ports[3 * at + 2]}`,
  }));
  const homeOf = ({ name }: { readonly name: string }) => join(folder, 'members', name);
  const last = members[count - 1];
  const path = last === undefined ? '' : homeOf(last);
  mkdirSync(path, { recursive: true });
  const reason = mountSmall(path);
  await foundConsortium(members, homeOf);
  const numbers = members.map(({ p2pAddress }) => mesh.add(p2pAddress));
  for (const [at, member] of members.entries()) {
    const others = members.filter((it) => it !== member);
    const seen = new Map<string, string>();
    for (const other of others) {
      const link = await mesh.link(numbers[at] ?? 0, numbers[members.indexOf(other)] ?? 0);
      seen.set(other.p2pAddress, link);
    }
    setConfig(homeOf(member), (config) => withPeersAt(config, seen));
  }
  const all = members.map(
    ({ name, url }, at) =>
      new Hospital({
        ...{ name, home: homeOf({ name }), number: numbers[at] ?? 0 },
        log: join(folder, `${name}.log`),
        gatewayPort: Number(new URL(url).port),
      }),
  );
  const smallDisk = { hospital: reason === undefined ? all.at(-1) : undefined, reason, path };
  return { folder, mesh, hospitals: all, smallDisk };
}

/** What this machine's operator may write there: where the peers are, and more patience than a starved machine needs. */
export function setConfig(home: string, change: (config: string) => string): void {
  const path = join(nodeHomeIn(serversOf(home)), 'config', 'config.toml');
  const patient = (config: string) =>
    config.replace(/^timeout_propose = .*$/m, 'timeout_propose = "3s"');
  writeFileSync(path, patient(change(readFileSync(path, 'utf8'))));
}

/** Each address that the map knows, by another. */
export function withPeersAt(config: string, seen: ReadonlyMap<string, string>): string {
  return config.replace(/^persistent_peers = "(.*)"$/m, (_, listed: string) => {
    const peers = listed.split(',').map((peer) => {
      const [id = '', address = ''] = peer.split('@');
      return `${id}@${seen.get(address) ?? address}`;
    });
    return `persistent_peers = "${peers.join(',')}"`;
  });
}

/** Undefined: done; else why not. */
function mountSmall(path: string): string | undefined {
  const options = ['-t', 'tmpfs', '-o', `size=${roomMiB}m,mode=700`, 'tmpfs', path];
  const { status } = spawnSync('mount', options, { encoding: 'utf8' });
  return status === 0 ? undefined : 'mounting a small file system needs root';
}

/** The file system of that home has so many bytes to give from now on; undefined: as many as at first. */
export function resizeDisk({ path }: SmallDisk, bytes: number | undefined): void {
  const size = bytes === undefined ? `${roomMiB}m` : String(bytes);
  const { status, stderr } = spawnSync('mount', ['-o', `remount,size=${size}`, path], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the file system was not resized: ${stderr}`);
}

/** `keeps`: what lies there is put in its place. */
export function unmount({ path, reason }: SmallDisk, keeps: boolean): void {
  if (reason !== undefined) return;
  const aside = `${path}.kept`;
  if (keeps) cpSync(path, aside, { recursive: true, filter: (it) => !it.endsWith('.sock') });
  // Also while something of it is still held.
  spawnSync('umount', ['-l', path]);
  if (!keeps) return;
  rmSync(path, { recursive: true });
  renameSync(aside, path);
}
