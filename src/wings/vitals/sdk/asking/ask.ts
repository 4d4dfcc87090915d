import { decodeSigned, encodeSigned } from '../../../../api/signed.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import { randomBytes } from '../../../../crypto/random.ts';
import { signLabelled } from '../../../../crypto/signature.ts';
import { bytesToHex, concatBytes, equalBytes, hexToBytes } from '../../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../../../primitives/ids.ts';
import { encodeAs } from '../../../../primitives/shape.ts';
import type { Action } from '../../../../sdk/action.ts';
import type { Context, WorkOptions } from '../../../../sdk/client/context.ts';
import { pause } from '../../../../sdk/client/http.ts';
import { sendActs } from '../../../../sdk/client/send-tx.ts';
import { maxStateAgeMs } from '../../../../sdk/ledger/proven-rows.ts';
import { entriesOf, withEntry } from '../../../../sdk/wallet/drawer.ts';
import type { Cohort } from '../../api/cohort.ts';
import {
  encodeManifest,
  mostManifestMs,
  type QueryManifest,
  queryIdOf,
  readManifest,
} from '../../api/query-manifest.ts';
import { type Question, requireInPanel, vitalsAsked } from '../../api/question.ts';
import { questionsAtOnce, questionsWanted } from '../../api/routes/stat-questions-post.ts';
import { studiesGet } from '../../api/routes/studies-get.ts';
import { signedStatement, statement } from '../../api/statement.ts';
import { edgesOf } from '../../crypto/histogram-edges.ts';
import { panelOf, vitalsOf } from '../../crypto/panels.ts';
import { queryRowId, statQueries } from '../../ledger/tables/stat-queries.ts';
import { vitalsNames } from '../../names.ts';
import { type Planned, type Prediction, predictedNoise } from '../statistics/prediction.ts';
import { type Answered, answeredOf, valuesBytes } from './answered.ts';
import { checkedByAll, collectAnswers, type Patience, patiently } from './collecting.ts';
import { type Delivery, deliveryOf, type Form, sealedForm } from './delivery.ts';
import { type KeptQuestion, keptQuestions } from './kept-questions.ts';
import { requireSealed, sealNow } from './sealed.ts';
import { type ServerLine, serverLines } from './server-lines.ts';
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

/** Of one server: who shows more is believed no further. */
const mostQuestionsShown = 200 * questionsAtOnce;
const [firstPauseMs, mostPauseMs] = [25, 500];
/** As long as a server may take to see the newest batch and block: mostly a moment. */
const patience = (signal?: AbortSignal): Patience => ({
  tries: 44,
  pause: (n) => pause(Math.min(firstPauseMs * 2 ** (n - 1), mostPauseMs), signal),
});

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

type Options = Parameters<typeof askQuestion.run>[2];

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

async function finish(
  ctx: Context,
  begun: KeptQuestion,
  { lines, form }: { readonly lines: readonly ServerLine[]; readonly form: Form },
  options: Options,
): Promise<Answered> {
  const { signal, onProgress } = options;
  onProgress?.({ phase: 'anchoring', done: 0, total: 1 });
  let kept = await paid(ctx, begun, options);
  onProgress?.({ phase: 'fetching', done: 0, total: 3 });
  const query = bytesToHex(kept.query);
  const { signed, servers } = kept;
  const { answers, failed } = await collectAnswers(kept.answers, {
    async ask(at) {
      const line = lines[at];
      if (line === undefined) throw new CodedError('INTERNAL');
      return patiently(() => form.ask(line, signed), patience(signal));
    },
    async sealed(at) {
      const server = servers[at];
      return server && sealNow(ctx, { query, server }, signal);
    },
  });
  kept = await noted(ctx, kept, { answers });
  if (failed.length > 0) throw failed[0];
  onProgress?.({ phase: 'opening', done: 0, total: 3 });
  const hashes = kept.answers.map((it) => sha256(it));
  // Sealed first, opened then: what no server stands for is not decrypted (VD-8).
  await requireSealed(ctx, { query, servers, hashes }, signal);
  const { values } = await form.open(kept, kept.answers);
  const none = new Uint8Array(0);
  kept = await noted(ctx, kept, {
    ...{ values: valuesBytes(values), seals: concatBytes(...hashes) },
    answers: [none, none, none],
  });
  const answered = answeredOf(kept);
  if (answered === undefined) throw new CodedError('INTERNAL');
  return answered;
}

