// `npm run crash -- --rounds N --seed S [--json] [--disk-full]`: exit 1 when anything acknowledged was lost,
// a state differs from a replay, something half is left, or a server does not come up by itself.
import { parseArgs } from 'node:util';
import { allPoints } from './points.ts';
import { killAndCheck, type Outcome } from './rounds.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    'rounds-per-home': { type: 'string', default: '60' },
    json: { type: 'boolean', default: false },
    'disk-full': { type: 'boolean', default: false },
  },
});
const startedAt = performance.now();

function report(outcome: Outcome): object {
  const { points, done, codes, faults, ...figures } = outcome;
  const ok = faults.length === 0 && figures.lost === 0 && figures.stateEqual;
  return {
    ok,
    ...figures,
    seed: Number(values.seed),
    ms: Math.round(performance.now() - startedAt),
    points: Object.fromEntries([...points].sort()),
    pointsNotReached: allPoints.filter((name) => !points.has(name)),
    done: Object.fromEntries([...done].sort()),
    refusals: Object.fromEntries([...codes].sort()),
    faults: faults.slice(0, 20),
  };
}

const outcome = await killAndCheck({
  rounds: Number(values.rounds),
  seed: Number(values.seed),
  roundsPerHome: Number(values['rounds-per-home']),
  onRound: (kills, { acknowledged, lost }) => {
    if (kills % 10 !== 0) return;
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    process.stderr.write(
      `${kills} kills, ${acknowledged} acknowledged, ${lost} lost, ${seconds} s\n`,
    );
  },
});
const said = report(outcome);
process.stdout.write(
  `${values.json ? JSON.stringify(said) : JSON.stringify(said, undefined, 2)}\n`,
);
process.exitCode = 'ok' in said && said.ok === true ? 0 : 1;
