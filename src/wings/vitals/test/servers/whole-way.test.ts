import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sha256 } from '../../../../crypto/hash.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import type { Action } from '../../../../sdk/action.ts';
import type { Person } from '../../../../sdk/index.ts';
import { drawerLimits, entriesOf, withEntry } from '../../../../sdk/wallet/drawer.ts';
import { edgesOf } from '../../crypto/histogram-edges.ts';
import { keptQuestions } from '../../sdk/asking/kept-questions.ts';
import { serverLines } from '../../sdk/asking/server-lines.ts';
import {
  type Answered,
  type Asked,
  askQuestion,
  continueQuestion,
  type Figure,
  listQuestions,
  listStudies,
  predictNoise,
  questionsOn,
  readVitals,
} from '../../sdk/index.ts';
import type { PanelRow } from '../../sdk/sensor/reading.ts';
import { accountOf, hoursAgo, VitalsHome } from '../settings/vitals-home.ts';

/** Everything over three real processes: study, sensors, batches, questions, and a clinician's look. */

const patients = 25;
const rowsEach = 60;
const hour = hoursAgo(3);
const window = { fromHour: hour, untilHour: hour + 1 };
const budget = 10_000_000;
/**
 * At both ends of the windows, and systolic follows the heart rate: with 25 patients the noise hides what is finer, and
 * would now and then leave too few to tell.
 */
const rowsOf = (who: number): readonly PanelRow[] =>
  Array.from({ length: rowsEach }, (_, at) => {
    const drawn = (who * 11 + at * 7) % 124;
    const heart = drawn < 62 ? 16 + (drawn % 6) : 139 - (drawn % 6);
    const systolic = 46 + heart + ((who * 5 + at) % 12);
    return {
      ...{ panel: 1, timeMs: hour * 3_600_000 + at * 60_000 },
      values: [
        ...[
          { value: heart, unit: '/min' },
          { value: systolic, unit: 'mm[Hg]' },
        ],
        ...[
          { value: 36 + (at % 20) / 10, unit: 'Cel' },
          { value: 94 + (at % 6), unit: '%' },
        ],
        { value: 12 + ((who + at) % 10), unit: '/min' },
      ],
    };
  });

let town: VitalsHome;
/** One study of three datasets over the same pages: each has a budget of its own. */
let datasets: readonly string[];
let rosa: Person;
let raul: Person;
let ana: Person;
const measured: PanelRow[] = [];

before(async () => {
  town = await VitalsHome.open();
  const { studies } = town;
  const [north, harbour] = [await studies.speaker('north'), await studies.speaker('harbour')];
  rosa = await town.person('Rosa', 'researcher');
  raul = await town.person('Raul', 'researcher', 'harbour');
  const terms = {
    ...{ panel: 1, edges: 1, windows: 1, kMin: 20, pagesPerPatient: 1, servers: town.servers },
    ...{ researcherCap: budget, datasetCap: budget, purposes: ['research'] as const },
  };
  const founded: string[] = [];
  for (let at = 0; at < 3; at++) {
    const { dataset } = await studies.found(terms, north);
    founded.push(dataset);
    const of = { dataset, researcher: accountOf(rosa), purpose: 'research', microRho: budget };
    const notAfterMs = (await studies.timeMs()) + 30 * 86_400_000;
    const { permit } = await studies.permit({ ...of, purpose: 'research', notAfterMs }, north);
    if (at === 0) await refused('APPROVAL_MISSING', rosa, question(heartMean, { dataset }));
    await studies.approve(permit, harbour);
  }
  datasets = founded;
  const enrolled = async (who: number): Promise<void> => {
    const person = await town.person(`Patient ${who}`, 'patient');
    if (who === 0) ana = person;
    const attributes = { sex: 1 + (who % 2), ageBand: who < 22 ? 4 : 5, region: 0, arm: 0 };
    const sensor = await town.sensor(person, { panel: 1, datasets, attributes });
    const rows = rowsOf(who);
    measured.push(...rows);
    await town.measure(sensor, rows);
  };
  for (let who = 0; who < patients; who += 5)
    await Promise.all([0, 1, 2, 3, 4].map((more) => enrolled(who + more)));
  await town.sealed(patients);
});
after(() => town?.close());

