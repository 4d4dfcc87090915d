import { grantsGet } from '../../api/routes/grants-get.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { ConsentId } from '../../primitives/ids.ts';
import type { Context, WorkOptions } from '../client/context.ts';

/** A grant of this account that lives, or will, on the ledger, and of which the wallet knows neither for whom nor what. */
export interface UnlistedGrant {
  readonly consent: ConsentId;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly mayWrite: boolean;
  /** How often it was served, by the ledger's count. */
  readonly looks: number;
  readonly grantedHeight: number;
}

/**
 * What another device granted and no copy has brought here: the hospital says which there are, the ledger proves each. A
 * hospital that hides one is caught by nothing but the copy; one that invents some is not believed.
 *
 * Source: docs/protocol/grants.md, rule G-17; docs/protocol/http.md, rule H-26.
 */
export async function unlistedGrants(
  ctx: Context,
  { signal }: WorkOptions = {},
): Promise<readonly UnlistedGrant[]> {
  const known = new Set(ctx.vault.content.grants.map((it) => it.consent));
  const unknown = (await named(ctx, signal)).filter((it) => !known.has(it));
  const rows = await ctx.ledger.consents(unknown, signal);
  return [...rows].flatMap(([consent, row]) => {
    const isOpen =
      row !== undefined &&
      row.account === ctx.account.account &&
      row.revokedHeight === 0 &&
      row.notAfterMs > ctx.nowMs();
    if (!isOpen) return [];
    const { notBeforeMs, notAfterMs, looks, grantedHeight, writeKey } = row;
    const mayWrite = writeKey.length > 0;
    return [{ consent, notBeforeMs, notAfterMs, looks, grantedHeight, mayWrite }];
  });
}

/** Nothing at a hospital of before this route. */
async function named(ctx: Context, signal?: AbortSignal): Promise<readonly ConsentId[]> {
  try {
    const { grants } = await ctx.gateway.call(grantsGet, { signal });
    return grants.map(({ consent }) => consent);
  } catch (error) {
    if (isCoded(error, 'NOT_FOUND')) return [];
    throw error;
  }
}
