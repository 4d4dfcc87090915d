import { asServerName, isNetworkAddress } from '../../../api/incident-facts.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import type { ReportLine, ReportPart } from '../../../sdk/actions/access-report.ts';
import type { Context, WorkOptions } from '../../../sdk/client/context.ts';
import { incidentsToldGet, mostTold, type ToldIncident } from '../api/routes/incidents-told-get.ts';
import { incidentRowId, statIncidents } from '../ledger/tables/stat-incidents.ts';
import {
  type Quarantine,
  quarantineRowId,
  statQuarantines,
} from '../ledger/tables/stat-quarantines.ts';
import { trioId } from '../ledger/tables/stat-trios.ts';
import { heldRegistration } from './registering.ts';

/**
 * Incidents of servers, for a person's report: those that her hospital told her of, each held against the ledger, and what the
 * ledger itself has of the three servers with her readings, told or not. Throws what her hospital cannot be asked for.
 * Source: docs/protocol/vitals-incidents.md, rule VT-27.
 */
export const incidentLines: ReportPart = async (ctx, { fromMs }, options) => {
  const told = (await toldTo(ctx, options)).filter(({ toldMs }) => toldMs >= fromMs);
  const quarantines = await quarantinesOf(ctx, options);
  const newest = new Map(told.map((it) => [it.by, it]));
  const lines: ReportLine[] = [];
  for (const it of told) {
    const of = newest.get(it.by) === it ? quarantines.get(it.by) : undefined;
    lines.push(await toldLine(ctx, { it, quarantine: of }, options));
  }
  for (const [server, it] of quarantines) {
    if (!newest.has(server) && it.state !== 'accused') lines.push(untoldLine(server, it));
  }
  return lines;
};

/** More than 24 a day of three servers in three years is no true answer. */
const mostInAll = 100_000;

/** All of them, the newest last. Throws GATEWAY_LIED: there is no end to it. */
async function toldTo(ctx: Context, { signal }: WorkOptions): Promise<readonly ToldIncident[]> {
  const all: ToldIncident[] = [];
  for (;;) {
    const after = all.at(-1)?.n ?? 0;
    const { told } = await ctx.gateway.call(incidentsToldGet, { query: { after }, signal });
    const grows = told.every(({ n }, at) => n > (told[at - 1]?.n ?? after));
    if (!grows || all.length + told.length > mostInAll)
      throw new CodedError('GATEWAY_LIED', { at: 'incidents' });
    all.push(...told);
    if (told.length < mostTold) return all;
  }
}

/** What stands of each of the three, by proof. */
async function quarantinesOf(
  ctx: Context,
  { signal }: WorkOptions,
): Promise<ReadonlyMap<AccountId, Quarantine>> {
  const servers = heldRegistration(ctx)?.servers ?? [];
  const found = new Map<AccountId, Quarantine>();
  for (const server of servers) {
    const id = quarantineRowId(trioId(servers), server);
    const row = await ctx.ledger.row(statQuarantines, id, { signal });
    if (row !== undefined) found.set(server, row);
  }
  return found;
}

async function toldLine(
  ctx: Context,
  of: { readonly it: ToldIncident; readonly quarantine: Quarantine | undefined },
  { signal }: WorkOptions,
): Promise<ReportLine> {
  const { by, report, toldMs, server, fromMs, untilMs, done, source, claimedMac } = of.it;
  const row = await ctx.ledger.row(statIncidents, incidentRowId(by, report), { signal });
  const facts = {
    ...{ told: 1, proven: row === undefined ? 0 : 1, report, incident: row?.kind ?? '' },
    ...{ server: asName(server), fromMs, untilMs, done, ...asAddress(source, claimedMac) },
    ...standing(row === undefined ? undefined : of.quarantine, row?.height ?? 0),
  };
  const line = { kind: 'incident', account: by, facts } as const;
  return row === undefined
    ? { ...line, atMs: toldMs }
    : { ...line, atMs: row.timeMs, height: row.height };
}

/** Nobody said that it is about her: the ledger has it of a server that keeps a share of what she measures. */
function untoldLine(server: AccountId, it: Quarantine): ReportLine {
  const facts = {
    ...{ told: 0, proven: 1, report: it.incident, incident: '', server: '', fromMs: 0, untilMs: 0 },
    ...{ done: 'quarantined', source: '', claimedMac: '', ...standing(it, 0) },
  };
  return { kind: 'incident', atMs: it.timeMs, height: it.height, account: server, facts };
}

/** What the ledger says of a server since: `out`, or `back` from `sinceMs`; '': nothing that is about this. */
function standing(it: Quarantine | undefined, height: number) {
  if (it?.state === 'quarantined' && it.height >= height)
    return { state: 'out', sinceMs: it.timeMs };
  if (it?.state === 'rebuilt' && it.height >= height) return { state: 'back', sinceMs: it.timeMs };
  return { state: '', sinceMs: 0 };
}

/** As letters have it (alerts.md AL-14): another hospital's word, of which nobody shall make a link; '': it is none. */
const asName = (said: string): string => (asServerName(said) === said ? said : '');

function asAddress(source: string, claimedMac: string) {
  const isOne = source.length <= 45 && isNetworkAddress(source);
  const isMac = isOne && /^(?:[0-9a-f]{2}(?::[0-9a-f]{2}){5})$/.test(claimedMac);
  return { source: isOne ? source : '', claimedMac: isMac ? claimedMac : '' };
}
