import { decodeSigned } from '../../../../api/signed.ts';
import { signLabelled } from '../../../../crypto/signature.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../../../primitives/ids.ts';
import { encodeAs } from '../../../../primitives/shape.ts';
import type { Action } from '../../../../sdk/action.ts';
import type { Context } from '../../../../sdk/client/context.ts';
import { entriesOf } from '../../../../sdk/wallet/drawer.ts';
import { type QueryManifest, queryIdOf, readManifest } from '../../api/query-manifest.ts';
import { questionsAtOnce, questionsWanted } from '../../api/routes/stat-questions-post.ts';
import { signedStatement, statement } from '../../api/statement.ts';
import { queryRowId, statQueries } from '../../ledger/tables/stat-queries.ts';
import { vitalsNames } from '../../names.ts';
import { type Answered, answeredOf } from './answered.ts';
import { keptQuestions } from './kept-questions.ts';
import { type ServerLine, serverLines } from './server-lines.ts';
import { studyOf } from './studies.ts';

/** Of one server: who shows more is believed no further. */
const mostQuestionsShown = 200 * questionsAtOnce;

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
 * on the ledger as it is shown. Throws NOT_FOUND: she is not in it; and where none answers, what one of them says. Rule VQ-38.
 */
export const questionsOn: Action<{ readonly dataset: string }, readonly SeenQuestion[]> = {
  name: 'vitals/questions-on',
  async run(ctx, { dataset }, { signal }) {
    const study = await studyOf(ctx, dataset, [], signal);
    const shown = new Map(
      (await ofThoseWhoAnswer(study.servers.map((it) => shownBy(ctx, it, dataset, signal)))).flat(),
    );
    const seen: SeenQuestion[] = [];
    for (const [query, manifest] of shown) {
      const id = queryRowId(manifest.researcher, query);
      const row = await ctx.ledger.row(statQueries, id, { signal });
      if (row?.dataset === dataset) seen.push({ query, manifest });
    }
    return seen;
  },
};

/** What was given by whoever gave anything: one that is away, or says what is none, hides nothing that another shows. Throws what the first throws where all do. */
export async function ofThoseWhoAnswer<It>(asked: readonly Promise<It>[]): Promise<readonly It[]> {
  const all = await Promise.allSettled(asked);
  const given = all.flatMap((it) => (it.status === 'fulfilled' ? [it.value] : []));
  const errors = all.flatMap((it): unknown[] => (it.status === 'rejected' ? [it.reason] : []));
  const isStopped = errors.find((it) => !isCoded(it) || it.code === 'INTERRUPTED');
  if (isStopped !== undefined) throw isStopped;
  if (given.length === 0 && errors.length > 0) throw errors[0];
  return given;
}

async function shownBy(
  ctx: Context,
  server: AccountId,
  dataset: string,
  signal?: AbortSignal,
): Promise<readonly (readonly [query: string, manifest: QueryManifest])[]> {
  const shown: [string, QueryManifest][] = [];
  for (const line of await serverLines(ctx, [server], signal))
    for await (const signed of questionsOf(ctx, line, dataset)) {
      const { bytes } = decodeSigned(signed);
      shown.push([queryIdOf(bytes), readManifest(bytes)]);
    }
  return shown;
}

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
