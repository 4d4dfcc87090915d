import { decodeGrantBody, type GrantBody } from '../../api/grant-body.ts';
import type { Consent } from '../../ledger/tables/consents.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { ConsentId } from '../../primitives/ids.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { type ConfirmedTx, sendActs } from '../client/send-tx.ts';
import type { OwnGrant } from '../wallet/content.ts';
import { liveGrants, sendWithKeys } from './grant.ts';

/**
 * Takes a grant back: one transaction [ConsentRevoke, KeySet], after which he holds no key of what is
 * written. A frozen account may do the first alone; the keys follow when it is restored.
 *
 * Throws CONSENT_UNKNOWN, CONSENT_ENDED. Source: docs/protocol/grants.md, rule G-6.
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
  if (grant.ended) throw new CodedError('CONSENT_ENDED', { consent });
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
    // Another device of this person was faster, or it ran out meanwhile.
    if (isCoded(error, 'CONSENT_ENDED')) {
      await ctx.vault.change((content) => ({
        ...content,
        grants: content.grants.map((it) => (it.consent === consent ? { ...it, ended: true } : it)),
      }));
    }
    throw error;
  }
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
