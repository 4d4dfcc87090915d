import { CodedError } from '../../../../primitives/errors.ts';
import type { Action } from '../../../../sdk/action.ts';
import { isOfOneRecord, openOwn, ownChart } from '../../../../sdk/actions/own-records.ts';
import type { Context, WorkOptions } from '../../../../sdk/client/context.ts';
import { basePanel } from '../../crypto/panels.ts';
import { type DataServerLine, dataServerLine } from '../data-servers.ts';
import { heldRegistration } from '../registering.ts';
import { askServers, joinedWithReplicas, type Opener, type VitalsFound } from './ask-servers.ts';
import { foundTogether, someOf } from './found-together.ts';

interface OwnVitalsAsked {
  readonly panel: number;
  /** Others beside it. */
  readonly more?: readonly number[];
  /** Hours since 1970, both included; 31 days at most. */
  readonly firstHour: number;
  readonly lastHour: number;
  readonly line?: DataServerLine;
}

/**
 * What one's own sensors sent: from the three servers without a look, which nobody takes; where they are silent or lie, from
 * the replicas in one's own chart. Throws PATIENT_UNKNOWN (nothing is registered), VITALS_NOT_HERE, and what all three refuse.
 * Source: docs/protocol/vitals-reading.md, VR-18.
 */
export const readOwnVitals: Action<OwnVitalsAsked, VitalsFound> = {
  name: 'vitals/read-own',
  async run(ctx, { panel, more = [], firstHour, lastHour, line = dataServerLine(ctx) }, options) {
    const held = heldRegistration(ctx);
    if (held === undefined) throw new CodedError('PATIENT_UNKNOWN');
    const [first, second, third] = held.servers;
    if (first === undefined || second === undefined || third === undefined)
      throw new CodedError('TRIO_UNKNOWN');
    const { pseudonym } = held.said;
    const look = new Uint8Array(0);
    const opener = ownOpener(ctx, options);
    const patient = ctx.account.account;
    const panels = [...new Set([panel, ...more].map(basePanel))].map(async (it) => {
      const asked = { patient, pseudonym, panel: it, firstHour, lastHour };
      const three = { servers: [first, second, third], look, asked, line } as const;
      const answers = await askServers(ctx, three, options);
      return joinedWithReplicas(ctx, three, { answers, opener }, options);
    });
    return foundTogether(await someOf(panels));
  },
};

/** Items of one's own chart by their record; undefined: there is none, or none that can be read. */
export function ownOpener(ctx: Context, { signal }: WorkOptions): Opener {
  let chart: ReturnType<typeof ownChart> | undefined;
  return async (recordId) => {
    chart ??= ownChart(ctx, signal);
    try {
      return (await openOwn(ctx, await chart, recordId, signal)).bytes;
    } catch (error) {
      // One that is gone or damaged is none.
      if (isOfOneRecord(error)) return undefined;
      throw error;
    }
  };
}
