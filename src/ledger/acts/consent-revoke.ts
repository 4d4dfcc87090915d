import { consentId } from '../../primitives/shape.ts';
import { type ActWith, defineAct } from '../act.ts';
import { type ActContext, accept, type Outcome, refuse } from '../outcome.ts';
import { type LedgerView, put } from '../table.ts';
import { accounts } from '../tables/accounts.ts';
import { consents } from '../tables/consents.ts';
import { revokedHeight } from './consents.ts';

const fields = { consent: consentId };
export type ConsentRevoke = ActWith<'ConsentRevoke', typeof fields>;

/**
 * A patient takes a grant back; from this block on nothing is served under it. One that expired a moment
 * ago may still be revoked: a wallet that revokes must not fail for a race with the clock.
 *
 * Refuses: CONSENT_UNKNOWN, CONSENT_ENDED (revoked before).
 * Writes: `consents[consent]`.
 * Source: docs/protocol/consent.md, rule C-5.
 */
export const consentRevoke = defineAct({
  kind: 'ConsentRevoke',
  number: 11,
  fields,
  log: 'user',
  senders: ['patient'],
  whileFrozen: true,
  takesBack: true,
  rules: [{ fromVersion: 1, judge }],
  about: ({ consent }) => ({ consent }),
  facts: ({ consent }) => ({ consent }),
});

function judge(view: LedgerView, act: ConsentRevoke, context: ActContext): Outcome {
  const consent = view.get(consents, act.consent);
  // C-5: somebody else's grant is answered as one that does not exist.
  if (consent === undefined || consent.account !== context.sender) return refuse('CONSENT_UNKNOWN');
  // C-5: what was taken back is not taken back again.
  const account = view.get(accounts, context.sender);
  if (revokedHeight(consent, account) !== 0) return refuse('CONSENT_ENDED');
  const row = { ...consent, revokedHeight: context.block.height };
  return accept([put(consents, act.consent, row)]);
}
