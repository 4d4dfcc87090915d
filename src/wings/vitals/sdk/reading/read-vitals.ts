import { sha256 } from '../../../../crypto/hash.ts';
import { openWith } from '../../../../crypto/letter.ts';
import { keys } from '../../../../ledger/tables/keys.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import type { AccountId, ConsentId, RecordId } from '../../../../primitives/ids.ts';
import type { Action } from '../../../../sdk/action.ts';
import { keysOf } from '../../../../sdk/actions/keys-of-rows.ts';
import {
  type Access,
  receiptOfAccess,
  requestRows,
  type SharedListing,
} from '../../../../sdk/actions/read-shared.ts';
import { chartBodies } from '../../../../sdk/client/chart-bodies.ts';
import type { Context, WorkOptions } from '../../../../sdk/client/context.ts';
import { openChart } from '../../../../sdk/client/open-chart.ts';
import { type HeldGrant, heldGrant } from '../../../../sdk/grants/received.ts';
import {
  dayOf,
  dayRecordId,
  daysOf,
  replicasADay,
  serversRecordId,
} from '../../api/chart-records.ts';
import { readingsPost } from '../../api/routes/readings-post.ts';
import { encodeSensorRead, readingWord, readWord } from '../../api/sensor-read.ts';
import type { ServerNumber } from '../../crypto/page-head.ts';
import { batchRowId, statBatches } from '../../ledger/tables/stat-batches.ts';
import { trioId } from '../../ledger/tables/stat-trios.ts';
import { vitalsNames } from '../../names.ts';
import { type DataServerLine, dataServerLine } from '../data-servers.ts';
import { openStatement, signStatement } from '../statements.ts';
import {
  type Gap,
  gapsIn,
  inOrder,
  joinPages,
  type NamedServer,
  newestRegistration,
  type ServerState,
  type VitalsPage,
} from './joined-pages.ts';
import { openReplica, serversIn } from './replica.ts';
import { type AskedFor, provenReading, type ShownLedger, sealContext } from './shown-pages.ts';

export interface VitalsAsked {
  readonly consent: ConsentId;
  readonly panel: number;
  /** Hours since 1970, both included; 31 days at most. */
  readonly firstHour: number;
  readonly lastHour: number;
  /** How data servers are found; by their hospitals' notices where it is not said. */
  readonly line?: DataServerLine;
}

/** What one server came to, as people are told. */
export interface ServerTold {
  readonly server: AccountId;
  readonly state: ServerState['kind'];
  /** Why: a code, or in what it lied. */
  readonly why?: string;
}

export interface VitalsRead {
  readonly patient: AccountId;
  readonly pages: readonly VitalsPage[];
  readonly servers: readonly ServerTold[];
  /** Those whose registration of the patient is older than another's. */
  readonly behind: readonly AccountId[];
  /** Hours of which somebody showed a page that neither three shares nor a replica give. */
  readonly missingHours: readonly number[];
  /** Days of which not all three servers spoke and no replica stands in the chart. */
  readonly missingDays: readonly number[];
  readonly gaps: readonly Gap[];
  /** The one look. */
  readonly access: Access;
}

/**
 * Reads what sensors sent, under a grant of class `iot`: one look at the patient's hospital, then the three servers, each of
 * which decides by itself; where one, two or three of them are silent or lie, the days' replicas by the same look.
 *
 * Throws what `readShared` throws for the look; PATIENT_UNKNOWN (nothing was registered), VITALS_NOT_HERE (too few
 * servers, and no replica), and what all three servers refuse. Source: docs/protocol/vitals-reading.md, VR-10 to VR-22.
 */
