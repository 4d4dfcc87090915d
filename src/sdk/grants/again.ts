import type { ConsentId } from '../../primitives/ids.ts';
import type { Action } from '../action.ts';
import { tryResume } from '../actions/resume.ts';
import { termsOf } from './address-book.ts';
import { grantAccess } from './grant.ts';
import { type ListedGrant, listGrants } from './revoke.ts';

/**
 * Whether the same terms open the same at another account of the person: single records have other ids there, and what
 * was moved counts as of the day on which it came, so that a grant of a part would open all of it. Such a grant is given
 * by hand.
 */
export const opensTheSame = ({ terms }: ListedGrant): boolean =>
  terms.recordIds.length === 0 && terms.fromMs === 0;

/** Whether a grant holds, or will: what has ended is not given again. */
export const isOpen = ({ state }: ListedGrant): boolean => state === 'live' || state === 'not yet';

/**
 * Gives grants of another account of this person anew, to the same people on the same terms. One that an earlier try
 * gave is left alone. Returns those that were given. Throws as `Person.grant`.
 */
export const grantAgain: Action<readonly ListedGrant[], readonly ConsentId[]> = {
  name: 'grants/again',
  async run(ctx, grants, options) {
    if (grants.length === 0) return [];
    await tryResume(ctx, options);
    const there = (await listGrants(ctx, options)).filter((it) => it.state !== 'ended').map(sameAs);
    const given: ConsentId[] = [];
    for (const it of grants.filter((old) => !there.includes(sameAs(old)))) {
      const { grantee, readClasses, writeClasses, purposes } = it.terms;
      const notBeforeMs = it.state === 'not yet' ? it.notBeforeMs : undefined;
      const { notAfterMs } = it;
      const asked = { grantee, readClasses, writeClasses, purposes, notBeforeMs, notAfterMs };
      given.push((await grantAccess(ctx, termsOf(ctx.vault.content, asked), options)).consent);
    }
    return given;
  },
};

/** Equal for grants of the same to the same, until the same end. */
function sameAs({ terms, notAfterMs }: ListedGrant): string {
  const { grantee, readClasses, writeClasses, purposes, recordIds, fromMs } = terms;
  return JSON.stringify([
    ...[grantee, readClasses, writeClasses, purposes, recordIds, fromMs, notAfterMs],
  ]);
}
