// `npm run faults -- --minutes N --seed S [--members 4] [--only FAULT,FAULT] [--keep FOLDER] [--json]`: exit 1 when a check of the nine failed or
// something acknowledged was lost. Needs Linux and the program cometbft (`npm run test:services` builds it).
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findCometBft } from '../../src/engines/cometbft/node.ts';
import { programFolders } from '../../src/server/comet/places.ts';
import { judge } from './checks/all.ts';
import { type Consortium, foundMembers, unmount } from './consortium.ts';
import { faults } from './faults.ts';
import { History } from './history.ts';
import { play } from './play.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    members: { type: 'string', default: '4' },
    only: { type: 'string', default: '' },
    keep: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(
    [
      'npm run faults -- [--minutes 5] [--seed 1] [--members 4] [--only FAULT,FAULT] [--keep FOLDER] [--json]',
      'Hospitals on CometBFT under faults drawn by the seed, and nine checks of what they did. Exit code 1: a check failed, or',
      'something acknowledged was lost; its history is kept, with the command that plays it again.',
      `faults: ${faults.map(({ name }) => name).join(', ')}`,
      '',
    ].join('\n'),
  );
  process.exit(0);
}
const [minutes, seed, members] = [values.minutes, values.seed, values.members].map(Number) as [
  number,
  number,
  number,
];
const only = values.only.split(',').filter((it) => it !== '');
for (const it of only) {
  if (!faults.some(({ name }) => name === it)) throw new RangeError(`no fault ${it}`);
}
/** As many are shown; all of them stand in the kept history. */
const shown = 20;

const startedAt = performance.now();
const say = (line: string) => {
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  process.stderr.write(`${seconds.padStart(7)} s  ${line}\n`);
};

async function run(consortium: Consortium) {
  const { hospitals, mesh, smallDisk, folder } = consortium;
  if (smallDisk.reason !== undefined) say(`no full disk: ${smallDisk.reason}`);
  const history = new History(join(folder, 'history.jsonl'));
  try {
    const outcome = await play({ consortium, history, seed, only, minutes, say });
    say('judging');
    const judged = await judge(consortium, history, outcome, seed);
    const { acked, played, done, unexpected } = outcome;
    const { checks, lost, half, unverified } = judged;
    const ends = hospitals.flatMap(({ name, ends: of }) => of.map((what) => `${name}: ${what}`));
    const violations = checks.reduce(
      (sum, it) => sum + (it.ok ? 0 : Math.max(1, it.violations.length)),
      0,
    );
    const refusals = Object.fromEntries(outcome.refusals);
    const all = { played, refusals, checks, lost, half, unverified, unexpected, ends };
    writeFileSync(join(folder, 'found.json'), `${JSON.stringify(all, undefined, 2)}\n`);
    return {
      ...{ minutes, seed, members },
      checks: checks.map((it) => ({ ...it, violations: it.violations.slice(0, shown) })),
      violations: violations + half.length + unverified.length + unexpected.length,
      acknowledged: acked.count,
      lost: lost.length,
      losses: lost.slice(0, shown),
      half: half.slice(0, shown),
      unverified,
      unexpected: unexpected.slice(0, shown),
      gatewayEnds: ends.slice(0, shown),
      faults: played.length,
      diskFull: smallDisk.reason === undefined,
      ...(smallDisk.reason !== undefined && { diskFullReason: smallDisk.reason }),
      done: Object.fromEntries([...done].sort()),
      refusals: Object.fromEntries([...acked.codes].sort()),
    };
  } finally {
    await Promise.allSettled(hospitals.map((it) => it.down('SIGKILL')));
    mesh.close();
    history.close();
  }
}

// Said at once, and not by every supervisor.
findCometBft(programFolders());
const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'salus-faults-'));
const replay = [
  `npm run faults -- --minutes ${minutes} --seed ${seed} --members ${members}`,
  ...(only.length === 0 ? [] : [`--only '${only.join()}'`]),
].join(' ');
mkdirSync(folder, { recursive: true });
const consortium = await foundMembers(folder, members);
const stop = () => {
  for (const it of consortium.hospitals) it.signal(['gateway', 'application', 'node'], 'SIGKILL');
  unmount(consortium.smallDisk, true);
  process.exit(130);
};
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
let isKept = true;
try {
  const result = await run(consortium);
  const failed = result.violations > 0 || result.lost > 0;
  isKept = failed || values.keep !== undefined;
  const said = isKept ? { ...result, kept: folder, replay } : result;
  process.stdout.write(`${JSON.stringify(said, undefined, values.json ? 0 : 2)}\n`);
  process.exitCode = failed ? 1 : 0;
} finally {
  unmount(consortium.smallDisk, isKept);
  if (isKept) {
    writeFileSync(join(folder, 'REPLAY'), `${replay}\n`);
    say(`kept in ${folder}; again by ${replay}`);
  } else {
    rmSync(folder, { recursive: true, force: true });
  }
}
