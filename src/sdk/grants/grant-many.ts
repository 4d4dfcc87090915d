import type { ConsentGrant } from '../../ledger/acts/consent-grant.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { sendActs } from '../client/send-tx.ts';
import { notEnveloped } from '../keys/build-key-set.ts';
import type { OwnGrant, WalletContent } from '../wallet/content.ts';
import {
  actOf,
  type GrantTerms,
  liveGrants,
  newGrant,
  sealedLetter,
  sendWithKeys,
} from './grant.ts';

/** Acts in one transaction, its KeySet not counted. */
const grantsAtOnce = 15;

/**
 * Lets many read at once, a ward or a trial: fifteen grants a transaction, and one KeySet with envelopes for
 * all in the last. Who was granted first can read from that last transaction on.
 *
 * Throws as `grantAccess`; what was confirmed by then stands, and the next KeySet envelopes it whole.
 * Source: docs/protocol/grants.md, rule G-11.
 */
export async function grantMany(
  ctx: Context,
  terms: readonly GrantTerms[],
  { signal }: WorkOptions = {},
): Promise<readonly OwnGrant[]> {
  const identities = await ctx.ledger.identities(
    terms.map((it) => it.grantee),
    signal,
  );
  const made: OwnGrant[] = [];
  for (let at = 0; at < terms.length; at += grantsAtOnce) {
    const outgoing = [];
    const acts: ConsentGrant[] = [];
    const part: OwnGrant[] = [];
    for (const one of terms.slice(at, at + grantsAtOnce)) {
      const kemKey = identities.get(one.grantee)?.kemKey ?? notEnveloped;
      // The wallet knows of no envelope yet: should we stop half-way, the next KeySet brings the past too.
      const grant = { ...(await newGrant(ctx, one, kemKey, signal)), granteeKemHash: notEnveloped };
      part.push(grant);
      acts.push(await actOf(grant));
      outgoing.push(await sealedLetter(ctx, grant, kemKey, signal));
    }
    made.push(...part);
    const consents = part.map((it) => it.consent);
    const writeDown = (content: WalletContent): WalletContent => ({
      ...content,
      grants: [...content.grants.filter((it) => !consents.includes(it.consent)), ...part],
    });
    const plan = { kind: 'grant', acts, consents, outgoing, writeDown, signal } as const;
    if (at + grantsAtOnce < terms.length) await sendActs(ctx, plan);
    else {
      const all = new Set(made.map((it) => it.consent));
      await sendWithKeys(ctx, {
        ...plan,
        grantsOf: (content) => [
          ...liveGrants(ctx, content).filter((it) => !all.has(it.consent)),
          ...made,
        ],
      });
    }
  }
  return made;
}
