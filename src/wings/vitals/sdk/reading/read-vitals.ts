import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import type { AccountId, ConsentId } from '../../../../primitives/ids.ts';
import type { Action } from '../../../../sdk/action.ts';
import { keysOf } from '../../../../sdk/actions/keys-of-rows.ts';
import { receiptOfAccess } from '../../../../sdk/actions/read-shared.ts';
import {
  type Access,
  requestRows,
  type SharedListing,
} from '../../../../sdk/actions/shared-pages.ts';
import { chartBodies } from '../../../../sdk/client/chart-bodies.ts';
import type { Context, WorkOptions } from '../../../../sdk/client/context.ts';
import { openChart } from '../../../../sdk/client/open-chart.ts';
import { type HeldGrant, heldGrant } from '../../../../sdk/grants/received.ts';
import { dayRecordId, daysOf, replicasADay, serversRecordId } from '../../api/chart-records.ts';
import { basePanel } from '../../crypto/panels.ts';
import { type DataServerLine, dataServerLine } from '../data-servers.ts';
import { askServers, joinedWithReplicas, type Opener, type VitalsFound } from './ask-servers.ts';
import { foundTogether, someOf } from './found-together.ts';
import type { NamedServer } from './joined-pages.ts';
import { serversIn } from './replica.ts';

export interface VitalsAsked {
  readonly consent: ConsentId;
  readonly panel: number;
  /** Other panels, read by the same look. */
  readonly more?: readonly number[];
  /** Hours since 1970, both included; 31 days at most. */
  readonly firstHour: number;
  readonly lastHour: number;
  /** How data servers are found; by their hospitals' notices where it is not said. */
  readonly line?: DataServerLine;
}

export interface VitalsRead extends VitalsFound {
  readonly patient: AccountId;
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
    const { firstHour, lastHour } = input;
    const look = await receiptOfAccess(ctx, access, options);
    const line = input.line ?? dataServerLine(ctx);
    const { servers, pseudonym } = known;
    const panels = panelsOf(input).map(async (panel) => {
      const asked = { patient, pseudonym, panel, firstHour, lastHour };
      const three = { servers, look, asked, line };
      const answers = await askServers(ctx, three, options);
      await refuseAsAll(ctx, held, answers, options);
      return joinedWithReplicas(ctx, three, { answers, opener }, options);
    });
    return { patient, access, ...foundTogether(await someOf(panels)) };
  },
};

const panelsOf = ({ panel, more = [] }: Pick<VitalsAsked, 'panel' | 'more'>): readonly number[] => [
  ...new Set([panel, ...more].map(basePanel)),
];

/** One look that names the servers' record and the replicas of these days. Throws PATIENT_UNKNOWN where none of them exists. */
async function lookAt(
  ctx: Context,
  held: HeldGrant,
  { firstHour, lastHour, ...asked }: VitalsAsked,
  options: WorkOptions,
): Promise<SharedListing> {
  const { patient } = held;
  const numbers = Array.from({ length: replicasADay }, (_, number) => number);
  const days = daysOf(firstHour, lastHour);
  const recordIds = [
    serversRecordId(patient),
    ...panelsOf(asked).flatMap((panel) =>
      days.flatMap((day) => numbers.map((number) => dayRecordId(patient, { day, panel, number }))),
    ),
  ];
  try {
    return await requestRows(ctx, held, { ...options, recordIds });
  } catch (error) {
    if (isCoded(error, 'RECORD_UNKNOWN')) throw new CodedError('PATIENT_UNKNOWN', {}, error);
    throw error;
  }
}

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
