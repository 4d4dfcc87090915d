import { sha256 } from '../../../../crypto/hash.ts';
import { openWith } from '../../../../crypto/letter.ts';
import { keys } from '../../../../ledger/tables/keys.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import type { AccountId, RecordId } from '../../../../primitives/ids.ts';
import type { Context, WorkOptions } from '../../../../sdk/client/context.ts';
import { dayOf, dayRecordId, daysOf, replicasADay } from '../../api/chart-records.ts';
import { readingsPost } from '../../api/routes/readings-post.ts';
import { encodeSensorRead, readingWord, readWord } from '../../api/sensor-read.ts';
import type { ServerNumber } from '../../crypto/pages/page-head.ts';
import { batchRowId, statBatches } from '../../ledger/tables/stat-batches.ts';
import { type Trio, trioId } from '../../ledger/tables/stat-trios.ts';
import { vitalsNames } from '../../names.ts';
import type { DataServerLine } from '../data-servers.ts';
import { openStatement, signStatement } from '../statements.ts';
import {
  type Gap,
  gapsIn,
  inOrder,
  joinPages,
  type NamedServer,
  type ServerState,
  serversBehind,
  type VitalsPage,
} from './joined-pages.ts';
import { openReplica } from './replica.ts';
import {
  type AskedFor,
  provenReading,
  SensorSignatures,
  type ShownLedger,
  sealContext,
} from './shown-pages.ts';

/** Three servers, and what they are asked for. */
interface AskedServers {
  /** In their order. */
  readonly servers: Trio['servers'];
  /** The receipt of the look; empty: the patient asks for her own. */
  readonly look: Uint8Array;
  readonly asked: AskedFor;
  readonly line: DataServerLine;
}

/** What one server came to, as people are told. */
export interface ServerTold {
  readonly server: AccountId;
  readonly state: ServerState['kind'];
  /** Why: a code, or in what it lied. */
  readonly why?: string;
}

export interface VitalsFound {
  readonly pages: readonly VitalsPage[];
  readonly servers: readonly ServerTold[];
  /** Those that have an older registration of the patient than another, or not yet a batch that another has. */
  readonly behind: readonly AccountId[];
  /** Hours of which somebody showed a page that neither three shares nor a replica give. */
  readonly missingHours: readonly number[];
  /** Days of which not all three servers gave everything and no replica stands in the chart. */
  readonly missingDays: readonly number[];
  readonly gaps: readonly Gap[];
}

/** The bytes of one of a chart's records; undefined: it is not there. */
export type Opener = (recordId: RecordId) => Promise<Uint8Array | undefined>;

/** All three at once. Throws what the ledger throws; what a server does is told. */
export function askServers(
  ctx: Context,
  { servers, look, asked, line }: AskedServers,
  options: WorkOptions,
): Promise<readonly NamedServer[]> {
  const trio = trioId(servers);
  const ledger = shownLedger(ctx, trio, options.signal);
  const signatures = new SensorSignatures();
  const asking = servers.map(async (server, at): Promise<NamedServer> => {
    const of = { server, place: (at + 1) as ServerNumber, trio, look, asked };
    return { server, state: await askServer(ctx, of, { line, ledger, signatures }, options) };
  });
  return Promise.all(asking);
}

/** What three shares give, and where not all three spoke or had all of it the days' replicas. Throws VITALS_NOT_HERE. Rule VR-21. */
export async function joinedWithReplicas(
  ctx: Context,
  { servers: three, asked }: AskedServers,
  { answers, opener }: { readonly answers: readonly NamedServer[]; readonly opener: Opener },
  { signal }: WorkOptions,
): Promise<VitalsFound> {
  const { servers, pages, missingHours } = joinPages(answers);
  const allSpoke = servers.every(({ state }) => state.kind === 'answered');
  const isWhole = allSpoke && missingHours.length === 0;
  const days = isWhole ? [] : daysOf(asked.firstHour, asked.lastHour);
  const replicas = await replicasOf(days, asked, opener, shownLedger(ctx, trioId(three), signal));
  const missingDays = days.filter((day) => !replicas.has(day));
  const isGone = !allSpoke && replicas.size === 0 && pages.length === 0;
  if (isGone) throw new CodedError('VITALS_NOT_HERE', toldInShort(servers));
  const read = inOrder(merged(pages, [...replicas.values()].flat()));
  const hours = new Set(read.map(({ startHour }) => startHour));
  return {
    // Of a padded page without a measurement nothing is left but that it is here.
    pages: read.filter(({ rows }) => rows.length > 0),
    ...{ servers: servers.map(told), missingDays, gaps: gapsIn(read) },
    behind: serversBehind(servers),
    missingHours: missingHours.filter((hour) => !hours.has(hour)),
  };
}

