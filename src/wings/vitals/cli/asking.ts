import type { Command } from 'commander';
import { type Acting, actingAccount, openActing, work } from '../../../cli/acting.ts';
import type { CommandContext } from '../../../cli/commands/command.ts';
import { amount, table, when } from '../../../cli/format.ts';
import { writeOut } from '../../../cli/write-out.ts';
import { bytesToBase64url, utf8 } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { vitalPanel } from '../sdk/asking/panel-words.ts';
import {
  type Answered,
  anovaOf,
  answersCsv,
  answersJson,
  askQuestion,
  cohortText,
  continueQuestion,
  type Delivery,
  deliverAgain,
  deliveries,
  type EncryptedParts,
  encryptedParts,
  type Figure,
  forgetQuestions,
  listQuestions,
  listStudies,
  methodText,
  predictNoise,
  questionsOn,
  requireDisjoint,
  type Study,
  ttestOf,
} from '../sdk/index.ts';
import {
  cohortOf,
  dayOf,
  microRhoOf,
  type QuestionFlags,
  questionKinds,
  questionOf,
  windowOf,
} from './question-words.ts';

/** `stats ask` and `stats list`: what researchers do, and what patients see of it. */
export function addAsking(stats: Command, context: CommandContext): void {
  stats
    .command('ask')
    .description('ask the three data servers; what it costs is shown before with --predict')
    .option('--dataset <id>', 'of which dataset; default: the only one')
    .option('--permit <id>', 'under which permit; default: the only one')
    .option('--kind <kind>', questionKinds.join(', '), 'mean')
    .option('--vital <name>', 'of which vital sign, as heart-rate', 'heart-rate')
    .option('--with <name>', 'a second one, of covariance and correlation')
    .option('--on <names...>', 'of regression: what explains it')
    .option('--at <percent>', 'of percentile: which')
    .option('--below <value>', 'of prevalence: readings below')
    .option('--from <value>', 'of prevalence: readings from there on')
    .option('--cohort <terms...>', 'who: sex=1,age-band=4-6; of ttest two, of anova several', [
      'all',
    ])
    .option('--window <from..until>', 'when: 2026-01-01..2026-02-01')
    .option('--rho <rho>', 'what each question spends of the budget', '0.1')
    .option('--predict', 'show how exact it would be, and spend nothing')
    .option(
      '--delivery <how>',
      'hpke: a sealed part of each server; paillier: one ciphertext of all three; with --continue also of an answer that came',
    )
    .option('--continue <query>', 'go on with a question that was begun')
    .option('--csv <file>', 'also as CSV')
    .option('--notebook <file>', 'also as JSON for a notebook')
    .action((flags: AskFlags) => ask(context, flags));
  stats
    .command('list')
    .description(
      'datasets, permits, what is left, and what was asked; of a patient: what others asked',
    )
    .option('--dataset <id>', 'a patient: what was asked of this dataset')
    .action((flags: { readonly dataset?: string }) => list(context, flags));
  stats
    .command('forget [query...]')
    .description(
      'take questions and their answers out of the wallet, for good: a full one has room again',
    )
    .option('--before <day>', 'those that were asked before this day and are answered', dayOf)
    .addHelpText(
      'after',
      `
What was spent stays spent, and what the ledger has of it stays: keep the numbers first (stats ask --continue QUERY --csv FILE).
A question that is named goes also where it was not answered yet.`,
    )
    .action((queries: readonly string[], { before }: { readonly before?: number }) =>
      forget(context, queries, before),
    );
}

async function forget(
  context: CommandContext,
  queries: readonly string[],
  beforeMs: number | undefined,
): Promise<void> {
  if (queries.length === 0 && beforeMs === undefined)
    throw new CodedError('USAGE', { problem: 'a QUERY, or --before DAY' });
  const acting = await openActing(context);
  const options = work(context, actingAccount(acting));
  const forgotten = await acting.person.run(forgetQuestions, { queries, beforeMs }, options);
  context.output.result(
    { forgotten },
    () => `${amount(forgotten.length, 'question')} taken out of the wallet.`,
  );
}

interface AskFlags extends QuestionFlags {
  readonly dataset?: string;
  readonly permit?: string;
  readonly cohort: readonly string[];
  readonly window?: string;
  readonly rho: string;
  readonly predict?: true;
  readonly delivery?: string;
  readonly continue?: string;
  readonly csv?: string;
  readonly notebook?: string;
}

