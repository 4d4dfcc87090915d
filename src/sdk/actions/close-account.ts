import { CodedError } from '../../primitives/errors.ts';
import { idBytes, type TxId } from '../../primitives/ids.ts';
import { accountId, type Of, struct, uint } from '../../primitives/shape.ts';
import type { Action } from '../action.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { listGrants, revokeAccess } from '../grants/revoke.ts';
import { unlistedGrants } from '../grants/unlisted.ts';
import { type Drawer, entriesOf, type HasDrawers, withEntry } from '../wallet/drawer.ts';
import { eraseRecords } from './erase.ts';
import { freezeAccount } from './freeze.ts';
import { tryResume } from './resume.ts';
import { unwrittenNotes } from './unwritten-notes.ts';

/** First how far it is, for the larger bytes stay: 1 begun, 2 closed. */
const closing = struct({ step: uint, account: accountId, atMs: uint });

/** Key: the account. What a person is closing, or has closed. */
const drawer: Drawer<Of<typeof closing>> = {
  wing: 'closing',
  entry: closing,
  key: (it) => idBytes(it.account),
};

/** Accounts of this wallet that were closed: they stay in it, for what they signed stays on the ledger. */
export function closedAccounts(content: HasDrawers): ReadonlySet<string> {
  const closed = entriesOf(content, drawer).filter((it) => it.step === 2);
  return new Set(closed.map((it) => it.account));
}

export interface ClosedAccount {
  readonly revoked: number;
  readonly erased: number;
  /** Of the RevokeKey; undefined: an earlier try had come so far. */
  readonly txId: TxId | undefined;
  readonly height: number | undefined;
}

/**
 * Closes an account: every grant is taken back, those too that only the ledger knows, every record erased, and last its
 * key is revoked, after which nothing is signed by it any more. Stopped in between it goes on where it was, on any device
 * that holds the wallet.
 *
 * Throws ACCOUNT_BUSY (something is not confirmed, or a note waits), ACCOUNT_FROZEN (frozen before anybody asked to
 * close it: the printed code brings it back first), and what revoking and erasing throw.
 * Source: docs/protocol/wallet.md, rule W-28.
 */
export const closeAccount: Action<undefined, ClosedAccount> = {
  name: 'accounts/close',
  async run(ctx, _, options) {
    const { account, role } = ctx.account;
    const begun = entriesOf(ctx.vault.content, drawer).find((it) => it.account === account);
    const row = await ctx.ledger.currentAccount(account, options.signal);
    if (row.frozen) {
      if (begun === undefined) throw new CodedError('ACCOUNT_FROZEN');
      await noteStep(ctx, 2);
      await dropKept(ctx);
      return { revoked: 0, erased: 0, txId: undefined, height: undefined };
    }
    await requireIdle(ctx, options);
    await noteStep(ctx, 1);
    const isPatient = role === 'patient';
    const revoked = isPatient ? await revokeAll(ctx, options) : 0;
    const erased = isPatient ? await eraseAll(ctx, options) : 0;
    const { txId, height } = await freezeAccount(ctx, options);
    await noteStep(ctx, 2);
    await dropKept(ctx);
    return { revoked, erased, txId, height };
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

/** What was opened as this account leaves this device with it. */
const dropKept = (ctx: Context): Promise<void> =>
  ctx.kept.drop((it) => it.holder === ctx.account.account);

/** With the key revoked no hospital takes a copy any more: the last step is this device's. */
async function noteStep(ctx: Context, step: 1 | 2): Promise<void> {
  const { account } = ctx.account;
  const entry = { step, account, atMs: ctx.now() };
  if (step === 1) await ctx.writeDown((content) => withEntry(content, drawer, entry));
  else await ctx.vault.change((content) => withEntry(content, drawer, entry));
}
