import { decodeGrantBody, type GrantBody } from '../../api/grant-body.ts';
import type { Consent } from '../../ledger/tables/consents.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId, ConsentId } from '../../primitives/ids.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { type ConfirmedTx, confirm, isRefusal } from '../client/send-tx.ts';
import { takeBack } from '../client/take-back.ts';
import type { OwnGrant, PendingTx, WalletContent } from '../wallet/content.ts';
import { unlistedAsked, unlistedDone, unlistedToEnd } from '../wallet/unlisted-ends.ts';
import { endsOf } from './end-of.ts';
import { liveGrants, sendWithKeys } from './grant.ts';

/** So long new keys may take before he is taken back without them. */
const keysMs = 20_000;

/**
 * Takes a grant back: one transaction [ConsentRevoke, KeySet], after which he holds no key of what is written. Where
 * the keys cannot be made, or not soon, the first goes alone, and nothing is written under the keys that he holds
 * until new ones stand.
 *
 * That he is to go is written down before anything is asked, and is made anew by `resume` until the ledger proves
 * the end: no refusal and no silence undoes it. The id is enough: the wallet need not know the grant. Throws
 * CONSENT_UNKNOWN, CONSENT_ENDED. Source: docs/protocol/grants.md, rules G-6 and G-17; wallet.md, rule W-20.
 */
export async function revokeAccess(
  ctx: Context,
  consent: ConsentId,
  { signal }: WorkOptions = {},
): Promise<ConfirmedTx> {
  const grant = ctx.vault.content.grants.find((it) => it.consent === consent);
  const { account } = ctx.account;
  if (grant !== undefined && grant.account !== account) {
    throw new CodedError('CONSENT_UNKNOWN', { consent });
  }
  // A wallet may have been told so by somebody who lied: what stands is taken back.
  if (grant?.ended === true && !(await stands(ctx, consent, signal))) {
    throw new CodedError('CONSENT_ENDED', { consent });
  }
  // A device that cannot write still takes back.
  await ctx.vault
    .change((content) => decided(content, { account, consent, nowMs: ctx.now() }), {
      takesBack: true,
    })
    .catch(() => undefined);
  const done = await doneBefore(ctx, consent, signal);
  if (done !== undefined) return done;
  try {
    // What is on its way with new keys may arrive still: another one beside it would only pile up.
    if (sentBefore(ctx, consent).length === 0) return await withNewKeys(ctx, consent, signal);
  } catch (error) {
    if (signal?.aborted) throw error;
    const over = await overBefore(ctx, consent, error, signal);
    if (over !== undefined) return over;
  }
  return alone(ctx, consent, signal);
}

async function withNewKeys(
  ctx: Context,
  consent: ConsentId,
  signal: AbortSignal | undefined,
): Promise<ConfirmedTx> {
  return sendWithKeys(ctx, {
    ...{ kind: 'revoke', acts: [{ kind: 'ConsentRevoke', consent }], consents: [consent] },
    grantsOf: (content) => liveGrants(ctx, content).filter((it) => it.consent !== consent),
    signal: soon(signal),
  });
}

function soon(signal: AbortSignal | undefined): AbortSignal {
  const late = AbortSignal.timeout(keysMs);
  return signal === undefined ? late : AbortSignal.any([late, signal]);
}

async function alone(
  ctx: Context,
  consent: ConsentId,
  signal: AbortSignal | undefined,
): Promise<ConfirmedTx> {
  const acts = [{ kind: 'ConsentRevoke', consent }] as const;
  try {
    return await takeBack(ctx, { kind: 'revoke-alone', acts, consents: [consent], signal });
  } catch (error) {
    const over = await overBefore(ctx, consent, error, signal);
    if (over !== undefined) return over;
    throw error;
  }
}

