import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../../../../gateway/parts/findings/finding.ts';
import type { WriteAttempt } from '../../api/incident-report.ts';

const neighbourTable = '/proc/net/arp';
const noMac = '00:00:00:00:00:00';

/**
 * The hardware address that this machine's table of neighbours has for an address; '': none. Whoever is on the same network
 * can claim one, and of who comes through a router it is the router's.
 */
export function claimedMacOf(address: string, table: string = neighbours()): string {
  const ip = address.replace(/^::ffff:/, '');
  for (const line of table.split('\n').slice(1)) {
    const [at, , , mac = ''] = line.trim().split(/\s+/);
    if (at === ip && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac) && mac !== noMac) return mac;
  }
  return '';
}

function neighbours(): string {
  try {
    return readFileSync(neighbourTable, 'utf8');
  } catch {
    // Another system, or a container without it: then nothing is told.
    return '';
  }
}

/** The files of a place, below the hospital's folder. */
function filesOf({ store, table, row }: Finding): string[] {
  if (store === 'blobs') {
    const large = /^[a-z0-9]{59}$/.test(row) ? [`blobs/files/${row}`] : [];
    return [...large, 'blobs/blobs.sqlite'];
  }
  if (store === 'copies') return ['storage/held/blobs.sqlite'];
  if (store === 'gateway') return ['gateway.db', 'gateway.db-wal'];
  if (store !== 'ledger') return [];
  const isBlocks = ['blocks', 'txs', 'indexed', 'identity'].includes(table);
  return [isBlocks ? '../ledger/blocks.db' : '../ledger/state.db'];
}

/** What the machine tells of the files that were written: whose they are, who may write them, and when that was last done. */
export function writtenFiles(folder: string, findings: readonly Finding[]): WriteAttempt[] {
  const names = [...new Set(findings.flatMap(filesOf))].slice(0, 32);
  return names.flatMap((name) => {
    const path = join(folder, name);
    if (!existsSync(path)) return [];
    const { uid, gid, mode, mtimeMs } = statSync(path);
    const rights = (mode & 0o777).toString(8).padStart(3, '0');
    return {
      ...{ atMs: Math.floor(mtimeMs), way: 'file', who: `owner uid ${uid}, gid ${gid}` },
      ...{ from: '', claimedMac: '', what: `${name}, mode ${rights}, written last` },
    };
  });
}
