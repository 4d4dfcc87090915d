import { CodedError } from '../../../primitives/errors.ts';
import type { Action } from '../../../sdk/action.ts';
import type { Context } from '../../../sdk/client/context.ts';
import { entriesOf, withEntry } from '../../../sdk/wallet/drawer.ts';
import { type VitalName, vitalSigns } from '../crypto/vital-signs.ts';
import { type KeptLimits, limitsDrawer } from './kept-limits.ts';
import { defaultRanges, type Range } from './thresholds.ts';

const scale = 100_000;
const vitals = Object.keys(vitalSigns) as VitalName[];

/** What holds for one vital sign, in its own unit. */
export interface Limits extends Range {
  readonly vital: VitalName;
  readonly unit: string;
  /** The patient's own; else the default. */
  readonly isOwn: boolean;
}

export type OwnRanges = Readonly<Record<VitalName, Limits>>;

export type LimitsChange =
  | { readonly vital: string; readonly isDefault: true }
  | {
      readonly vital: string;
      /** Missing: as it is now; null: no bound on that side. */
      readonly low?: number | null | undefined;
      readonly high?: number | null | undefined;
    };

function keptOf(ctx: Context, vital: VitalName): KeptLimits | undefined {
  return entriesOf(ctx.vault.content, limitsDrawer).find(
    (it) => it.account === ctx.account.account && it.vital === vital,
  );
}

function limitsOf(ctx: Context, vital: VitalName): Limits {
  const kept = keptOf(ctx, vital);
  const isOwn = kept?.isOwn === true;
  const range = isOwn ? { low: told(kept.low), high: told(kept.high) } : defaultRanges[vital];
  return { ...range, ...{ vital, unit: vitalSigns[vital].unit, isOwn } };
}

const told = ([bound]: readonly number[]): number | undefined =>
  bound === undefined ? undefined : bound / scale;

/** Of all vital signs, what this person's device notices by. Rule VR-30a. */
export const ownRanges = (ctx: Context): OwnRanges =>
  Object.fromEntries(vitals.map((vital) => [vital, limitsOf(ctx, vital)])) as unknown as OwnRanges;

/** The limits of every vital sign, the default ones too. */
export const listLimits: Action<undefined, readonly Limits[]> = {
  name: 'vitals/limits',
  run: async (ctx) => vitals.map((vital) => limitsOf(ctx, vital)),
};

/**
 * A patient's own limits of one vital sign, or its defaults again; kept in the wallet, and sent nowhere but with its sealed
 * copy. Throws VITAL_UNKNOWN, VALUE_RANGE (outside what the vital sign can be), LIMITS_WRONG (the lower one is not below
 * the upper one).
 */
export const setLimits: Action<LimitsChange, Limits> = {
  name: 'vitals/set-limits',
  async run(ctx, change) {
    const vital = vitals.find((it) => it === change.vital);
    if (vital === undefined) throw new CodedError('VITAL_UNKNOWN', { vital: change.vital });
    const isOwn = !('isDefault' in change);
    const before = limitsOf(ctx, vital);
    const low = isOwn ? kept(vital, change.low, before.low) : [];
    const high = isOwn ? kept(vital, change.high, before.high) : [];
    const [least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY] = [low[0], high[0]];
    if (least >= most) throw new CodedError('LIMITS_WRONG', { vital });
    // By the clock, so that of two devices that know nothing of each other the later has its way.
    const changedMs = Math.max((keptOf(ctx, vital)?.changedMs ?? 0) + 1, ctx.nowMs());
    const { account } = ctx.account;
    const entry = { changedMs, account, vital, isOwn, low, high };
    await ctx.noteDown((content) => withEntry(content, limitsDrawer, entry));
    return limitsOf(ctx, vital);
  },
};

function kept(
  vital: VitalName,
  said: number | null | undefined,
  before: number | undefined,
): readonly number[] {
  const value = said === undefined ? before : said;
  if (value === undefined || value === null) return [];
  const scaled = Math.round(value * scale);
  const { low, high } = vitalSigns[vital].clinical;
  // Turned round, so that what is no number is refused too.
  if (!(scaled >= low && scaled <= high)) throw new CodedError('VALUE_RANGE', { vital });
  return [scaled];
}