/** Throws the refusal where the ledger proves that there is nothing to end, and notes it; undefined: it may be a lie. */
async function overBefore(
  ctx: Context,
  consent: ConsentId,
  error: unknown,
  signal: AbortSignal | undefined,
): Promise<ConfirmedTx | undefined> {
  if (!isRefusal(error) || (await stands(ctx, consent, soon(signal)).catch(() => true))) return;
  const done = await doneBefore(ctx, consent, signal);
  if (done !== undefined || isOnItsWay(ctx, consent)) return done;
  // Another device of this person was faster, or it ran out meanwhile, or it never was on the ledger.
  await ctx.noteDown((content) => withEnded(content, consent));
  throw error;
}

/** What was sent just now, or by an earlier try, and taken without its answer reaching us. */
async function doneBefore(
  ctx: Context,
  consent: ConsentId,
  signal: AbortSignal | undefined,
): Promise<ConfirmedTx | undefined> {
  for (const it of sentBefore(ctx, consent)) {
    const confirmed = await confirm(ctx, it, soon(signal)).catch(() => undefined);
    if (confirmed !== undefined) return confirmed;
  }
  return undefined;
}

/** What ends the grant, and was not answered yet. */
function sentBefore({ vault }: Context, consent: ConsentId): readonly PendingTx[] {
  return vault.content.pending.filter((it) => isRevocation(it) && it.consents.includes(consent));
}

/** The grant itself was written down and may still come to the ledger. */
function isOnItsWay({ vault }: Context, consent: ConsentId): boolean {
  return vault.content.pending.some((it) => !isRevocation(it) && it.consents.includes(consent));
}

/** Whether it is there to end a grant. */
const isRevocation = ({ kind }: Pick<PendingTx, 'kind'>): boolean =>
  kind === 'revoke' || kind === 'revoke-alone';

/** Whether the ledger proves, by a header of the last ten minutes, a grant that can still be taken back. */
async function stands(ctx: Context, consent: ConsentId, signal?: AbortSignal): Promise<boolean> {
  const row = await ctx.ledger.consent(consent, signal);
  return (
    row?.account === ctx.account.account &&
    row.revokedHeight === 0 &&
    row.notAfterMs > ctx.ledger.tip.timeMs
  );
}

function decided(
  content: WalletContent,
  {
    account,
    consent,
    nowMs,
  }: { readonly account: AccountId; readonly consent: ConsentId; readonly nowMs: number },
): WalletContent {
  const isKnown = content.grants.some((it) => it.consent === consent);
  if (!isKnown) return unlistedAsked(content, { account, consent });
  return withGrant(content, consent, (it) => ({ ...it, takenBackMs: it.takenBackMs || nowMs }));
}

function withEnded(content: WalletContent, consent: ConsentId): WalletContent {
  const held = unlistedDone(content, consent);
  return withGrant(held, consent, (it) => ({ ...it, ended: true }));
}

function withGrant(
  content: WalletContent,
  consent: ConsentId,
  edit: (grant: OwnGrant) => OwnGrant,
): WalletContent {
  const grants = content.grants.map((it) => (it.consent === consent ? edit(it) : it));
  return { ...content, grants };
}

/** Grants of this account that were taken back, of which the ledger has not proven the end. */
export function stillToEnd(content: WalletContent, account: AccountId): readonly ConsentId[] {
  const known = content.grants
    .filter((it) => it.account === account && it.takenBackMs > 0 && !it.ended)
    .map((it) => it.consent);
  return [...new Set([...known, ...unlistedToEnd(content, account)])];
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
  /** When it ended, by block time; undefined: it has not, or the hospital does not tell now. */
  readonly endedMs: number | undefined;
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
  const states = own.map((it) => listedGrant(it, rows.get(it.consent), ctx.nowMs()));
  const ended = states.map((it) => (it.state === 'ended' ? rows.get(it.consent) : undefined));
  const ends = await endsOf(ctx, ended, signal);
  const listed = states.map((it, at) => ({ ...it, endedMs: ends[at] }));
  // What the ledger refused may come back with the copy; it never was a grant.
  return listed.filter((it) => it.state !== 'unconfirmed' || awaited.has(it.consent));
}

function listedGrant(
  grant: OwnGrant,
  row: Consent | undefined,
  nowMs: number,
): Omit<ListedGrant, 'endedMs'> {
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
