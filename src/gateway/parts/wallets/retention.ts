const dayMs = 86_400_000;
/** A copy that was replaced is kept for so long after the end of the last day on which it was the newest. */
export const keptForMs = 30 * dayMs;

/** What retention knows of a copy that lies here. */
export interface StandingCopy {
  readonly serial: number;
  readonly writtenMs: number;
  /** The first that its key signed. */
  readonly isFirst: boolean;
  /** Written before the account's last rotation with the printed code. */
  readonly isBefore: boolean;
}

/** `head`: the head alone, without the shards that it names. */
export type KeptAs = 'whole' | 'head';

/**
 * Which copies of an account are kept, by serial: whole the newest and the one that was the newest at the end of each of
 * the last 30 days (UTC); of the others the head of the first that each key signed. A day that is over cannot be written
 * again: so whoever holds the key in use takes nothing from before today. `copies` rise by serial; `recoveredMs` is when
 * the last rotation with the printed code was, 0: never. Source: docs/protocol/http.md, rule H-14.
 */
export function keptOf(
  copies: readonly StandingCopy[],
  { nowMs, recoveredMs }: { readonly nowMs: number; readonly recoveredMs: number },
): ReadonlyMap<number, KeptAs> {
  const isHealed = nowMs >= recoveredMs + keptForMs && copies.some(({ isBefore }) => !isBefore);
  const kept = new Map<number, KeptAs>();
  for (const [at, copy] of copies.entries()) {
    const next = copies[at + 1];
    if (next === undefined || stoodAtNight(copy, next.writtenMs, nowMs)) {
      kept.set(copy.serial, 'whole');
    } else if (copy.isFirst && !(copy.isBefore && isHealed)) {
      kept.set(copy.serial, 'head');
    }
  }
  return kept;
}

/** Whether it was the newest at the end of one of the last 30 days: the last such end is looked at. */
function stoodAtNight({ writtenMs }: StandingCopy, replacedMs: number, nowMs: number): boolean {
  const endMs = Math.floor(Math.min(replacedMs, nowMs) / dayMs) * dayMs;
  return endMs > writtenMs && endMs > nowMs - keptForMs;
}