const heartMean = { kind: 'mean', vital: 0 } as const;
const question = (of: Asked['question'], change: Partial<Asked> = {}): Asked => ({
  ...{ dataset: datasets?.[0] ?? '', question: of, cohort: [], ...window },
  ...{ microRho: 1_000_000, ...change },
});
/** What may still be spent on the first dataset. */
const left = async (): Promise<number | undefined> =>
  (await rosa.run(listStudies, undefined)).find(({ id }) => id === datasets[0])?.permits[0]
    ?.leftMicroRho;

const refused = (code: Parameters<typeof isCoded>[1], person: Person, asked: Asked) =>
  assert.rejects(
    () => person.run(askQuestion, asked),
    (error) => isCoded(error, code),
    code,
  );

const column = (at: number): readonly number[] =>
  measured.map(({ values }) => values[at]?.value ?? Number.NaN);
const mean = (of: readonly number[]): number => of.reduce((sum, it) => sum + it, 0) / of.length;
const covariance = (a: readonly number[], b: readonly number[]): number => {
  const [ma, mb] = [mean(a), mean(b)];
  return mean(a.map((it, at) => (it - ma) * ((b[at] ?? 0) - mb)));
};

/** Six standard errors of the noise: fails once in five hundred million runs. `rounding`: of the codes. */
function near(figure: Figure | undefined, exact: number, rounding: number): void {
  assert.ok(figure?.kind === 'value', JSON.stringify(figure));
  const off = Math.abs(figure.value - exact);
  assert.ok(off <= 6 * figure.noise + rounding, `${figure.value} is not ${exact}: ${off}`);
  assert.ok(figure.noise > 0 && Number.isFinite(figure.noise));
}

test('a researcher asks, and the exact answer lies within the stated error', async () => {
  assert.equal(await left(), budget);
  const said = await rosa.run(predictNoise, question(heartMean));
  assert.equal(said.planned.patients, 20);
  assert.ok((said.figures.mean?.noise ?? 0) > 0);

  const answers: Answered[] = [];
  const ask = async (of: Asked['question'], at: number, microRho: number) => {
    const dataset = datasets[at] ?? '';
    const answer = await rosa.run(askQuestion, question(of, { dataset, microRho }));
    answers.push(answer);
    assert.ok(Math.abs(answer.patients - patients) < 20, String(answer.patients));
    return answer.figures;
  };
  const [heart, systolic] = [column(0), column(1)];
  near((await ask(heartMean, 0, 5_000_000)).mean, mean(heart), 0.25);
  const deviation = Math.sqrt(covariance(heart, heart));
  near((await ask({ kind: 'sd', vital: 0 }, 1, budget)).sd, deviation, 0.05);
  const r = covariance(heart, systolic) / (deviation * Math.sqrt(covariance(systolic, systolic)));
  near((await ask({ kind: 'correlation', vital: 0, other: 1 }, 2, budget)).correlation, r, 0.02);
  const breaths = column(4).toSorted((a, b) => a - b);
  const { percentile } = await ask({ kind: 'percentile', vital: 4, perMille: 500 }, 0, 4_000_000);
  const [edge = 0, next = 0] = edgesOf('respiratoryRate', 1);
  near(percentile, breaths[breaths.length / 2] ?? 0, next - edge);

  const listed = await rosa.run(listQuestions, undefined);
  assert.deepEqual(
    new Set(listed.map(({ query }) => query)),
    new Set(answers.map(({ query }) => query)),
  );
  assert.equal(await left(), budget - 9_000_000);
  // Who is in it sees what was asked; who is not, nothing.
  const seen = await ana.run(questionsOn, { dataset: datasets[0] ?? '' });
  assert.deepEqual(seen.map(({ manifest }) => manifest.question.kind).sort(), [
    'mean',
    'percentile',
  ]);
  const bo = await town.person('Bo', 'patient');
  await assert.rejects(
    () => bo.run(questionsOn, { dataset: datasets[0] ?? '' }),
    (error) => isCoded(error, 'NOT_FOUND'),
  );

  // Once for ever: what each server says now is what it sealed on the ledger then.
  const [first] = answers;
  assert.ok(first !== undefined);
  assert.deepEqual(await rosa.run(askAgain, first.query), first.seals);
  assert.deepEqual(await rosa.run(continueQuestion, { query: first.query }), first);
});

