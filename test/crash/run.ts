// `npm run crash -- --rounds N --seed S [--json] [--disk-full]`: exit 1 when anything acknowledged was lost,
// a state differs from a replay, something half is left, or a server does not come up by itself.
import { parseArgs } from 'node:util';
import { fillDisks } from './disk-full.ts';
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

function report(outcome: Outcome) {
  const { points, done, codes, faults, statesCompared, ...figures } = outcome;
  const ok = faults.length === 0 && figures.lost === 0 && figures.stateEqual;
  return {
    ok,
    ...figures,
    statesCompared: statesCompared.size,
    seed: Number(values.seed),
    ms: Math.round(performance.now() - startedAt),
    points: Object.fromEntries([...points].sort()),
    pointsNotReached: allPoints.filter((name) => !points.has(name)),
    done: Object.fromEntries([...done].sort()),
    refusals: Object.fromEntries([...codes].sort()),
    faults: faults.slice(0, 20),
  };
}

function say<Result extends { readonly ok: boolean }>(result: Result): void {
  process.stdout.write(`${JSON.stringify(result, undefined, values.json ? 0 : 2)}\n`);
  process.exitCode = result.ok ? 0 : 1;
}

function progress(line: string): void {
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  process.stderr.write(`${line}, ${seconds} s\n`);
}

if (values['disk-full']) {
  const outcome = await fillDisks({
    rounds: Number(values.rounds),
    seed: Number(values.seed),
    onRound: (what) => progress(what),
  });
  const { refusals, faults, ...figures } = outcome;
  say({
    ok: faults.length === 0,
    ...figures,
    ms: Math.round(performance.now() - startedAt),
    refusals: Object.fromEntries([...refusals].sort()),
    faults: faults.slice(0, 20),
  });
} else {
  const outcome = await killAndCheck({
    rounds: Number(values.rounds),
    seed: Number(values.seed),
    roundsPerHome: Number(values['rounds-per-home']),
    onRound: (kills, { acknowledged, lost }) => {
      if (kills % 10 === 0) progress(`${kills} kills, ${acknowledged} acknowledged, ${lost} lost`);
    },
  });
  say(report(outcome));
}
