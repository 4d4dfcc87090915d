import { decodeSigned, encodeSigned } from '../../../../api/signed.ts';
import { randomBytes } from '../../../../crypto/random.ts';
import { signLabelled } from '../../../../crypto/signature.ts';
import { bytesToHex, equalBytes, hexToBytes } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import type { Action } from '../../../../sdk/action.ts';
import type { Context, WorkOptions } from '../../../../sdk/client/context.ts';
import { entriesOf } from '../../../../sdk/wallet/drawer.ts';
import type { Cohort } from '../../api/cohort.ts';
import {
  encodeManifest,
  mostManifestMs,
  type QueryManifest,
  queryIdOf,
  readManifest,
} from '../../api/query-manifest.ts';
import { type Question, requireInPanel, vitalsAsked } from '../../api/question.ts';
import { studiesGet } from '../../api/routes/studies-get.ts';
import { edgesOf } from '../../crypto/histogram-edges.ts';
import { panelOf, vitalsOf } from '../../crypto/panels.ts';
import { vitalsNames } from '../../names.ts';
import { type Planned, type Prediction, predictedNoise } from '../statistics/prediction.ts';
import { type Answered, answeredOf, valuesBytes } from './answered.ts';
import { checkedByAll, patiently } from './collecting.ts';
import { type Delivery, deliveryOf, type Form, sealedForm } from './delivery.ts';
import { finish, patience } from './finishing.ts';
import { type KeptQuestion, keptQuestions } from './kept-questions.ts';
import { serverLines } from './server-lines.ts';
import { permitsOf, type Study, type StudyPermit, studyOf } from './studies.ts';

export interface Asked {
  readonly dataset: string;
  /** Undefined: the only one that this account has for the dataset. */
  readonly permit?: string | undefined;
  readonly question: Question;
  readonly cohort: Cohort;
  /** Hours since 1970; until is not included. */
  readonly fromHour: number;
  readonly untilHour: number;
  readonly microRho: number;
  /** How the answer comes; default: sealed. */
  readonly delivery?: Delivery | undefined;
}

/** The study and the permit that a question is asked under. Throws DATASET_UNKNOWN, PERMIT_UNKNOWN, AMBIGUOUS. */
async function studyFor(
  ctx: Context,
  { dataset, permit }: Pick<Asked, 'dataset' | 'permit'>,
  signal?: AbortSignal,
): Promise<{ readonly study: Study; readonly permit: StudyPermit }> {
  const { account } = ctx.account;
  const seen = (await ctx.gateway.call(studiesGet, { signal })).permits;
  const named = permit === undefined ? permitsOf(seen, dataset, account) : [permit];
  const study = await studyOf(ctx, dataset, named, signal);
  const own = study.permits.filter(({ researcher }) => researcher === account);
  // One that was taken back is in nobody's way, unless it is the only one: then its refusal says why.
  const alive = own.filter(({ withdrawnMs }) => withdrawnMs === 0);
  const [only, more] = alive.length > 0 ? alive : own.slice(0, 1);
  if (only === undefined) throw new CodedError('PERMIT_UNKNOWN');
  if (more !== undefined) throw new CodedError('AMBIGUOUS', { permit: only.id });
  return { study, permit: only };
}

/**
 * What the noise would do to an answer, before anything is spent: by the name of each figure. `patients` 0: the servers
 * are asked how many there are, rounded down.
 */
export const predictNoise: Action<
  Asked & { readonly patients?: number; readonly readings?: number },
  { readonly planned: Planned; readonly figures: Readonly<Record<string, Prediction>> }
> = {
  name: 'vitals/predict',
  async run(ctx, asked, { signal }) {
    const { study, permit } = await studyFor(ctx, asked, signal);
    requireInPanel(asked.question, panelOf(study.panel).vitals.length);
    const patients = asked.patients ?? (await checkedCount(ctx, study, permit, asked, signal));
    const { pagesPerPatient } = study;
    const readings = asked.readings ?? patients * 64 * pagesPerPatient;
    const planned = { patients, readings, pagesPerPatient, microRho: asked.microRho };
    return { planned, figures: predicted(study, asked.question, planned) };
  },
};

function predicted(study: Study, question: Question, planned: Planned) {
  const panel = panelOf(study.panel);
  const vital = panel.vitals[vitalsAsked(question)[0] ?? 0];
  if (vital === undefined) throw new CodedError('QUESTION_IMPOSSIBLE');
  return predictedNoise(question, planned, vitalsOf(panel), edgesOf(vital, study.edges));
}

async function checkedCount(
  ctx: Context,
  study: Study,
  permit: StudyPermit,
  asked: Asked,
  signal?: AbortSignal,
): Promise<number> {
  const signed = await signedQuestion(ctx, manifestOf(ctx, study, permit, asked));
  return checkedByAll(await serverLines(ctx, study.servers, signal), signed, patience(signal));
}

function manifestOf(
  ctx: Context,
  study: Study,
  permit: StudyPermit,
  { question, cohort, fromHour, untilHour, microRho }: Asked,
): QueryManifest {
  const issuedMs = ctx.nowMs();
  return {
    ...{ chainId: ctx.account.chainId, researcher: ctx.account.account, permit: permit.id },
    ...{ dataset: study.id, purpose: permit.purpose, asOfBatch: study.newestBatch },
    ...{ question, cohort, fromHour, untilHour, microRho },
    ...{ issuedMs, expiresMs: issuedMs + mostManifestMs, nonce: randomBytes(16) },
  };
}

