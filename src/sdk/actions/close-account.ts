import { walletDelete } from '../../api/routes/wallet-delete.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { TxId } from '../../primitives/ids.ts';
import type { Action } from '../action.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { GatewayClient } from '../client/gateway-client.ts';
import { codeSession } from '../client/session.ts';
import { listGrants, revokeAccess } from '../grants/revoke.ts';
import { unlistedGrants } from '../grants/unlisted.ts';
import { closingOf, withClosing } from '../wallet/closing.ts';
import { parseCode } from '../wallet/code.ts';
import { type CodeKeys, codeKeysOf } from '../wallet/identity.ts';
import { eraseRecords } from './erase.ts';
import { freezeAccount } from './freeze.ts';
import { tryResume } from './resume.ts';
import { unwrittenNotes } from './unwritten-notes.ts';

/** How an account is closed. */
export interface CloseOptions {
  /** The printed code: the hospital then lets every copy of the wallet go at once. */
  readonly code?: string | undefined;
}

export interface ClosedAccount {
  readonly revoked: number;
  readonly erased: number;
  /** Of the RevokeKey; undefined: an earlier try had come so far. */
  readonly txId: TxId | undefined;
  readonly height: number | undefined;
  /** When the hospital has let every copy of the wallet go; undefined: there is none, or it does not let copies go. */
  readonly copiesGoneMs: number | undefined;
}

/**
 * Closes an account: every grant is taken back, those too that only the ledger knows, every record erased, its key
 * revoked, after which nothing is signed by it any more, and the wallet's copies at its hospital let go: at once with the
 * printed code, else in 30 days, in which the code can still bring the account back. Stopped in between it goes on where it
 * was, on any device that holds the wallet; also for the copies alone, of an account that is closed.
 *
 * Throws ACCOUNT_BUSY (something is not confirmed, or a note waits), ACCOUNT_FROZEN (frozen before anybody asked to
 * close it: the printed code brings it back first), RECOVERY_CODE_WRONG (before anything is done), and what revoking and
 * erasing throw.
 * Source: docs/protocol/wallet.md, rule W-28.
 */
export const closeAccount: Action<CloseOptions | undefined, ClosedAccount> = {
  name: 'accounts/close',
  async run(ctx, asked, options) {
    const code = await codeAsked(ctx, asked?.code);
    const { account, role } = ctx.account;
    const begun = closingOf(ctx.vault.content, account);
    const row = await ctx.ledger.currentAccount(account, options.signal);
    if (row.frozen) {
      if (begun === undefined) throw new CodedError('ACCOUNT_FROZEN');
      await noteStep(ctx, 2);
      await dropKept(ctx);
      const copiesGoneMs = await letCopiesGo(ctx, code, options);
      return { revoked: 0, erased: 0, txId: undefined, height: undefined, copiesGoneMs };
    }
    await requireIdle(ctx, options);
    await noteStep(ctx, 1);
    const isPatient = role === 'patient';
    const revoked = isPatient ? await revokeAll(ctx, options) : 0;
    const erased = isPatient ? await eraseAll(ctx, options) : 0;
    // With its key, before that is revoked: nothing is signed by it then.
    const inThirtyDays = await copiesLater(ctx, options);
    const { txId, height } = await freezeAccount(ctx, options);
    await noteStep(ctx, 2);
    await dropKept(ctx);
    const copiesGoneMs = (await letCopiesGo(ctx, code, options)) ?? inThirtyDays;
    return { revoked, erased, txId, height, copiesGoneMs };
  },
};

/**
 * Whether another device of this person has closed the account: begun in the wallet, and frozen by the ledger. Then it is
 * closed on this device too. Nobody is asked where nothing was begun.
 */
export const learnClosed: Action<undefined, boolean> = {
  name: 'accounts/closed-elsewhere',
  async run(ctx, _input, { signal }) {
    const { account } = ctx.account;
    const isBegun = closingOf(ctx.vault.content, account)?.step === 1;
    if (!isBegun || !(await ctx.ledger.currentAccount(account, signal)).frozen) return false;
    await noteStep(ctx, 2);
    await dropKept(ctx);
    return true;
  },
};

/** Whether anything of an account is on its way, or kept for later; what can be settled is settled first. */
async function requireIdle(ctx: Context, options: WorkOptions): Promise<void> {
  const { account } = ctx.account;
  await tryResume(ctx, options);
  const { content } = ctx.vault;
  const pending = content.pending.filter((it) => it.account === account).length;
  const waiting = unwrittenNotes(content).filter((it) => it.account === account).length;
  if (pending + waiting > 0) throw new CodedError('ACCOUNT_BUSY', { pending, waiting });
}

async function revokeAll(ctx: Context, options: WorkOptions): Promise<number> {
  const listed = (await listGrants(ctx, options)).filter((it) => it.state !== 'ended');
  const grants = [...listed, ...(await unlistedGrants(ctx, options))];
  for (const { consent } of grants) await revokeAccess(ctx, consent, options);
  return grants.length;
}

async function eraseAll(ctx: Context, options: WorkOptions): Promise<number> {
  const rows = await ctx.rows.refresh(options.signal);
  const recordIds = [...rows.live()].map((it) => it.recordId);
  if (recordIds.length > 0) await eraseRecords(ctx, recordIds, options);
  return recordIds.length;
}

/** Throws RECOVERY_CODE_WRONG: not the code of this account, as the wallet knows it. */
async function codeAsked(ctx: Context, typed: string | undefined): Promise<CodeKeys | undefined> {
  if (typed === undefined) return undefined;
  const { account, organisation } = ctx.account;
  const keys = await codeKeysOf(parseCode(typed), organisation);
  const isIts = ctx.vault.content.codes.some(
    (it) => it.account === account && equalBytes(it.recoveryKey, keys.sign.publicKey),
  );
  if (!isIts) throw new CodedError('RECOVERY_CODE_WRONG');
  return keys;
}

/** The hospital is told, while the key still signs in, that copies go with the account. Source: docs/protocol/http.md, H-28. */
async function copiesLater(ctx: Context, { signal }: WorkOptions): Promise<number | undefined> {
  const { account } = ctx.account;
  if (!ctx.vault.content.codes.some((it) => it.account === account)) return undefined;
  return whenGone(ctx.gateway.call(walletDelete, { signal }));
}

async function letCopiesGo(
  ctx: Context,
  code: CodeKeys | undefined,
  { signal }: WorkOptions,
): Promise<number | undefined> {
  if (code === undefined) return undefined;
  const plain = new GatewayClient(ctx.gateway.http);
  const byCode = plain.as(codeSession(plain, ctx.account, code, ctx.now));
  return whenGone(byCode.call(walletDelete, { signal }));
}

/** A hospital of before has no such route, and keeps the copies. */
async function whenGone(asked: Promise<{ readonly goneMs: number }>): Promise<number | undefined> {
  try {
    return (await asked).goneMs;
  } catch (error) {
    if (!isCoded(error, 'NOT_FOUND')) throw error;
    return undefined;
  }
}

/** What was opened as this account leaves this device with it. */
const dropKept = (ctx: Context): Promise<void> =>
  ctx.kept.drop((it) => it.holder === ctx.account.account);

/** With the key revoked no hospital takes a copy any more: the last step is this device's. */
async function noteStep(ctx: Context, step: 1 | 2): Promise<void> {
  const { account } = ctx.account;
  const entry = { step, account, atMs: ctx.now() };
  if (step === 1) await ctx.writeDown((content) => withClosing(content, entry));
  else await ctx.vault.change((content) => withClosing(content, entry));
}
