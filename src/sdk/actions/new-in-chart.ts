import type { RecordClass } from '../../api/classes.ts';
import type { ConsentId, RecordId } from '../../primitives/ids.ts';
import { uint } from '../../primitives/shape.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { type Note, noteBeside, noted } from './kept-beside.ts';

/** A record that somebody else wrote into one's own chart, unopened. */
export interface WrittenByOther {
  readonly recordId: RecordId;
  readonly recordClass: RecordClass;
  readonly height: number;
  readonly timeMs: number;
  /** Under which grant. */
  readonly consent: ConsentId;
}

const seen: Note<number> = { name: 'chart', shape: uint, nothing: 0 };

/**
 * What people wrote into this chart (not devices, which write all day) since it was last told on this device, oldest first; `isTold`: from now on it is not
 * new any more.
 */
export async function newInChart(
  ctx: Context,
  { isTold = false, signal }: WorkOptions & { readonly isTold?: boolean } = {},
): Promise<readonly WrittenByOther[]> {
  const since = await noted(ctx, seen);
  const { live } = await ctx.rows.since(since, signal);
  const written = live.flatMap(({ recordId, recordClass, height, timeMs, consent }) =>
    consent === undefined || recordClass === 'iot'
      ? []
      : [{ recordId, recordClass, height, timeMs, consent }],
  );
  const newest = Math.max(since, ...live.map((it) => it.height));
  // Where there is nothing to tell, the next listing need not look at it again.
  if ((isTold || written.length === 0) && newest > since) await noteBeside(ctx, seen, newest);
  return written.sort((a, b) => a.height - b.height);
}