function shownLedger(ctx: Context, trio: string, signal: AbortSignal | undefined): ShownLedger {
  return {
    async keys(account) {
      const directory = await ctx.ledger.row(keys, account, { signal });
      if (directory === undefined) throw new CodedError('ACCOUNT_UNKNOWN', { account });
      return directory;
    },
    batch: (number) => ctx.ledger.row(statBatches, batchRowId(trio, number), { signal }),
  };
}

/** Asks one server, and checks all that it says. */
async function askServer(
  ctx: Context,
  of: {
    readonly server: AccountId;
    readonly place: ServerNumber;
    readonly trio: string;
    readonly look: Uint8Array;
    readonly asked: AskedFor;
  },
  by: {
    readonly line: DataServerLine;
    readonly ledger: ShownLedger;
    readonly signatures: SensorSignatures;
  },
  { signal }: WorkOptions,
): Promise<ServerState> {
  const { server, place, trio, look, asked } = of;
  const { line, ledger, signatures } = by;
  const reader = ctx.account.account;
  const { sign, kem } = await ctx.keys(signal);
  const payload = encodeSensorRead({ chainId: ctx.account.chainId, trio, look, ...asked });
  const said = { from: reader, to: server, word: readWord, timeMs: ctx.nowMs(), payload };
  const request = await signStatement(sign, said);
  let answer: Uint8Array;
  try {
    const client = await line.client(server, signal);
    answer = await client.call(readingsPost, { stream: request, signal });
  } catch (error) {
    return unanswered(error);
  }
  try {
    const requestHash = sha256(request);
    const { labels } = vitalsNames;
    const context = sealContext(reader, requestHash);
    const opened = await openWith(kem, labels.readSeal, context, new Uint8Array(0), answer);
    const expected = { to: reader, word: readingWord, nowMs: ctx.nowMs() };
    const stated = await openStatement(opened, expected, (account) =>
      ctx.ledger.account(account, signal),
    );
    if (stated.from !== server) throw new CodedError('SERVER_LIED', { reason: 'signature' });
    const about = { ...asked, request: requestHash, place };
    const reading = await provenReading(stated.payload, about, ledger, signatures);
    return { kind: 'answered', reading };
  } catch (error) {
    return unproven(error);
  }
}

function unanswered(error: unknown): ServerState {
  if (!isCoded(error) || error.code === 'INTERRUPTED') throw error;
  // What is no answer of the agreed form may be the gateway's between: it is nobody's no (VR-19).
  const isAway = ['unavailable', 'fault', 'verification'].includes(error.kind);
  return { kind: isAway ? 'silent' : 'refused', code: error.code };
}

/** What does not open, is not signed by the server or does not hold is a lie; what the ledger cannot say now is none. */
function unproven(error: unknown): ServerState {
  if (!isCoded(error) || error.code === 'INTERRUPTED' || error.kind === 'unavailable') throw error;
  const { reason } = error.details;
  const isTold = error.code === 'SERVER_LIED' && typeof reason === 'string';
  return { kind: 'lied', reason: isTold ? reason : error.code };
}

/** Every day that a replica gives, by day; several sensors of a panel have several. */
async function replicasOf(
  days: readonly number[],
  asked: AskedFor,
  opener: Opener,
  ledger: ShownLedger,
): Promise<ReadonlyMap<number, readonly VitalsPage[]>> {
  const found = new Map<number, readonly VitalsPage[]>();
  const { patient, panel } = asked;
  for (const day of days) {
    for (let number = 0; number < replicasADay; number++) {
      const bytes = await opener(dayRecordId(patient, { day, panel, number }));
      const pages = bytes === undefined ? undefined : await openReplica(bytes, asked, ledger);
      if (pages === undefined) continue;
      const ofDay = pages.filter(({ startHour }) => dayOf(startHour) === day);
      found.set(day, [...(found.get(day) ?? []), ...ofDay]);
    }
  }
  return found;
}

/** What the servers gave, and of the replicas what they did not. */
function merged(
  pages: readonly VitalsPage[],
  replicas: readonly VitalsPage[],
): readonly VitalsPage[] {
  const nameOf = ({ sensor, panel, sequence }: VitalsPage) => `${sensor} ${panel} ${sequence}`;
  const known = new Set(pages.map(nameOf));
  return [...pages, ...replicas.filter((it) => !known.has(nameOf(it)))];
}

function told({ server, state }: NamedServer): ServerTold {
  if (state.kind === 'answered') return { server, state: state.kind };
  return { server, state: state.kind, why: state.kind === 'lied' ? state.reason : state.code };
}

function toldInShort(servers: readonly NamedServer[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    servers.map(told).map(({ state, why }, at) => [`server${at + 1}`, why ?? state]),
  );
}
