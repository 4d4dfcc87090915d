import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { WriteAttempt } from '../api/incident-report.ts';

const nowhere = { from: '', claimedMac: '' } as const;

/**
 * What this machine tells of who writes to these files: whose they are, who else may write, when that was last done, and which other
 * processes have them open now. Not who wrote and closed them again, nor from where. Rule VT-16.
 */
export function fileWitnesses(paths: readonly string[], proc = '/proc'): readonly WriteAttempt[] {
  return [...paths.flatMap(ownerOf), ...holdersOf(paths, proc)];
}

function ownerOf(path: string): readonly WriteAttempt[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  const { uid, gid, mode, mtimeMs } = stats;
  const rights = (mode & 0o777).toString(8).padStart(3, '0');
  return [
    {
      ...{
        ...nowhere,
        atMs: Math.floor(mtimeMs),
        way: 'file',
        who: `owner uid ${uid}, gid ${gid}`,
      },
      what: `${basename(path)}, mode ${rights}, written last`,
    },
  ];
}

/** Of processes of others this user is told nothing, unless it may see them. */
function holdersOf(paths: readonly string[], proc: string): readonly WriteAttempt[] {
  const real = new Set(paths.flatMap((it) => quietly(() => realpathSync(it)) ?? []));
  const pids = (quietly(() => readdirSync(proc)) ?? []).filter((it) => /^[0-9]+$/.test(it));
  return pids
    .filter((pid) => pid !== String(process.pid))
    .flatMap((pid) => {
      const fds = quietly(() => readdirSync(`${proc}/${pid}/fd`)) ?? [];
      const held = fds.flatMap(
        (fd) => quietly(() => readlinkSync(`${proc}/${pid}/fd/${fd}`)) ?? [],
      );
      const of = held.find((it) => real.has(it));
      if (of === undefined) return [];
      const name = quietly(() => readFileSync(`${proc}/${pid}/comm`, 'utf8').trim()) ?? '';
      const uid = quietly(() => statSync(`${proc}/${pid}`).uid) ?? '';
      const who = `process ${pid} ${name}, uid ${uid}`.slice(0, 128);
      return [{ ...nowhere, atMs: Date.now(), way: 'file', who, what: `has ${basename(of)} open` }];
    });
}

/** What another user's process keeps to itself, or has ended meanwhile, is not told. */
function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