async function signedQuestion(ctx: Context, manifest: QueryManifest): Promise<Uint8Array> {
  const bytes = encodeManifest(manifest);
  readManifest(bytes);
  const { question: label } = vitalsNames.labels;
  const { sign } = await ctx.keys();
  return encodeSigned({ bytes, signature: await signLabelled(sign, label, bytes) });
}

/**
 * Asks a question: checked by all three, written down, paid on the ledger, collected, held against the ledger, opened.
 * Throws what the servers and the ledger refuse, ANSWERS_DIFFER, ANSWER_NOT_SEALED; then `continueQuestion` goes on.
 */
export const askQuestion: Action<Asked, Answered> = {
  name: 'vitals/ask',
  async run(ctx, asked, { signal, onProgress }) {
    const { study, permit } = await studyFor(ctx, asked, signal);
    requireInPanel(asked.question, panelOf(study.panel).vitals.length);
    if (permit.withdrawnMs > 0) throw new CodedError('PERMIT_WITHDRAWN');
    if (permit.approver === '') throw new CodedError('APPROVAL_MISSING');
    if (study.newestBatch === 0) throw new CodedError('BATCH_UNKNOWN');
    if (permit.leftMicroRho < asked.microRho)
      throw new CodedError('BUDGET_SPENT', { left: permit.leftMicroRho });
    const manifest = manifestOf(ctx, study, permit, asked);
    const signed = await signedQuestion(ctx, manifest);
    const lines = await serverLines(ctx, study.servers, signal);
    onProgress?.({ phase: 'reading', done: 0, total: 3 });
    await checkedByAll(lines, signed, patience(signal));
    const query = idOf(signed);
    const form = await formOf(ctx, asked.delivery, { query, signal, onProgress });
    // What the servers would not encrypt under is refused before it is paid.
    await form.prepare(lines);
    const none = new Uint8Array(0);
    const kept: KeptQuestion = {
      ...{ version: 1, query, account: ctx.account.account, signed },
      ...{ servers: study.servers, panel: study.panel, edges: study.edges },
      ...{ pagesPerPatient: study.pagesPerPatient, tx: '', answers: [none, none, none] },
      ...{ seals: none, values: none },
    };
    return finish(ctx, kept, { lines, form }, { signal, onProgress });
  },
};

const idOf = (signed: Uint8Array): Uint8Array =>
  hexToBytes(queryIdOf(decodeSigned(signed).bytes)) ?? new Uint8Array(0);

/** In a browser the arithmetic of the second comes over the network. Throws GATEWAY_UNREACHABLE. */
async function formOf(
  ctx: Context,
  delivery: Delivery | undefined,
  of: WorkOptions & { readonly query: Uint8Array },
): Promise<Form> {
  if (delivery !== 'paillier') return sealedForm(ctx);
  const { encryptedForm } = await import('./encrypted-form.ts').catch((error: unknown) => {
    throw new CodedError('GATEWAY_UNREACHABLE', {}, error);
  });
  return encryptedForm(ctx, of);
}

/** Goes on with a question that was written down: by the digits that its id begins with. Throws QUERY_UNKNOWN. */
export const continueQuestion: Action<{ readonly query: string }, Answered> = {
  name: 'vitals/continue',
  async run(ctx, { query }, options) {
    const kept = keptQuestion(ctx, query);
    const answered = answeredOf(kept);
    if (answered !== undefined) return answered;
    const lines = await serverLines(ctx, kept.servers, options.signal);
    const delivery = deliveryOf(ctx, kept.query) === undefined ? 'hpke' : 'paillier';
    const form = await formOf(ctx, delivery, { ...options, query: kept.query });
    return finish(ctx, kept, { lines, form }, options);
  },
};

function keptQuestion(ctx: Context, query: string): KeptQuestion {
  const kept = entriesOf(ctx.vault.content, keptQuestions).find(
    (it) => it.account === ctx.account.account && bytesToHex(it.query).startsWith(query),
  );
  if (kept === undefined) throw new CodedError('QUERY_UNKNOWN');
  return kept;
}

/**
 * An answer that was opened, delivered once more in a form that is said: the numbers are the same, and nothing is spent.
 * Throws QUERY_UNKNOWN, ANSWERS_DIFFER (they are not the same), ANSWER_LOST. Rule VD-26.
 */
export const deliverAgain: Action<
  { readonly query: string; readonly delivery: Delivery },
  Answered
> = {
  name: 'vitals/deliver',
  async run(ctx, { query, delivery }, options) {
    const kept = keptQuestion(ctx, query);
    if (answeredOf(kept) === undefined) await continueQuestion.run(ctx, { query }, options);
    const opened = keptQuestion(ctx, query);
    const answered = answeredOf(opened);
    if (answered === undefined) throw new CodedError('INTERNAL');
    const lines = await serverLines(ctx, kept.servers, options.signal);
    const form = await formOf(ctx, delivery, { ...options, query: kept.query });
    await form.prepare(lines);
    const { signed } = kept;
    const asked = lines.map((it) =>
      patiently(() => form.ask(it, signed), patience(options.signal)),
    );
    const { values } = await form.open(kept, await Promise.all(asked));
    if (!equalBytes(valuesBytes(values), opened.values))
      throw new CodedError('ANSWERS_DIFFER', { query: answered.query });
    return answered;
  },
};
