import { signingKeyFromSeed } from '../../crypto/signature.ts';
import type { WriteKey } from '../../ledger/acts/write-key.ts';
import type { Account } from '../../ledger/tables/accounts.ts';
import type { Consent } from '../../ledger/tables/consents.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { isRefusal, sendActs } from '../client/send-tx.ts';
import type { OwnGrant, WalletContent } from '../wallet/content.ts';
import { compareGenerations, type Generations } from '../wallet/generations.ts';
import { isAsGranted } from './as-granted.ts';
import { liveGrants, sealedLetter } from './grant.ts';
import { rootInUse, writeSeedOf } from './write-seed.ts';

/** WriteKeys in one transaction, as many as grants (`grant-many.ts`). */
const renewedAtOnce = 15;
const tries = 3;

/** A grant as it is to be, and whether the ledger has its write key already. */
interface Renewal {
  readonly grant: OwnGrant;
  readonly isThere: boolean;
}

/** What the ledger says about both ends of a grant. */
interface Ends {
  readonly owner: Account;
  readonly grantee: Account;
  readonly row: Consent;
}

/**
 * Gives every live grant that may write a new write key, where its owner or its grantee has changed keys since the last
 * one, and sends each grantee a letter in place of the one he holds. What it makes follows from the wallet's root and
 * the ledger alone: a device that finds it done, or is refused because another was faster, has the same seed.
 *
 * Throws what the ledger refuses, and what is unreachable: what is missing is found again at the next `sync`.
 * Source: docs/protocol/grants.md, rule G-14.
 */
export async function renewWriting(ctx: Context, { signal }: WorkOptions = {}): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await renewOnce(ctx, signal);
    } catch (error) {
      // A ledger of before that has not taken the act (yet): who is to write again is granted anew.
      if (isCoded(error, 'LOG_WRONG')) return;
      // Another device was faster, or a grant has just ended.
      if (!isRefusal(error) || attempt >= tries) throw error;
      await ctx.ledger.headers.latest(signal);
    }
  }
}

async function renewOnce(ctx: Context, signal: AbortSignal | undefined): Promise<void> {
  const renewals = await outdated(ctx, signal);
  const done = renewals.flatMap((it) => (it.isThere ? it.grant : []));
  if (done.length > 0) await ctx.noteDown((content) => withRenewed(content, done));
  const missing = renewals.flatMap((it) => (it.isThere ? [] : it.grant));
  for (let at = 0; at < missing.length; at += renewedAtOnce) {
    await sendRenewed(ctx, missing.slice(at, at + renewedAtOnce), signal);
  }
}

async function sendRenewed(
  ctx: Context,
  grants: readonly OwnGrant[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const identities = await ctx.ledger.identities(
    grants.map((it) => it.grantee),
    signal,
  );
  const acts: WriteKey[] = [];
  const outgoing = [];
  for (const grant of grants) {
    const kemKey = identities.get(grant.grantee)?.kemKey;
    if (kemKey === undefined) continue;
    acts.push({ kind: 'WriteKey', consent: grant.consent, writeKey: await publicOf(grant) });
    outgoing.push(await sealedLetter(ctx, grant, kemKey, signal));
  }
  const writeDown = (content: WalletContent) => withRenewed(content, grants);
  await sendActs(ctx, { kind: 'write-key', acts, outgoing, writeDown, signal });
}

/** Live grants whose write key is of keys that were changed since, each as it is to be. */
async function outdated(
  ctx: Context,
  signal: AbortSignal | undefined,
): Promise<readonly Renewal[]> {
  const writing = liveGrants(ctx, ctx.vault.content).filter((it) => it.writeSeed.length > 0);
  if (writing.length === 0) return [];
  const owner = await ctx.ledger.currentAccount(ctx.account.account, signal);
  const root = await rootInUse(ctx, owner);
  // Nobody gives keys while frozen, nor a device that has missed a change of them.
  if (owner.frozen || root === undefined) return [];
  const rows = await ctx.ledger.consents(
    writing.map((it) => it.consent),
    signal,
  );
  const grantees = await ctx.ledger.accountsOf(
    writing.map((it) => it.grantee),
    signal,
  );
  const renewals: Renewal[] = [];
  for (const grant of writing) {
    const row = rows.get(grant.consent);
    const grantee = grantees.get(grant.grantee);
    if (row === undefined || grantee === undefined || isOver(ctx, row)) continue;
    // Else somebody who wrote into the wallet would be sent the seed.
    if (!isAsGranted(grant, row)) continue;
    const renewal = await renewalOf(grant, root, { owner, grantee, row });
    if (renewal !== undefined) renewals.push(renewal);
  }
  return renewals;
}

const isOver = (ctx: Context, { revokedHeight, notAfterMs }: Consent): boolean =>
  revokedHeight !== 0 || notAfterMs <= ctx.nowMs();

/** Undefined: what it has is of the keys in use. */
async function renewalOf(
  grant: OwnGrant,
  root: Uint8Array,
  ends: Ends,
): Promise<Renewal | undefined> {
  const now: Generations = {
    ownerGeneration: ends.owner.keyGeneration,
    granteeGeneration: ends.grantee.keyGeneration,
  };
  const isOfNow = compareGenerations(grant, now) >= 0;
  if (isOfNow && (await isInForce(grant, ends))) return undefined;
  const renewed = { ...grant, ...now, writeSeed: writeSeedOf(root, grant.consent, now) };
  return { grant: renewed, isThere: await isInForce(renewed, ends) };
}

/** Whether the ledger takes what this seed signs, as far as the grant itself goes. */
async function isInForce(grant: OwnGrant, { owner, row }: Ends): Promise<boolean> {
  return (
    row.writeKeyGeneration === owner.keyGeneration &&
    equalBytes(row.writeKey, await publicOf(grant))
  );
}

async function publicOf({ writeSeed }: OwnGrant): Promise<Uint8Array> {
  return (await signingKeyFromSeed(writeSeed)).publicKey;
}

function withRenewed(content: WalletContent, renewed: readonly OwnGrant[]): WalletContent {
  const byConsent = new Map(renewed.map((it) => [it.consent, it]));
  const grants = content.grants.map((it) => {
    const found = byConsent.get(it.consent);
    if (found === undefined || compareGenerations(it, found) > 0) return it;
    const { writeSeed, ownerGeneration, granteeGeneration } = found;
    return { ...it, writeSeed, ownerGeneration, granteeGeneration };
  });
  return { ...content, grants };
}