export const readVitals: Action<VitalsAsked, VitalsRead> = {
  name: 'vitals/read',
  async run(ctx, input, options) {
    const held = heldGrant(ctx, input.consent);
    const { patient } = held;
    const listing = await lookAt(ctx, held, input, options);
    const [access] = listing.accesses;
    if (access === undefined) throw new CodedError('GATEWAY_LIED');
    const opener = openerOf(ctx, held, listing, options);
    const record = await opener(serversRecordId(patient));
    const known = record === undefined ? undefined : serversIn(record);
    if (known === undefined) throw new CodedError('PATIENT_UNKNOWN');
    const { panel, firstHour, lastHour } = input;
    const asked = { patient, pseudonym: known.pseudonym, panel, firstHour, lastHour };
    const trio = trioId(known.servers);
    const ledger = shownLedger(ctx, trio, options.signal);
    const line = input.line ?? dataServerLine(ctx);
    const look = await receiptOfAccess(ctx, access, options);
    const asking = known.servers.map(async (server, at): Promise<NamedServer> => {
      const of = { server, place: (at + 1) as ServerNumber, trio, look, asked };
      return { server, state: await askServer(ctx, of, { line, ledger }, options) };
    });
    const answers = await Promise.all(asking);
    await refuseAsAll(ctx, held, answers, options);
    const { servers, pages, missingHours } = joinPages(answers);
    const allSpoke = servers.every(({ state }) => state.kind === 'answered');
    const days = allSpoke ? [] : daysOf(firstHour, lastHour);
    const replicas = await replicasOf(days, asked, opener, ledger);
    const missingDays = days.filter((day) => !replicas.has(day));
    const isGone = !allSpoke && replicas.size === 0 && pages.length === 0;
    if (isGone) throw new CodedError('VITALS_NOT_HERE', toldInShort(servers));
    const read = inOrder(merged(pages, [...replicas.values()].flat()));
    const hours = new Set(read.map(({ startHour }) => startHour));
    return {
      ...{ patient, pages: read, servers: servers.map(told), access },
      behind: newestRegistration(servers).behind,
      missingHours: missingHours.filter((hour) => !hours.has(hour)),
      missingDays,
      gaps: gapsIn(read),
    };
  },
};

/** One look that names the servers' record and the replicas of these days. Throws PATIENT_UNKNOWN where none of them exists. */
async function lookAt(
  ctx: Context,
  held: HeldGrant,
  { panel, firstHour, lastHour }: VitalsAsked,
  options: WorkOptions,
): Promise<SharedListing> {
  const { patient } = held;
  const numbers = Array.from({ length: replicasADay }, (_, number) => number);
  const days = daysOf(firstHour, lastHour);
  const recordIds = [
    serversRecordId(patient),
    ...days.flatMap((day) => numbers.map((number) => dayRecordId(patient, { day, panel, number }))),
  ];
  try {
    return await requestRows(ctx, held, { ...options, recordIds });
  } catch (error) {
    if (isCoded(error, 'RECORD_UNKNOWN')) throw new CodedError('PATIENT_UNKNOWN', {}, error);
    throw error;
  }
}

/** The bytes of one of the records that the look gave. */
type Opener = (recordId: RecordId) => Promise<Uint8Array | undefined>;

function openerOf(
  ctx: Context,
  held: HeldGrant,
  { rows, at }: SharedListing,
  { signal }: WorkOptions,
): Opener {
  const keyOf = keysOf(ctx, held, signal);
  return async (recordId) => {
    const found = rows.find(({ row }) => row.recordId === recordId);
    if (found === undefined) return undefined;
    const wanted = { account: held.patient, rows: [found.row], at, ticket: found.ticket };
    for await (const it of openChart(ctx, chartBodies(ctx.gateway, wanted, signal), keyOf, signal))
      if ('opened' in it) return it.opened.bytes;
    return undefined;
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
  { line, ledger }: { readonly line: DataServerLine; readonly ledger: ShownLedger },
  { signal }: WorkOptions,
): Promise<ServerState> {
  const { server, place, trio, look, asked } = of;
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
    return { kind: 'answered', reading: await provenReading(stated.payload, about, ledger) };
  } catch (error) {
    return unproven(error);
  }
}

function unanswered(error: unknown): ServerState {
  if (!isCoded(error) || error.code === 'INTERRUPTED') throw error;
  const isAway = error.kind === 'unavailable' || error.kind === 'fault';
  return { kind: isAway ? 'silent' : 'refused', code: error.code };
}

/** What does not open, is not signed by the server or does not hold is a lie; what the ledger cannot say now is none. */
function unproven(error: unknown): ServerState {
  if (!isCoded(error) || error.code === 'INTERRUPTED' || error.kind === 'unavailable') throw error;
  const { reason } = error.details;
  const isTold = error.code === 'SERVER_LIED' && typeof reason === 'string';
  return { kind: 'lied', reason: isTold ? reason : error.code };
}

/**
 * A no of all three, or of one where the ledger has the grant ended, is the answer: nothing is read in their stead.
 * Rule VR-22.
 */
async function refuseAsAll(
  ctx: Context,
  { letter }: HeldGrant,
  answers: readonly NamedServer[],
  { signal }: WorkOptions,
): Promise<void> {
  const refusals = answers.flatMap(({ state }) => (state.kind === 'refused' ? [state] : []));
  const [first] = refusals;
  if (first === undefined) return;
  const consent = await ctx.ledger.consent(letter.consent, signal);
  const isOver =
    consent === undefined || consent.revokedHeight !== 0 || consent.notAfterMs <= ctx.nowMs();
  if (isOver) throw new CodedError('CONSENT_ENDED', { consent: letter.consent });
  if (refusals.length === answers.length) throw new CodedError(first.code);
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
