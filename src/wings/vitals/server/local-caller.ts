import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isIPv4 } from 'node:net';

/**
 * Whose the other end of a connection is, where that end is on this machine: `process 12 curl, uid 1000`, or less where this user
 * may not see the process; '': it is elsewhere, or this system has no such tables (they are Linux's). Rule VT-18.
 */
export function localCaller(address: string, port: number, proc = '/proc'): string {
  const ends = isIPv4(address) ? [hexOf(address), `${mapped}${hexOf(address)}`] : [hexOf6(address)];
  const row = ['tcp', 'tcp6'].flatMap((it) => rowsOf(`${proc}/net/${it}`)).find(isAt(ends, port));
  if (row === undefined) return '';
  const [, , , , , , , uid = '', , inode = ''] = row;
  const process = inode === '0' ? '' : processOf(inode, proc);
  return `${process === '' ? '' : `${process}, `}uid ${uid} of this machine`;
}

/** ::ffff:0:0/96, each group of four bytes turned round. */
const mapped = '0000000000000000FFFF0000';

const isAt =
  (ends: readonly string[], port: number) =>
  ([, local = '']: readonly string[]): boolean =>
    ends.some((it) => local === `${it}:${port.toString(16).toUpperCase().padStart(4, '0')}`);

const turned = (bytes: readonly number[]): string =>
  bytes
    .toReversed()
    .map((it) => it.toString(16).toUpperCase().padStart(2, '0'))
    .join('');

const hexOf = (address: string): string => turned(address.split('.').map(Number));

/** Of addresses as `networkOf` writes them out: only the one that means this machine is looked for. */
const hexOf6 = (address: string): string => (address === '::1' ? `${'0'.repeat(24)}01000000` : '-');

const rowsOf = (path: string): readonly (readonly string[])[] =>
  (quietly(() => readFileSync(path, 'latin1')) ?? '')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/));

/** Of processes of others this user is told nothing, unless it may see them. */
function processOf(inode: string, proc: string): string {
  const pids = (quietly(() => readdirSync(proc)) ?? []).filter((it) => /^[0-9]+$/.test(it));
  const pid = pids.find((it) =>
    (quietly(() => readdirSync(`${proc}/${it}/fd`)) ?? []).some(
      (fd) => quietly(() => readlinkSync(`${proc}/${it}/fd/${fd}`)) === `socket:[${inode}]`,
    ),
  );
  if (pid === undefined) return '';
  // A process names itself as it likes.
  const name = quietly(() => readFileSync(`${proc}/${pid}/comm`, 'latin1').trim()) ?? '';
  return `process ${pid} ${name.replaceAll(/[^\x21-\x7e]/g, '?')}`;
}

/** What has ended meanwhile, or is another user's, is not told. */
function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
