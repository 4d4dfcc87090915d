import { signingKeyFromSeed } from '../../crypto/signature.ts';
import type { Consent } from '../../ledger/tables/consents.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { Context } from '../client/context.ts';
import { compareGenerations, type Generations } from '../wallet/generations.ts';
import type { Letter, ReadLetter } from './letter.ts';

/** Whether what a letter lets its holder write with is what the ledger takes, or was overtaken by a change of keys. */
export type LetterStanding = 'in force' | 'overtaken';

/** How often both ends of the grant have changed keys by now. Throws ACCOUNT_UNKNOWN. */
export async function generationsOf(
  ctx: Context,
  { body }: ReadLetter,
  signal?: AbortSignal,
): Promise<Generations> {
  const ends = [body.account, ctx.account.account] as const;
  const accounts = await ctx.ledger.accountsOf(ends, signal);
  const [owner, grantee] = ends.map((end) => accounts.get(end));
  if (owner === undefined || grantee === undefined) throw new CodedError('ACCOUNT_UNKNOWN');
  return { ownerGeneration: owner.keyGeneration, granteeGeneration: grantee.keyGeneration };
}

/**
 * Holds a letter's generations and write seed against the ledger: the signature alone does not say that it is the newest
 * one, since whoever has an old key of the owner's makes such letters too.
 *
 * `row`: the grant's, as it stands now; `now`: `generationsOf` the letter. Throws GRANT_BODY_WRONG: it is of keys that
 * nobody has yet, or of those in use with another write key than the grant's.
 * Source: docs/protocol/grants.md, rule G-14.
 */
export async function standingOf(
  { letter }: ReadLetter,
  row: Consent,
  now: Generations,
): Promise<LetterStanding> {
  const { consent } = letter;
  if ((await isKeyOf(letter, row, now.ownerGeneration)) && isNotAfter(letter, now)) {
    return 'in force';
  }
  if (!isNotAfter(letter, now) || compareGenerations(letter, now) === 0) {
    throw new CodedError('GRANT_BODY_WRONG', { consent });
  }
  return 'overtaken';
}

/** Neither end of the grant has changed keys less often than the letter says. */
const isNotAfter = (letter: Generations, now: Generations): boolean =>
  letter.ownerGeneration <= now.ownerGeneration &&
  letter.granteeGeneration <= now.granteeGeneration;

/** Whether the seed is of the grant's write key, and that was given since the owner's last change of keys. */
export async function isKeyOf(
  { writeSeed }: Letter,
  row: Consent,
  ownerGeneration: number,
): Promise<boolean> {
  if (writeSeed.length === 0) return row.writeKey.length === 0;
  const { publicKey } = await signingKeyFromSeed(writeSeed);
  return row.writeKeyGeneration === ownerGeneration && equalBytes(row.writeKey, publicKey);
}
