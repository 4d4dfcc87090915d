var __rewriteRelativeImportExtension =
  (this && this.__rewriteRelativeImportExtension) ||
  ((path, preserveJsx) => {
    if (typeof path === 'string' && /^\.\.?\//.test(path)) {
      return path.replace(
        /\.(tsx)$|((?:\.d)?)((?:\.[^./]+?)?)\.([cm]?)ts$/i,
        (m, tsx, d, ext, cm) =>
          tsx
            ? preserveJsx
              ? '.jsx'
              : '.js'
            : d && (!ext || !cm)
              ? m
              : d + ext + '.' + cm.toLowerCase() + 'js',
      );
    }
    return path;
  });

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { resizeDisk } from './consortium.js';
import { gone } from './processes.js';

const validator = fileURLToPath(new URL('./validator.ts', import.meta.url));
const states = ['state.db', 'state.db-wal'];
const ownFaults = [
  network('isolated', 1, (scene, [one]) => {
    const cut = scene.random.is(0.5);
    for (const other of others(scene, [one])) part(scene, one, other, cut);
    return cut ? 'connections cut' : 'bytes held';
  }),
  network('halves', 'a third', (scene, here) => {
    const cut = scene.random.is(0.5);
    for (const one of here) for (const other of others(scene, here)) part(scene, one, other, cut);
    return cut ? 'connections cut' : 'bytes held';
  }),
  network('one way', 2, ({ consortium: { mesh } }, [one, other]) => {
    if (one !== undefined && other !== undefined) mesh.hold(one.number, other.number);
    return 'the first is not heard by the second';
  }),
  network('mute', 1, (scene, [one]) => {
    for (const other of others(scene, [one])) {
      if (one !== undefined) scene.consortium.mesh.hold(one.number, other.number);
    }
    return 'hears and is not heard';
  }),
  network('deaf', 1, (scene, [one]) => {
    for (const other of others(scene, [one])) {
      if (one !== undefined) scene.consortium.mesh.hold(other.number, one.number);
    }
    return 'is heard and does not hear';
  }),
  network('slow link', 1, (scene, [one]) => {
    const { random, consortium } = scene;
    const [delayMs, rate] = [random.between(100, 600), random.between(30, 300) * 1024];
    for (const other of others(scene, [one])) {
      if (one === undefined) continue;
      consortium.mesh.slow(one.number, other.number, delayMs, rate);
      consortium.mesh.slow(other.number, one.number, delayMs, rate);
    }
    return `${delayMs} ms, ${rate} bytes/s`;
  }),
  kill('node'),
  kill('application'),
  kill('application', 'node'),
  kill('gateway'),
  kill('gateway', 'application', 'node'),
  pause('node'),
  pause('application'),
  pause('application', 'node'),
  pause('gateway'),
  {
    ...{ name: 'truncated wal', on: 1 },
    play: async ({ random }, [one]) => {
      if (one === undefined) return 'nobody';
      await one.down('SIGKILL');
      const wal = join(one.nodeHome, 'data', 'cs.wal', 'wal');
      const { size } = statSync(wal);
      const bytes = Math.min(size, random.is(0.3) ? random.below(20) : random.below(20_000));
      truncateSync(wal, size - bytes);
      one.up();
      return `${bytes} of ${size} bytes cut off`;
    },
  },
  {
    ...{ name: 'older state', on: 1 },
    play: async ({ random, consortium, holdMs }, [one]) => {
      if (one === undefined) return 'nobody';
      const kept = join(consortium.folder, 'older', one.name);
      await one.down('SIGKILL');
      // The oldest copy as well as that of a moment ago.
      const isOld = existsSync(kept) && random.is(0.5);
      if (!isOld) copyStates(ledgerOf(one), kept);
      one.up();
      await one.ready();
      await wait(holdMs);
      await one.down('SIGKILL');
      for (const name of [...states, 'state.db-shm'])
        rmSync(join(ledgerOf(one), name), { force: true });
      const isMissing = random.is(0.2);
      if (!isMissing) copyStates(kept, ledgerOf(one));
      one.up();
      return isMissing ? 'none at all' : isOld ? 'of an earlier fault' : 'of a moment ago';
    },
  },
  {
    ...{ name: 'a third down', on: 'a third' },
    play: async ({ holdMs }, both) => {
      await Promise.all(both.map((it) => it.down('SIGKILL')));
      await wait(holdMs);
      for (const it of both) it.up();
      return 'killed, and kept down';
    },
  },
  {
    ...{ name: 'disk full', on: 1, needsSmallDisk: true },
    play: async ({ random, holdMs, consortium: { smallDisk } }) => {
      const { blocks, bfree, bsize } = statfsSync(smallDisk.path);
      const left = random.is(0.3) ? 0 : random.below(400) * 1024;
      resizeDisk(smallDisk, (blocks - bfree) * bsize + left);
      await wait(holdMs);
      resizeDisk(smallDisk, undefined);
      return `${left} bytes left`;
    },
  },
  {
    ...{ name: 'lying proposer', on: 1 },
    play: async ({ random, holdMs }, [one]) => {
      if (one === undefined) return 'nobody';
      await one.down('SIGKILL');
      const liar = await startValidator(one, { lies: true, seed: random.below(1e9) });
      await wait(2 * holdMs);
      await stopValidator(liar, one);
      one.up();
      return 'garbage, twice, oversize, old, forged, nothing';
    },
  },
];
/** Of the wings that stand here: `src/wings/NAME/test/faults.ts`. A wing that goes takes its own along. */
async function faultsOfWings() {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const files = globSync('src/wings/*/test/faults.ts', { cwd: root }).sort();
  const brought = await Promise.all(
    files.map(
      (file) => import(__rewriteRelativeImportExtension(pathToFileURL(join(root, file)).href)),
    ),
  );
  return brought.flatMap((it) => it.faults);
}
export const faults = [...ownFaults, ...(await faultsOfWings())];
function network(name, on, make) {
  return {
    ...{ name, on },
    play: async (scene, hospitals) => {
      const what = make(scene, hospitals);
      await wait(scene.holdMs);
      scene.consortium.mesh.heal();
      return what;
    },
  };
}
/** Sometimes again while it is coming up. */
function kill(...parts) {
  return {
    ...{ name: `killed ${parts.join(' and ')}`, on: 1 },
    play: async ({ random }, [one]) => {
      const times = random.between(1, 3);
      for (let time = 0; time < times; time++) {
        if (time > 0) await wait(random.between(100, 2_500));
        one?.signal(parts, 'SIGKILL');
      }
      return `${times} times`;
    },
  };
}
function pause(...parts) {
  return {
    ...{ name: `stopped ${parts.join(' and ')}`, on: 1 },
    play: async ({ holdMs }, [one]) => {
      one?.signal(parts, 'SIGSTOP');
      await wait(holdMs);
      one?.signal(parts, 'SIGCONT');
      return `${holdMs} ms`;
    },
  };
}
function others({ consortium }, not) {
  return consortium.hospitals.filter((it) => !not.includes(it));
}
function part({ consortium }, one, other, cut) {
  if (one !== undefined) consortium.mesh.part(one.number, other.number, cut);
}
const ledgerOf = ({ servers }) => join(servers, 'ledger');
function copyStates(from, to) {
  mkdirSync(to, { recursive: true });
  for (const name of states) {
    if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, name));
    else rmSync(join(to, name), { force: true });
  }
}
/** Node and application of this home, without a gateway; resolves when they run. */
export async function startValidator({ home, log: path }, { lies, seed }) {
  const log = openSync(path, 'a');
  const child = spawn(process.execPath, [validator, JSON.stringify({ home, lies, seed })], {
    stdio: ['ignore', 'pipe', log],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  closeSync(log);
  if (child.stdout !== null) {
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit'), wait(60_000)]);
  }
  return child;
}
export async function stopValidator(child, of) {
  child.kill('SIGKILL');
  of.signal(['node'], 'SIGKILL');
  await gone(() => of.pids('node'), 20_000);
}
