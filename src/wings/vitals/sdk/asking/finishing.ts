import { decodeSigned } from '../../../../api/signed.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import { bytesToHex, concatBytes } from '../../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import type { Context, WorkOptions } from '../../../../sdk/client/context.ts';
import { pause } from '../../../../sdk/client/http.ts';
import { sendActs } from '../../../../sdk/client/send-tx.ts';
import { maxStateAgeMs } from '../../../../sdk/ledger/proven-rows.ts';
import { withEntry } from '../../../../sdk/wallet/drawer.ts';
import { debitOf, readManifest } from '../../api/query-manifest.ts';
import { queryRowId, statQueries } from '../../ledger/tables/stat-queries.ts';
import { type Answered, answeredOf, valuesBytes } from './answered.ts';
import { collectAnswers, type Patience, patiently } from './collecting.ts';
import type { Form } from './delivery.ts';
import { type KeptQuestion, keptQuestions } from './kept-questions.ts';
import { requireSealed, sealNow } from './sealed.ts';
import type { ServerLine } from './server-lines.ts';

const [firstPauseMs, mostPauseMs] = [25, 500];
/** As long as a server may take to see the newest batch and block: mostly a moment. */
export const patience = (signal?: AbortSignal): Patience => ({
  tries: 44,
  pause: (n) => pause(Math.min(firstPauseMs * 2 ** (n - 1), mostPauseMs), signal),
});

/** From a question that was checked and written down to its answer: paid, collected, held against the ledger, opened. */
export async function finish(
  ctx: Context,
  begun: KeptQuestion,
  { lines, form }: { readonly lines: readonly ServerLine[]; readonly form: Form },
  options: WorkOptions,
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

/** Of one part as a server gives it, sealed or encrypted: 1.6 kB at most. */
const answerBytes = 1_700;

/** Before it is paid: what came and has no place would be paid for nothing. Throws DRAWER_FULL. */
function requireRoom({ vault }: Context, kept: KeptQuestion): void {
  const answers = kept.servers.map(() => new Uint8Array(answerBytes));
  withEntry(vault.content, keptQuestions, { ...kept, version: kept.version + 1, answers });
}

/** Once on the ledger, whoever sent it: also after a connection that broke before the receipt came. */
async function paid(
  ctx: Context,
  kept: KeptQuestion,
  { signal }: WorkOptions,
): Promise<KeptQuestion> {
  if (kept.tx !== '') return kept;
  const manifest = readManifest(decodeSigned(kept.signed).bytes);
  const query = bytesToHex(kept.query);
  const rowId = queryRowId(ctx.account.account, query);
  // What was paid a moment ago and is not seen yet, the ledger itself refuses to take again.
  const known = await ctx.ledger.row(statQueries, rowId, { signal, maxAgeMs: maxStateAgeMs });
  if (known !== undefined) return noted(ctx, kept, {});
  requireRoom(ctx, kept);
  const act = debitOf(manifest, query);
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