/** Puts a question that was answered to the servers once more: the hashes of what they give. */
const askAgain: Action<string, readonly string[]> = {
  name: 'test/ask-again',
  async run(ctx, query) {
    const kept = entriesOf(ctx.vault.content, keptQuestions).find(
      (it) => bytesToHex(it.query) === query,
    );
    assert.ok(kept !== undefined);
    const lines = await serverLines(ctx, kept.servers);
    const again = await Promise.all(lines.map((line) => line.ask(kept.signed)));
    return again.map((it) => bytesToHex(sha256(it)));
  },
};

test('five questions are refused, each with its code, and nothing is spent', async () => {
  const before = await left();
  const few = [{ attribute: 'age-band', from: 5, to: 5 }] as const;
  await refused('COHORT_TOO_SMALL', rosa, question(heartMean, { cohort: few }));
  const most = [{ attribute: 'age-band', from: 4, to: 4 }] as const;
  await refused('COHORT_OVERLAP', rosa, question(heartMean, { cohort: most }));
  await refused('BUDGET_SPENT', rosa, question(heartMean, { microRho: 9_500_000 }));
  await refused('PERMIT_UNKNOWN', raul, question(heartMean));
  await refused('EXACT_REFUSED', rosa, question(heartMean, { microRho: 0 }));
  assert.equal(await left(), before);
});

test('a clinician reads one patient blind, under a grant of class iot', async () => {
  const doctor = await town.person('Dr Osei', 'clinician', 'harbour');
  await ana.addCard(doctor.card());
  const asked = (consent: string) => ({ consent, panel: 1, firstHour: hour, lastHour: hour });
  const given = await ana.grant({
    ...{ grantee: accountOf(doctor), readClasses: ['iot'], purposes: ['TREAT'] },
    notAfterMs: Date.now() + 3_600_000,
  });
  await doctor.sync();
  const read = await doctor.run(readVitals, asked(given.consent) as never);
  assert.deepEqual(
    read.servers.map(({ state }) => state),
    ['answered', 'answered', 'answered'],
  );
  const [page] = read.pages;
  assert.equal(page?.from, 'servers');
  assert.deepEqual(
    page?.rows,
    rowsOf(0).map(({ values }) => values.map(({ value }) => value)),
  );
});

test('a question for whose answers the wallet has no room is refused before it is paid', async () => {
  const before = await left();
  const kept = await rosa.run(fillQuestions, 3_000);
  await refused('DRAWER_FULL', rosa, question(heartMean, { microRho: 1_000 }));
  await refused(
    'DRAWER_FULL',
    rosa,
    question(heartMean, { microRho: 1_000, delivery: 'paillier' }),
  );
  assert.equal(await left(), before);
  assert.equal((await rosa.run(listQuestions, undefined)).length, kept);
});

/** Leaves so many bytes in the drawer of questions; returns how many questions can be listed. */
const fillQuestions: Action<number, number> = {
  name: 'test/fill',
  async run(ctx, free) {
    const listed = (await listQuestions.run(ctx, undefined, {})).length;
    const used = () => {
      const drawer = ctx.vault.content.drawers.find(({ wing }) => wing === keptQuestions.wing);
      return (drawer?.entries ?? []).reduce((all, it) => all + it.key.length + it.value.length, 0);
    };
    const [one] = entriesOf(ctx.vault.content, keptQuestions);
    assert.ok(one !== undefined);
    for (let n = 0; ; n++) {
      const room = drawerLimits.bytes - used() - free;
      if (room < 1_500) return listed;
      const query = sha256(new Uint8Array([n]));
      // Of another account: it is nobody's question here, and takes its room.
      const account = accountOf(ana);
      const answers = [1, 2, 3].map(() => new Uint8Array(Math.min(6_000, room - 1_200) / 3));
      const entry = { ...one, query, account, answers };
      await ctx.noteDown((content) => withEntry(content, keptQuestions, entry));
    }
  },
};