async function ask(context: CommandContext, flags: AskFlags): Promise<void> {
  const delivery = deliveryOf(flags.delivery);
  const acting = await openActing(context);
  if (flags.continue !== undefined)
    return gone(context, acting, flags, { query: flags.continue, delivery });
  const study = await studyMeant(context, acting, flags.dataset);
  const panel = vitalPanel(study);
  const question = questionOf(flags, panel.names, panel.edgesOf);
  if (flags.window === undefined)
    throw new CodedError('USAGE', { problem: '--window FROM..UNTIL' });
  const cohorts = flags.cohort.map(cohortOf);
  requireGroups(flags.kind, cohorts.length);
  if (cohorts.length > 1) requireDisjoint(cohorts);
  const asked = cohorts.map((cohort) => ({
    ...{ dataset: study.id, permit: flags.permit, question, cohort },
    ...{ ...windowOf(flags.window ?? ''), microRho: microRhoOf(flags.rho), delivery },
  }));
  const progress = context.output.progress('Asking three data servers');
  const options = work(context, actingAccount(acting), progress);
  if (flags.predict === true) {
    const [first] = asked;
    if (first === undefined) return;
    const said = await acting.person
      .run(predictNoise, first, options)
      .finally(() => progress.done());
    context.output.result({ ...said }, () => predictionText(said.figures));
    return;
  }
  const answers: Answered[] = [];
  try {
    for (const it of asked) answers.push(await acting.person.run(askQuestion, it, options));
  } finally {
    progress.done();
  }
  const left = await leftAfter(context, acting, study.id);
  await told(context, flags, await withCiphertexts(acting, answers, options), left);
}

function deliveryOf(said: string | undefined): Delivery | undefined {
  const found = deliveries.find((it) => it === said);
  if (said !== undefined && found === undefined)
    throw new CodedError('USAGE', { problem: `--delivery ${deliveries.join(' or ')}` });
  return found;
}

/** An answer, with the one ciphertext of those that came encrypted. */
interface Delivered {
  readonly answer: Answered;
  readonly encrypted: EncryptedParts | undefined;
}

const withCiphertexts = (
  acting: Acting,
  answers: readonly Answered[],
  options: ReturnType<typeof work>,
): Promise<readonly Delivered[]> =>
  Promise.all(
    answers.map(async (answer) => ({
      answer,
      encrypted: await acting.person.run(encryptedParts, { query: answer.query }, options),
    })),
  );

function requireGroups(kind: string, cohorts: number): void {
  const fits = kind === 'ttest' ? cohorts === 2 : kind === 'anova' ? cohorts >= 2 : cohorts === 1;
  if (!fits)
    throw new CodedError('USAGE', {
      problem:
        kind === 'ttest'
          ? '--cohort A B: two'
          : kind === 'anova'
            ? '--cohort A B ...: two or more'
            : '--cohort: one',
    });
}

async function gone(
  context: CommandContext,
  acting: Acting,
  flags: AskFlags,
  { query, delivery }: { readonly query: string; readonly delivery: Delivery | undefined },
): Promise<void> {
  const progress = context.output.progress('Going on');
  const options = work(context, actingAccount(acting), progress);
  const { person } = acting;
  const going =
    delivery === undefined
      ? person.run(continueQuestion, { query }, options)
      : person.run(deliverAgain, { query, delivery }, options);
  const answer = await going.finally(() => progress.done());
  const left = await leftAfter(context, acting, answer.manifest.dataset);
  const delivered = await withCiphertexts(acting, [answer], options);
  await told(context, { ...flags, kind: answer.manifest.question.kind }, delivered, left);
}

async function studyMeant(
  context: CommandContext,
  acting: Acting,
  id: string | undefined,
): Promise<Study> {
  const studies = await studiesOf(context, acting);
  const meant = id === undefined ? studies : studies.filter((it) => it.id.startsWith(id));
  const [only, more] = meant;
  if (only === undefined) throw new CodedError('DATASET_UNKNOWN');
  if (more !== undefined)
    throw new CodedError('AMBIGUOUS', { datasets: meant.map((it) => it.id).join(', ') });
  return only;
}

const studiesOf = (context: CommandContext, acting: Acting): Promise<readonly Study[]> =>
  acting.person.run(listStudies, undefined, work(context, actingAccount(acting)));

async function leftAfter(
  context: CommandContext,
  acting: Acting,
  dataset: string,
): Promise<number> {
  const study = (await studiesOf(context, acting)).find(({ id }) => id === dataset);
  return Math.max(0, ...(study?.permits ?? []).map(({ leftMicroRho }) => leftMicroRho));
}

async function told(
  context: CommandContext,
  flags: Pick<AskFlags, 'kind' | 'csv' | 'notebook'>,
  delivered: readonly Delivered[],
  leftMicroRho: number,
): Promise<void> {
  const answers = delivered.map(({ answer }) => answer);
  if (flags.csv !== undefined) await writeOut(flags.csv, utf8(answersCsv(answers)), context);
  if (flags.notebook !== undefined)
    await writeOut(flags.notebook, utf8(JSON.stringify(answersJson(answers), null, 2)), context);
  const [one, two] = answers;
  const test =
    flags.kind === 'ttest' && one !== undefined && two !== undefined
      ? { test: ttestOf(one, two) ?? 'too few to tell' }
      : flags.kind === 'anova'
        ? { test: anovaOf(answers) ?? 'too few to tell' }
        : {};
  const shown = delivered.map(({ answer: { manifest, ...rest }, encrypted }) => ({
    ...rest,
    cohort: manifest.cohort,
    microRho: manifest.microRho,
    ...(encrypted !== undefined && {
      encrypted: { key: encrypted.key, ciphertext: bytesToBase64url(encrypted.ciphertext) },
    }),
  }));
  context.output.result({ answers: shown, ...test, leftMicroRho }, () =>
    [
      ...delivered.map(answerText),
      ...('test' in test ? [testText(test.test)] : []),
      `Left of the budget: rho ${leftMicroRho / 1_000_000}.`,
    ].join('\n\n'),
  );
}

