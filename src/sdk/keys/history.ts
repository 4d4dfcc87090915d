import { decodeGrantBody } from '../../api/grant-body.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { LiveItem } from '../client/check-rows.ts';
import type { Context } from '../client/context.ts';
import { openingSecretOfHeader } from '../records/item-wrap.ts';
import type { OwnGrant } from '../wallet/content.ts';
import { type EnvelopeContent, maxOpenings } from './envelope-set.ts';
import type { OwnerKeys } from './key-ring.ts';
import { historyOf } from './schedule.ts';

const nothing: EnvelopeContent = { segments: [], openings: [] };

/**
 * What an envelope opens of the past: whole epochs by their keys, parts of an epoch and single records by
 * the secret of each item. Nothing for a grantee who was given it before.
 *
 * Throws GRANT_TOO_LARGE, KEY_NOT_HERE. Source: docs/protocol/keys.md, rule K-10.
 */
export async function pastOf(
  ctx: Context,
  keys: OwnerKeys,
  grant: OwnGrant,
  isNew: boolean,
  signal?: AbortSignal,
): Promise<EnvelopeContent> {
  const body = decodeGrantBody(grant.body);
  if (!isNew || body.readClasses.length === 0) return nothing;
  const history = historyOf(keys.timeline, body.fromMs, body.recordIds.length > 0);
  const segments = history.whole.flatMap((epoch) =>
    body.readClasses.map((recordClass) => ({
      class: recordClass,
      epoch,
      secret: keys.sek(recordClass, epoch),
    })),
  );
  if (history.parts.length === 0) return { segments, openings: [] };

  const parts = new Set(history.parts);
  const classes = new Set<string>(body.readClasses);
  const named = new Set(body.recordIds);
  const isMeant = (row: LiveItem): boolean =>
    parts.has(row.epoch) &&
    row.timeMs >= body.fromMs &&
    classes.has(row.recordClass) &&
    (named.size === 0 || named.has(row.recordId));
  const rows = [...(await ctx.rows.refresh(signal)).live()].filter(isMeant);
  if (rows.length > maxOpenings) throw new CodedError('GRANT_TOO_LARGE', { openings: rows.length });
  const openings = await Promise.all(
    rows.map(async (row) => ({
      record: row.recordId,
      secret: await openingSecretOfHeader(row.header, {
        kind: 'segment',
        sek: keys.sek(row.recordClass, row.epoch),
      }),
    })),
  );
  return { segments, openings };
}
