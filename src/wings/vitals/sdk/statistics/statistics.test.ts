import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Question, releasedBy } from '../../api/question.ts';
import { edgesOf } from '../../crypto/histogram-edges.ts';
import { panelOf, vitalsOf } from '../../crypto/panels.ts';
import { discreteGaussian } from '../../crypto/statistics/discrete-gaussian.ts';
import { keyedChance } from '../../crypto/statistics/noise-stream.ts';
import { noiseVariances, type Spending, totalDeviation } from '../../crypto/statistics/privacy.ts';
import { statisticsStep, statisticsValue } from '../../crypto/vital-signs.ts';
import { vitalsNames } from '../../names.ts';
import type { Figure, Value } from './answer.ts';
import { inverseOf, projected, times } from './covariances.ts';
import { fAbove, incompleteBeta, logGamma, tTwoSided, z95 } from './distributions.ts';
import { figuresOf } from './figures.ts';
import { type Group, oneWayAnova, welchTest } from './group-tests.ts';
import {
  histogramAnswer,
  percentileAnswer,
  prevalenceAnswer,
  wilsonInterval,
} from './histogram-answers.ts';
import { type MomentQuestion, momentAnswer } from './moment-answers.ts';
import { predictedNoise } from './prediction.ts';
import { releasedOf } from './released.ts';

const panel = vitalsOf(panelOf(1));
const edges = edgesOf('heartRate', 1);
const readingsOfPatient = 64;

