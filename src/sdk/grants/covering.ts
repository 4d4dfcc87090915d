import type { ReceivedGrant } from './received.ts';

/**
 * The fewest of these grants, the widest first, by which everything is read that any of them opens: one that adds no
 * class, record or time to those before it is left out, so a renewal is no second look.
 */
export function coveringGrants(grants: readonly ReceivedGrant[]): readonly ReceivedGrant[] {
  const chosen: ReceivedGrant[] = [];
  for (const it of grants) {
    const adds = it.terms.readClasses.some(
      (recordClass) =>
        !chosen.some(
          ({ terms }) =>
            terms.readClasses.includes(recordClass) &&
            terms.fromMs <= it.terms.fromMs &&
            (terms.recordIds.length === 0 ||
              (it.terms.recordIds.length > 0 &&
                it.terms.recordIds.every((id) => terms.recordIds.includes(id)))),
        ),
    );
    if (adds) chosen.push(it);
  }
  return chosen;
}
