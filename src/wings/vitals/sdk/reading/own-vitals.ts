import { CodedError } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import type { Action } from '../../../../sdk/action.ts';
import { isOfOneRecord, openOwn, ownChart } from '../../../../sdk/actions/own-records.ts';
import type { Context, WorkOptions } from '../../../../sdk/client/context.ts';
import type { Registration } from '../../api/registration.ts';
import { basePanel } from '../../crypto/panels.ts';
import { type DataServerLine, dataServerLine } from '../data-servers.ts';
import { handAgain, heldRegistration } from '../registering.ts';
import { askServers, joinedWithReplicas, type Opener, type VitalsFound } from './ask-servers.ts';
import { foundTogether, someOf } from './found-together.ts';
import type { NamedServer } from './joined-pages.ts';

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
    const behind = new Set<AccountId>();
    const panels = [...new Set([panel, ...more].map(basePanel))].map(async (it) => {
      const asked = { patient, pseudonym, panel: it, firstHour, lastHour };
      const three = { servers: [first, second, third], look, asked, line } as const;
      const answers = await askServers(ctx, three, options);
      for (const { server } of answers.filter((it) => isBehind(it, held.said))) behind.add(server);
      return joinedWithReplicas(ctx, three, { answers, opener }, options);
    });
    try {
      return foundTogether(await someOf(panels));
    } finally {
      // It lost what she registered, or had not heard of it: by her device she is heard of again. Rule VR-4.
      if (behind.size > 0) await handAgain(ctx, { ...options, line, to: [...behind] });
    }
  },
};

/** Whether a server shows that it does not have the registration that this wallet has. */
const isBehind = ({ state }: NamedServer, { counter }: Registration): boolean =>
  state.kind === 'answered'
    ? state.reading.registration.counter < counter
    : state.kind === 'refused' && state.code === 'PATIENT_UNKNOWN';

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
