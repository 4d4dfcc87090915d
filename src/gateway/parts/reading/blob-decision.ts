/** What the decision rests on; everything was looked up before. */
export interface BlobFacts {
  readonly isSignedIn: boolean;
  /** The ledger names it as a set of somebody who stored it here. */
  readonly isSharedSet: boolean;
  /** It is the body of an anchored item, not erased, of the account that is signed in. */
  readonly isOwners: boolean;
  /** A read handed out its row within the last ten minutes; since then neither was the grant revoked nor the item erased. */
  readonly hasTicket: boolean;
}

/**
 * Who gets bytes. They are sealed anyway; this keeps a hospital's store from being a public library, and a
 * revoked reader from coming back. That somebody names an id, in rows or in a KeySet, gives him nothing. Source: docs/protocol/reading.md, rule R-11.
 */
export function mayFetch(facts: BlobFacts): boolean {
  if (facts.hasTicket || facts.isOwners) return true;
  return facts.isSignedIn && facts.isSharedSet;
}