/** Once on the ledger, whoever sent it: also after a connection that broke before the receipt came. */
async function paid(ctx: Context, kept: KeptQuestion, { signal }: Options): Promise<KeptQuestion> {
  if (kept.tx !== '') return kept;
  const manifest = readManifest(decodeSigned(kept.signed).bytes);
  const query = bytesToHex(kept.query);
  const rowId = queryRowId(ctx.account.account, query);
  // What was paid a moment ago and is not seen yet, the ledger itself refuses to take again.
  const known = await ctx.ledger.row(statQueries, rowId, { signal, maxAgeMs: maxStateAgeMs });
  if (known !== undefined) return noted(ctx, kept, {});
  const { permit, dataset, purpose, asOfBatch, microRho } = manifest;
  const act = { kind: 'StatQuery', permit, dataset, purpose, query, asOfBatch, microRho } as const;
  try {
    const { txId } = await sendActs(ctx, {
      ...{ kind: 'stat-query', acts: [act], signal },
      writeDown: (content) => withEntry(content, keptQuestions, kept),
    });
    return noted(ctx, kept, { tx: txId });
  } catch (error) {
    if (!isCoded(error, 'QUERY_TAKEN')) throw error;
    return noted(ctx, kept, {});
  }
}

async function noted(
  ctx: Context,
  kept: KeptQuestion,
  change: Partial<KeptQuestion>,
): Promise<KeptQuestion> {
  const next = { ...kept, ...change, version: kept.version + 1 };
  await ctx.noteDown((content) => withEntry(content, keptQuestions, next));
  return next;
}

/** A question of this wallet, answered or not. */
export interface ListedQuestion {
  readonly query: string;
  readonly manifest: QueryManifest;
  readonly isPaid: boolean;
  readonly answered: Answered | undefined;
}

/** What this account asked, as the wallet keeps it. */
export const listQuestions: Action<undefined, readonly ListedQuestion[]> = {
  name: 'vitals/questions',
  run: async (ctx) =>
    entriesOf(ctx.vault.content, keptQuestions)
      .filter(({ account }) => account === ctx.account.account)
      .map((kept) => ({
        query: bytesToHex(kept.query),
        manifest: readManifest(decodeSigned(kept.signed).bytes),
        isPaid: kept.tx !== '' || kept.version > 1,
        answered: answeredOf(kept),
      })),
};

/** A question that somebody asked of a dataset, as a patient in it sees it; signed by the researcher. */
export interface SeenQuestion {
  readonly query: string;
  readonly manifest: QueryManifest;
}

/**
 * The questions on a dataset, for a patient who opted in: what at least one of the three servers shows, proven to stand
 * on the ledger as it is shown. Throws NOT_FOUND: she is not in it.
 */
export const questionsOn: Action<{ readonly dataset: string }, readonly SeenQuestion[]> = {
  name: 'vitals/questions-on',
  async run(ctx, { dataset }, { signal }) {
    const study = await studyOf(ctx, dataset, [], signal);
    const lines = await serverLines(ctx, study.servers, signal);
    const shown = new Map<string, QueryManifest>();
    for (const line of lines) {
      for await (const signed of questionsOf(ctx, line, dataset)) {
        const { bytes } = decodeSigned(signed);
        shown.set(queryIdOf(bytes), readManifest(bytes));
      }
    }
    const seen: SeenQuestion[] = [];
    for (const [query, manifest] of shown) {
      const id = queryRowId(manifest.researcher, query);
      const row = await ctx.ledger.row(statQueries, id, { signal });
      if (row?.dataset === dataset) seen.push({ query, manifest });
    }
    return seen;
  },
};

/** All that one server shows, part by part: who asks often hides nothing by it. */
async function* questionsOf(
  ctx: Context,
  line: ServerLine,
  dataset: string,
): AsyncIterable<Uint8Array> {
  for (let skip = 0; skip < mostQuestionsShown; skip += questionsAtOnce) {
    const part = await line.questions(await request(ctx, line.account, { dataset, skip }));
    yield* part;
    if (part.length < questionsAtOnce) return;
  }
}

async function request(
  ctx: Context,
  to: AccountId,
  wanted: { readonly dataset: string; readonly skip: number },
): Promise<Uint8Array> {
  const bytes = encodeAs(statement, {
    ...{ from: ctx.account.account, to: idBytes(to), word: 'questions', timeMs: ctx.nowMs() },
    payload: encodeAs(questionsWanted, wanted),
  });
  const { sign } = await ctx.keys();
  const { statement: label } = vitalsNames.labels;
  return encodeAs(signedStatement, {
    statement: bytes,
    signature: await signLabelled(sign, label, bytes),
  });
}