/** Mulberry32: the same draws for the same seed. */
function random(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Rows of five statistics codes that hang together. */
function readings(count: number, seed = 1, shift = 0): readonly (readonly number[])[] {
  const draw = random(seed);
  const bell = () => Array.from({ length: 6 }, draw).reduce((a, b) => a + b, -3) * Math.SQRT2;
  const code = (value: number) => Math.max(0, Math.min(255, Math.round(128 + value)));
  return Array.from({ length: count }, () => {
    const z = bell();
    return [
      code(shift + 4 + 16 * z + 8 * bell()),
      code(-6 + 12 * z + 14 * bell()),
      code(9 * z + 10 * bell()),
      code(40 - 8 * z + 12 * bell()),
      code(15 * bell()),
    ];
  });
}

/** What three servers would add up, without noise. */
function exactly(question: Question, rows: readonly (readonly number[])[]): readonly bigint[] {
  const y = (row: readonly number[], u: number) => (row[u] ?? 0) - 128;
  return releasedBy(question).map((it) => {
    switch (it.kind) {
      case 'patients':
        return BigInt(Math.ceil(rows.length / readingsOfPatient));
      case 'readings':
        return BigInt(rows.length);
      case 'sum':
        return BigInt(rows.reduce((s, row) => s + y(row, it.vital), 0));
      case 'product':
        return BigInt(rows.reduce((s, row) => s + y(row, it.a) * y(row, it.b), 0));
      case 'bin':
        return BigInt(rows.filter((row) => binOf(row[it.vital] ?? 0) === it.bin).length);
      default:
        return assert.fail();
    }
  });
}
const [heart] = panel;
assert.ok(heart !== undefined);
const valueOfCode = (u: number, code: number) => statisticsValue(panel[u] ?? heart, code);
const binOf = (code: number) => edges.filter((edge) => valueOfCode(0, code) >= edge).length;

const columns = (rows: readonly (readonly number[])[], ...vitals: readonly number[]) =>
  vitals.map((u) => rows.map((row) => valueOfCode(u, row[u] ?? 0)));
const meanOf = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
const covOf = (a: readonly number[], b: readonly number[]) =>
  a.reduce((s, x, i) => s + (x - meanOf(a)) * ((b[i] ?? 0) - meanOf(b)), 0) / (a.length - 1);
const twelfth = (u: number) => statisticsStep(panel[u] ?? heart) ** 2 / 12;
const varOf = (u: number, list: readonly number[]) => covOf(list, list) - twelfth(u);

/** As a textbook has it, over the values themselves. */
function plainly(
  question: MomentQuestion,
  rows: readonly (readonly number[])[],
): Record<string, number> {
  const u = question.vital;
  const [x = []] = columns(rows, u);
  const means = { mean: meanOf(x) };
  switch (question.kind) {
    case 'mean':
      return means;
    case 'variance':
      return { variance: varOf(u, x), ...means };
    case 'sd':
      return { sd: Math.sqrt(varOf(u, x)), ...means };
    case 'covariance':
    case 'correlation': {
      const [other = []] = columns(rows, question.other);
      const c = covOf(x, other);
      if (question.kind === 'covariance') return { covariance: c };
      return { correlation: c / Math.sqrt(varOf(u, x) * varOf(question.other, other)) };
    }
    case 'regression': {
      // Two predictors, by Cramer's rule.
      const [p = 0, q = 0] = question.on;
      const [a = [], b = []] = columns(rows, p, q);
      const [aa, bb, ab] = [varOf(p, a), varOf(q, b), covOf(a, b)];
      const [ay, by, yy] = [covOf(a, x), covOf(b, x), varOf(u, x)];
      const det = aa * bb - ab * ab;
      const slopes = [(ay * bb - by * ab) / det, (by * aa - ay * ab) / det] as const;
      const intercept = meanOf(x) - slopes[0] * meanOf(a) - slopes[1] * meanOf(b);
      const r2 = (slopes[0] * ay + slopes[1] * by) / yy;
      return { intercept, 'slope 1': slopes[0], 'slope 2': slopes[1], 'r squared': r2 };
    }
  }
}

const momentQuestions: readonly MomentQuestion[] = [
  { kind: 'mean', vital: 0 },
  { kind: 'variance', vital: 3 },
  { kind: 'sd', vital: 1 },
  { kind: 'covariance', vital: 2, other: 0 },
  { kind: 'correlation', vital: 0, other: 3 },
  { kind: 'regression', vital: 1, on: [0, 2] },
];
const near = (found: number, expected: number, what: string) => {
  const scale = Math.max(1e-6, Math.abs(expected));
  assert.ok(Math.abs(found - expected) < 1e-9 * scale + 1e-9, `${what}: ${found} for ${expected}`);
};
const told = (figure: Figure | undefined): Value =>
  figure?.kind === 'value' ? figure : assert.fail(figure?.kind ?? 'nothing');

for (const size of [1, 19, 20, 21, 10_000]) {
  test(`every statistic of ${size} readings without noise is the plain one`, () => {
    const rows = readings(size);
    for (const question of momentQuestions) {
      const released = releasedOf(question, exactly(question, rows), 'no noise');
      const figures = momentAnswer(question, released, panel);
      const expected = plainly(question, rows);
      assert.deepEqual(Object.keys(figures), Object.keys(expected));
      for (const [name, value] of Object.entries(expected)) {
        const figure = figures[name];
        // One reading has a mean and nothing else: not zero, but too few to tell.
        if (size === 1 && name !== 'mean') assert.equal(figure?.kind, 'too few to tell', name);
        else {
          near(told(figure).value, value, `${question.kind} ${name}`);
          assert.equal(told(figure).noise, 0);
        }
      }
    }
  });

  test(`every share and percentile of ${size} readings without noise is the plain one`, () => {
    const rows = readings(size);
    const bins = rows.map((row) => binOf(row[0] ?? 0));
    const ask = (question: Question) => releasedOf(question, exactly(question, rows), 'no noise');
    const histogram = histogramAnswer(ask({ kind: 'histogram', vital: 0 }), edges);
    for (const [bin, { share }] of histogram.entries()) {
      near(told(share).value, bins.filter((it) => it === bin).length / size, `bin ${bin}`);
    }
    for (const edge of [0, 8, 12, 30]) {
      for (const side of ['below', 'from'] as const) {
        const question = { kind: 'prevalence', vital: 0, side, edge } as const;
        const plain =
          bins.filter((it) => (side === 'below' ? it <= edge : it > edge)).length / size;
        near(told(prevalenceAnswer(ask(question), question)).value, plain, `${side} ${edge}`);
      }
    }
    for (const perMille of [50, 500, 950]) {
      const question = { kind: 'percentile', vital: 0, perMille } as const;
      const found = told(percentileAnswer(ask(question), question, edges)).value;
      const sorted = [...bins].sort((a, b) => a - b);
      const bin = sorted[Math.ceil((perMille / 1_000) * size) - 1] ?? 0;
      const inside =
        ((perMille / 1_000) * size - bins.filter((it) => it < bin).length) /
        bins.filter((it) => it === bin).length;
      const [from = 0, to = 0] = [edges[bin - 1], edges[bin]];
      near(found, from + (to - from) * inside, `percentile ${perMille}`);
    }
  });
}

const spending: Spending = { pagesPerPatient: 1, microRho: 300_000 };
/** As three servers would noise it: each all of it. */
function noised(question: Question, exact: readonly bigint[], seed: number): readonly bigint[] {
  const variances = noiseVariances(releasedBy(question), spending);
  return exact.map((value, at) =>
    [1, 2, 3].reduce((sum, server) => {
      const key = new Uint8Array(32).fill(server);
      const chance = keyedChance(key, vitalsNames.labels.noise, [seed, at]);
      return sum + discreteGaussian(chance, variances[at] ?? 1n);
    }, value),
  );
}

test('of 200 noised answers 180 at least lie within the stated 95 %', () => {
  // 10,000 patients with 64 readings each: the sums of two hundred times as many rows.
  const rows = readings(3_200);
  const times200 = (exact: readonly bigint[]) => exact.map((it) => it * 200n);
  for (const question of [
    ...momentQuestions,
    { kind: 'percentile', vital: 0, perMille: 500 } as const,
    { kind: 'prevalence', vital: 0, side: 'from', edge: 12 } as const,
  ]) {
    const exact = times200(exactly(question, rows));
    const answered = (values: readonly bigint[], of: Spending | 'no noise') => {
      const released = releasedOf(question, values, of);
      if (question.kind === 'percentile')
        return { it: percentileAnswer(released, question, edges) };
      if (question.kind === 'prevalence') return { it: prevalenceAnswer(released, question) };
      return momentAnswer(question, released, panel);
    };
    const truth = Object.entries(answered(exact, 'no noise'));
    const hits = new Map<string, number>();
    for (let seed = 0; seed < 200; seed++) {
      const figures: Record<string, Figure> = answered(noised(question, exact, seed), spending);
      for (const [name, expected] of truth) {
        const figure = figures[name];
        if (figure?.kind !== 'value') continue;
        const [from, to] = figure.noiseInterval;
        const value = told(expected).value;
        if (from <= value && value <= to) hits.set(name, (hits.get(name) ?? 0) + 1);
      }
    }
    for (const [name] of truth) {
      const count = hits.get(name) ?? 0;
      assert.ok(count >= 180, `${question.kind} ${name}: ${count}`);
      // An interval that always holds would say nothing.
      assert.ok(count < 200, `${question.kind} ${name}: always`);
    }
  }
});

/** The same from a normal distribution, which is faster: the noise is far wider than 1. */
function hidden(question: Question, exact: readonly bigint[], seed: number, of: Spending) {
  const draw = random(1_000 + seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
  const variances = noiseVariances(releasedBy(question), of);
  return exact.map(
    (it, at) => it + BigInt(Math.round(normal() * totalDeviation(variances[at] ?? 1n))),
  );
}

for (const [hundreds, microRho] of [
  [0.5, 10_000_000],
  [2, 10_000_000],
  [20, 1_000_000],
] as const) {
  const few = `${hundreds * 100} patients, rho ${microRho / 1_000_000}`;
  test(`of 100 answers about ${few} 10 at most say an interval that does not hold`, () => {
    const rows = readings(3_200);
    const of: Spending = { pagesPerPatient: 1, microRho };
    const times = BigInt(hundreds * 2);
    for (const question of [
      ...momentQuestions,
      { kind: 'percentile', vital: 0, perMille: 950 } as const,
      { kind: 'prevalence', vital: 0, side: 'below', edge: 2 } as const,
    ]) {
      const exact = exactly(question, rows).map((it) => it * times);
      const answer = (values: readonly bigint[], spent: Spending | 'no noise') =>
        figuresOf(question, releasedOf(question, values, spent), panel, edges);
      const truth = answer(exact, 'no noise');
      const wrong = new Map<string, number>();
      for (let seed = 0; seed < 100; seed++) {
        const figures = answer(hidden(question, exact, seed, of), of);
        for (const [name, figure] of Object.entries(figures)) {
          if (figure.kind !== 'value') continue;
          const [from, to] = figure.noiseInterval;
          const { value } = told(truth[name]);
          assert.ok(figure.noise > 0 && from <= figure.value && figure.value <= to, name);
          if (value < from || value > to) wrong.set(name, (wrong.get(name) ?? 0) + 1);
        }
      }
      for (const [name, count] of wrong)
        assert.ok(count <= 10, `${question.kind} ${name}: ${count} of 100`);
    }
  });
}

test('noise shows a share below 0 as 0, keeps what was released, and a correlation without an end is untold', () => {
  const question = { kind: 'prevalence', vital: 0, side: 'below', edge: 0 } as const;
  const counters = Array.from({ length: 32 }, (_, bin) => (bin === 10 ? 3_300n : 0n));
  const released = releasedOf(question, [50n, -100n, ...counters.slice(1)], spending);
  const share = told(prevalenceAnswer(released, question));
  assert.deepEqual([share.value, share.raw], [0, -100 / 3_200]);
  assert.ok(share.noiseInterval[0] === 0 && share.noiseInterval[1] > 0);
  const above = { ...question, side: 'from' } as const;
  assert.deepEqual(told(prevalenceAnswer(released, above)).value, 1);
  const correlation = { kind: 'correlation', vital: 0, other: 1 } as const;
  const loud = releasedOf(correlation, [50n, 3_200n, 0n, 0n, 1_280_000n, 100_000n, 1_280_000n], {
    pagesPerPatient: 1,
    microRho: 100_000,
  });
  assert.equal(momentAnswer(correlation, loud, panel).correlation?.kind, 'too few to tell');
});

test('what the noise makes useless is said before it is paid, and is near what comes', () => {
  const rows = readings(6_400);
  const planned = { ...spending, patients: 100, readings: 6_400 };
  for (const question of momentQuestions) {
    const predicted = predictedNoise(question, planned, panel, edges);
    const released = releasedOf(question, noised(question, exactly(question, rows), 1), spending);
    const figures = momentAnswer(question, released, panel);
    assert.deepEqual(Object.keys(predicted), Object.keys(figures));
  }
  const judge = (question: Question, patients: number) =>
    Object.values(
      predictedNoise(question, { ...spending, patients, readings: patients * 64 }, panel, edges),
    ).map(({ useless }) => useless);
  const mean = { kind: 'mean', vital: 0 } as const;
  const correlation = { kind: 'correlation', vital: 0, other: 1 } as const;
  assert.deepEqual([judge(mean, 20), judge(mean, 1_000)], [[true], [false]]);
  assert.deepEqual([judge(correlation, 100), judge(correlation, 100_000)], [[true], [false]]);
  const exact = exactly(mean, readings(64_000));
  const found = told(
    momentAnswer(mean, releasedOf(mean, noised(mean, exact, 1), spending), panel).mean,
  );
  const { noise = 0 } =
    predictedNoise(mean, { ...spending, patients: 1_000, readings: 64_000 }, panel, edges).mean ??
    {};
  assert.ok(noise > 0 && Math.abs(noise / found.noise - 1) < 0.1, `${noise} ${found.noise}`);
});

test('no reading, no variance and a wild noise are too few to tell; zero is a number', () => {
  const mean = { kind: 'mean', vital: 0 } as const;
  const none = momentAnswer(mean, releasedOf(mean, [0n, 0n, 0n], 'no noise'), panel);
  assert.equal(none.mean?.kind, 'too few to tell');
  const sd = { kind: 'sd', vital: 0 } as const;
  const wild = momentAnswer(sd, releasedOf(sd, [20n, 1_280n, 0n, -900n], 'no noise'), panel);
  assert.equal(wild.sd?.kind, 'too few to tell');
  const prevalence = { kind: 'prevalence', vital: 0, side: 'from', edge: 30 } as const;
  const rows = readings(1_000);
  const zero = told(
    prevalenceAnswer(releasedOf(prevalence, exactly(prevalence, rows), 'no noise'), prevalence),
  );
  assert.deepEqual([zero.kind, zero.value], ['value', 0]);
  assert.ok(zero.interval[1] > 0);
});

test('a percentile in a tail says on which side of the edge it lies, and no number', () => {
  const question = { kind: 'percentile', vital: 0, perMille: 500 } as const;
  const at = (bin: number) => [
    20n,
    ...Array.from({ length: 32 }, (_, i) => (i === bin ? 100n : 0n)),
  ];
  const answer = (bin: number) =>
    percentileAnswer(releasedOf(question, at(bin), 'no noise'), question, edges);
  assert.deepEqual(answer(0), { kind: 'below', edge: edges[0] });
  assert.deepEqual(answer(31), { kind: 'above', edge: edges.at(-1) });
});

test('a covariance matrix that noise made indefinite is projected, and the answer says so', () => {
  const { matrix, wasIndefinite } = projected([
    [1, 2],
    [2, 1],
  ]);
  assert.equal(wasIndefinite, true);
  for (const row of matrix) for (const cell of row) near(cell, 1.5, 'projected');
  const fine = [
    [2, 1],
    [1, 2],
  ];
  assert.deepEqual(projected(fine), { matrix: fine, wasIndefinite: false });
  const question = { kind: 'correlation', vital: 0, other: 1 } as const;
  // n, S, S, P00, P01, P11: a correlation of 2.
  const released = releasedOf(
    question,
    [100n, 6_400n, 0n, 0n, 640_000n, 1_280_000n, 640_000n],
    'no noise',
  );
  const figure = told(momentAnswer(question, released, panel).correlation);
  assert.equal(figure.wasProjected, true);
  assert.ok(figure.value <= 1);
});

test('readings are not patients: a test over readings finds what is not there (pitfall 23)', () => {
  // Two wards of 25 patients, 640 readings each; between patients 8 beats, within one hardly any.
  const draw = random(9);
  const ward = (): Group => {
    const means = Array.from({ length: 25 }, () => 80 + 16 * (draw() + draw() + draw() - 1.5));
    const mean = meanOf(means);
    return { mean, variance: covOf(means, means), patients: 25, readings: 16_000, noise: 0 };
  };
  let [byReadings, byPatients] = [0, 0];
  for (let round = 0; round < 200; round++) {
    const [a, b] = [ward(), ward()];
    if ((welchTest(a, b, 'readings')?.p ?? 1) < 0.05) byReadings++;
    if ((welchTest(a, b)?.p ?? 1) < 0.05) byPatients++;
  }
  assert.ok(byReadings > 150, `${byReadings}`);
  assert.ok(byPatients < 24, `${byPatients}`);
});

test('Welch’s test and the analysis of variance are those of the textbook', () => {
  const group = (list: readonly number[]): Group => ({
    ...{ mean: meanOf(list), variance: covOf(list, list), noise: 0 },
    ...{ patients: list.length, readings: list.length },
  });
  const a = [27.5, 21, 19, 23.6, 17, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19, 21.7, 21.4];
  const b = [27.1, 22, 20.8, 23.4, 23.4, 23.5, 25.8, 22, 24.8, 20.2, 21.9, 22.1, 22.9, 30.5, 24.4];
  const found = welchTest(group(a), group(b)) ?? assert.fail();
  const [ea, eb] = [covOf(a, a) / a.length, covOf(b, b) / b.length];
  near(found.t, (meanOf(a) - meanOf(b)) / Math.sqrt(ea + eb), 't');
  near(found.df, (ea + eb) ** 2 / ((ea ** 2 + eb ** 2) / 14), 'df');
  // The tail once more, by Simpson's rule over the density.
  const density = (x: number) => (1 + (x * x) / found.df) ** (-(found.df + 1) / 2);
  const area = (from: number, to: number) => {
    const steps = 20_000;
    const h = (to - from) / steps;
    const at = Array.from({ length: steps + 1 }, (_, i) => density(from + i * h));
    return (
      (h / 3) * at.reduce((sum, y, i) => sum + y * (i % steps === 0 ? 1 : i % 2 === 1 ? 4 : 2), 0)
    );
  };
  const [tail, all] = [area(Math.abs(found.t), 200), area(0, 200)];
  assert.ok(Math.abs(found.p - tail / all) < 1e-7, `${found.p} ${tail / all}`);
  // Two groups: F is the square of Student's t.
  const pooled = Math.sqrt((covOf(a, a) + covOf(b, b)) / 2);
  const t = (meanOf(a) - meanOf(b)) / (pooled * Math.sqrt(2 / 15));
  const anova = oneWayAnova([group(a), group(b)]) ?? assert.fail();
  near(anova.f, t * t, 'F');
  near(anova.p, tTwoSided(t, 28), 'p');
  assert.equal(oneWayAnova([group(a)]), undefined);
  assert.equal(welchTest(group([1]), group(a)), undefined);
  const noisy = welchTest({ ...group(a), noise: 5 }, group(b)) ?? assert.fail();
  assert.ok(Math.abs(noisy.t) < Math.abs(found.t) && noisy.p > found.p);
  const three = [group(a), group(b), group(a)];
  const loud = oneWayAnova(three.map((it) => ({ ...it, noise: 5 }))) ?? assert.fail();
  assert.ok(loud.f < (oneWayAnova(three)?.f ?? 0));
});

test('distributions have the values of the tables', () => {
  near(logGamma(5), Math.log(24), 'ln 4!');
  near(logGamma(0.5), 0.5 * Math.log(Math.PI), 'ln gamma(1/2)');
  near(incompleteBeta(2, 3, 0.5), 0.6875, 'beta');
  near(incompleteBeta(1, 1, 0.3), 0.3, 'beta');
  assert.ok(Math.abs(tTwoSided(2.228138852, 10) - 0.05) < 1e-8);
  assert.ok(Math.abs(tTwoSided(12.7062, 1) - 0.05) < 1e-6);
  assert.ok(Math.abs(tTwoSided(z95, 1e7) - 0.05) < 1e-6);
  assert.ok(Math.abs(fAbove(4.102821, 2, 10) - 0.05) < 1e-6);
  assert.equal(fAbove(0, 2, 10), 1);
  // Wilson (1927): 0 of 10 is 0 to 0.2775.
  const [from, to] = wilsonInterval(0, 10);
  assert.ok(Math.abs(from) < 1e-12 && Math.abs(to - 0.2775) < 1e-4);
});

test('an inverse is one, and what is singular has none', () => {
  const matrix = [
    [4, 1, 0.5],
    [1, 3, 0.2],
    [0.5, 0.2, 2],
  ];
  const inverse = inverseOf(matrix) ?? assert.fail();
  for (const [i, row] of inverse.entries()) {
    for (const [j, cell] of times(matrix, row).entries()) near(cell, i === j ? 1 : 0, 'inverse');
  }
  assert.equal(
    inverseOf([
      [1, 1],
      [1, 1],
    ]),
    undefined,
  );
});
