import type { ListedGrant } from '@salus/salus/sdk/browser';
import { type PersonView, peopleOf } from './people.ts';
import type { Session } from './session.ts';

/** A share as its owner sees it. */
export interface GrantView {
  readonly consent: string;
  /** Of this device: `/sharing/HANDLE`. */
  readonly handle: string;
  readonly person: PersonView;
  /** The name that the wallet gave it, where no card has one. */
  readonly calledName: string;
  readonly readClasses: readonly string[];
  /** `private` is among what is read. */
  readonly readsPrivate: boolean;
  readonly onlyRecords: number;
  readonly sinceMs: number;
  readonly writeClasses: readonly string[];
  readonly purposes: readonly string[];
  readonly fromMs: number;
  readonly untilMs: number;
  readonly state: 'not yet' | 'live' | 'ended' | 'unconfirmed';
  readonly endedMs: number | undefined;
  readonly looks: number;
}

export async function grantViews(
  session: Session,
  grants: readonly ListedGrant[],
): Promise<readonly GrantView[]> {
  const personOf = await peopleOf(
    session,
    grants.map((it) => it.terms.grantee),
  );
  const handles = await Promise.all(grants.map((it) => session.handles.of(it.consent)));
  return grants.map((it, at) => ({
    consent: it.consent,
    handle: handles[at] ?? '',
    person: personOf(it.terms.grantee),
    calledName: it.granteeName,
    readClasses: it.terms.readClasses,
    readsPrivate: it.terms.readClasses.includes('private'),
    onlyRecords: it.terms.recordIds.length,
    sinceMs: it.terms.fromMs,
    writeClasses: it.terms.writeClasses,
    purposes: it.terms.purposes,
    fromMs: it.notBeforeMs,
    untilMs: it.notAfterMs,
    state: it.state,
    endedMs: it.endedMs,
    looks: it.looks,
  }));
}
