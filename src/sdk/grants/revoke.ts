import { decodeGrantBody, type GrantBody } from '../../api/grant-body.ts';
import type { Consent } from '../../ledger/tables/consents.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { ConsentId } from '../../primitives/ids.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { isOwed, settled } from '../client/pending.ts';
import { type ConfirmedTx, isRefusal, sendActs } from '../client/send-tx.ts';
import type { OwnGrant, WalletContent } from '../wallet/content.ts';
import { liveGrants, sendWithKeys } from './grant.ts';

/**
 * Takes a grant back: one transaction [ConsentRevoke, KeySet], after which he holds no key of what is
 * written. A frozen account may do the first alone; the keys follow when it is restored.
 *
 * A refusal proves nothing: the revocation stays written down, and is made anew by `resume`, until the grant's row
 * says that it has ended. Throws CONSENT_UNKNOWN, CONSENT_ENDED. Source: docs/protocol/grants.md, rule G-6.
 */
export async function revokeAccess(
  ctx: Context,
  consent: ConsentId,
  { signal }: WorkOptions = {},
): Promise<ConfirmedTx> {
  const { account } = ctx.account;
  const grant = ctx.vault.content.grants.find((it) => it.consent === consent);
  if (grant === undefined || grant.account !== account) {
    throw new CodedError('CONSENT_UNKNOWN', { consent });
  }
  // A wallet may have been told so by somebody who lied: what stands is taken back.
  if (grant.ended && !(await stands(ctx, consent, signal))) {
    throw new CodedError('CONSENT_ENDED', { consent });
  }
  const row = await ctx.ledger.knownAccount(account, signal);
  const acts = [{ kind: 'ConsentRevoke', consent }] as const;
  const plan = { kind: 'revoke', acts, consents: [consent], signal } as const;
  try {
    if (row.frozen) return await sendActs(ctx, plan);
    return await sendWithKeys(ctx, {
      ...plan,
      grantsOf: (content) => liveGrants(ctx, content).filter((it) => it.consent !== consent),
    });
  } catch (error) {
    // Another device of this person was faster, or it ran out meanwhile, or it never was on the ledger.
    if (isRefusal(error) && !(await stands(ctx, consent, signal))) {
      await ctx.noteDown((content) => withoutGrant(ctx, content, consent));
    }
    throw error;
  }
}

/** Whether the ledger proves, by a header of the last ten minutes, a grant that can still be taken back. */
async function stands(ctx: Context, consent: ConsentId, signal?: AbortSignal): Promise<boolean> {
  const row = await ctx.ledger.consent(consent, signal);
  return row !== undefined && row.revokedHeight === 0 && row.notAfterMs > ctx.ledger.tip.timeMs;
}

/** The grant has ended, and with it what was written down to end it. */
function withoutGrant(ctx: Context, content: WalletContent, consent: ConsentId): WalletContent {
  const ended: WalletContent = {
    ...content,
    grants: content.grants.map((it) => (it.consent === consent ? { ...it, ended: true } : it)),
  };
  const { pendingKinds: kinds } = ctx;
  return content.pending
    .filter((it) => it.kind === 'revoke' && it.consents.includes(consent))
    .filter((it) => !isOwed(ended, it, kinds))
    .reduce((held, it) => settled(held, it, { kinds, answer: 'refused' }), ended);
}

/** By block time; `unconfirmed`: the ledger does not have it (yet). */
export type GrantState = 'not yet' | 'live' | 'ended' | 'unconfirmed';

/** A grant that this person gave, with what the ledger says of it. */
export interface ListedGrant {
  readonly consent: ConsentId;
  readonly granteeName: string;
  readonly terms: GrantBody;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly state: GrantState;
  /** How often it was served, by the ledger's count. */
  readonly looks: number;
  readonly grantedHeight: number;
  readonly revokedHeight: number;
}

/** The grants of this account, with what the ledger says about each. */
export async function listGrants(
  ctx: Context,
  { signal }: WorkOptions = {},
): Promise<readonly ListedGrant[]> {
  const own = ctx.vault.content.grants.filter((it) => it.account === ctx.account.account);
  const awaited = new Set(ctx.vault.content.pending.flatMap((it) => it.consents));
  const rows = await ctx.ledger.consents(
    own.map((it) => it.consent),
    signal,
  );
  const listed = own.map((grant) => listedGrant(grant, rows.get(grant.consent), ctx.nowMs()));
  // What the ledger refused may come back with the copy; it never was a grant.
  return listed.filter((it) => it.state !== 'unconfirmed' || awaited.has(it.consent));
}

function listedGrant(grant: OwnGrant, row: Consent | undefined, nowMs: number): ListedGrant {
  const { consent, granteeName, notBeforeMs, notAfterMs } = grant;
  const state: GrantState =
    row === undefined
      ? 'unconfirmed'
      : row.revokedHeight !== 0 || row.notAfterMs <= nowMs
        ? 'ended'
        : row.notBeforeMs <= nowMs
          ? 'live'
          : 'not yet';
  return {
    consent,
    granteeName,
    terms: decodeGrantBody(grant.body),
    notBeforeMs,
    notAfterMs,
    state,
    looks: row?.looks ?? 0,
    grantedHeight: row?.grantedHeight ?? 0,
    revokedHeight: row?.revokedHeight ?? 0,
  };
}