const digits = (value: number): string => Number(value.toPrecision(5)).toString();

function figureText(figure: Figure): readonly string[] {
  if (figure.kind === 'too few to tell') return ['too few to tell', '', '', ''];
  if (figure.kind !== 'value') return [`${figure.kind} ${digits(figure.edge)}`, '', '', ''];
  const { value, noise, sampling, interval } = figure;
  return [
    digits(value),
    digits(noise),
    sampling === undefined ? '' : digits(sampling),
    `${digits(interval[0])} to ${digits(interval[1])}`,
  ];
}

function answerText({ answer, encrypted }: Delivered): string {
  const rows = Object.entries(answer.figures).map(([name, it]) => [name, ...figureText(it)]);
  return [
    table([['', 'value', 'noise SE', 'sampling SE', '95 %'], ...rows]),
    `About ${Math.round(answer.patients)} patients. Receipt: ${answer.tx || 'salus log'}. Sealed by three servers: ${answer.seals.map((it) => it.slice(0, 12)).join(' ')}.`,
    ...(encrypted === undefined
      ? []
      : [
          `Came as one ciphertext of 768 bytes under the key ${encrypted.key.slice(0, 12)}, the product of the three that are sealed (--json shows it).`,
        ]),
    methodText(answer.method),
  ].join('\n');
}

const testText = (test: object | string): string =>
  typeof test === 'string'
    ? `Test: ${test}.`
    : `Test: ${Object.entries(test)
        .map(
          ([name, value]) => `${name} ${typeof value === 'number' ? digits(value) : String(value)}`,
        )
        .join(', ')}.`;

type Predictions = Awaited<ReturnType<typeof predictNoise.run>>['figures'];

const predictionText = (figures: Predictions): string =>
  table([
    ['', 'noise SE', 'useful up to', ''],
    ...Object.entries(figures).map(([name, { noise, tolerance, useless }]) => [
      ...[name, noise === undefined ? 'too few to tell' : digits(noise), digits(tolerance)],
      useless ? 'useless: spend more, or ask of more patients' : '',
    ]),
  ]);

async function list(
  context: CommandContext,
  { dataset }: { readonly dataset?: string },
): Promise<void> {
  const acting = await openActing(context);
  const account = actingAccount(acting);
  const options = work(context, account);
  if (dataset !== undefined && account.role === 'patient') {
    const seen = await acting.person.run(questionsOn, { dataset }, options);
    const questions = seen.map(({ query, manifest }) => ({
      ...{ query, kind: manifest.question.kind, purpose: manifest.purpose },
      ...{ researcher: manifest.researcher, cohort: cohortText(manifest.cohort) },
      ...{ askedMs: manifest.issuedMs, microRho: manifest.microRho },
    }));
    context.output.result({ questions }, () =>
      questions.length === 0
        ? 'Nobody has asked.'
        : table([
            ['when', 'what', 'for', 'of whom', 'by'],
            ...questions.map((it) => [
              ...[when(it.askedMs), it.kind, it.purpose, it.cohort, it.researcher.slice(0, 12)],
            ]),
          ]),
    );
    return;
  }
  const studies = await studiesOf(context, acting);
  const asked = await acting.person.run(listQuestions, undefined, options);
  const questions = asked.map(({ query, manifest, isPaid, answered }) => ({
    ...{ query, dataset: manifest.dataset, kind: manifest.question.kind, isPaid },
    ...{ isAnswered: answered !== undefined, askedMs: manifest.issuedMs },
  }));
  context.output.result({ datasets: studies, questions }, () =>
    [
      ...studies.map(studyText),
      ...(studies.length === 0 ? ['There is no dataset.'] : []),
      ...questions.map(
        (it) =>
          `${when(it.askedMs)} ${it.kind} ${it.query.slice(0, 12)}${it.isAnswered ? '' : `: not answered yet, salus stats ask --continue ${it.query.slice(0, 12)}`}`,
      ),
    ].join('\n'),
  );
}

function permitText(it: Study['permits'][number]): string {
  if (it.withdrawnMs > 0) return `taken back ${when(it.withdrawnMs)}`;
  return `rho ${it.leftMicroRho / 1_000_000} left${it.approver === '' ? ', not approved yet' : ''}`;
}

const studyText = (study: Study): string =>
  [
    `Dataset ${study.id}: ${vitalPanel(study).names.join(', ')}; ${study.kMin} patients at least; ${study.newestBatch} batches; for ${study.purposes.join(', ')}.`,
    ...study.permits.map(
      (it) =>
        `  Permit ${it.id} for ${it.purpose} until ${when(it.notAfterMs)}: ${permitText(it)}.`,
    ),
  ].join('\n');
