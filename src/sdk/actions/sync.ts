import { isCoded } from '../../primitives/errors.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import type { ReceivedMessages } from '../client/receive-messages.ts';
import { sayHere } from '../devices/own-devices.ts';
import { owesKeys, renewKeys } from '../grants/grant.ts';
import { renewWriting } from '../grants/renew-writing.ts';
import { revokeAgain, revokeAgainUnproven } from '../grants/revoke-again.ts';
import { epochHabitMs } from '../keys/schedule.ts';
import type { VerifiedTip } from '../ledger/verified-headers.ts';
import { type WaitingCode, waitingCode } from './new-code.ts';
import { type Resumed, resume } from './resume.ts';

/** What a device found when it woke. */
export interface Synced {
  /** Of the newest block that was verified. */
  readonly height: number;
  readonly timeMs: number;
  /** What was written down and not confirmed, and has been repeated. */
  readonly resumed: readonly Resumed[];
  /** Messages of a kind that this version does not know; they stay in the inbox. */
  readonly notUnderstood: number;
  /** The hospital showed an older copy of the wallet than this device had seen there: it lost some, or hides them. */
  readonly isCopyOld: boolean;
  /** A printed code that somebody made for this account: it counts from a time on unless it is stopped. */
  readonly waitingCode: WaitingCode | undefined;
  /** What else stays there. */
  readonly inbox: ReceivedMessages;
}

/** As many headers does a wallet that wakes look at one by one: three days of an idle ledger. */
const maxWalk = 1_000;

/**
 * What a device does when it wakes: walks to the newest block, learns what this person's other devices did,
 * repeats what was not confirmed, forgets what ended grants had given, receives messages, writes what waited for a new
 * write key, renews keys that are 90 days old, and gives new write keys where somebody changed his keys.
 *
 * Throws LEDGER_FORKED, HEADER_INVALID, GATEWAY_LIED, and what makes repeating impossible for now (`resume`).
 * Source: docs/protocol/wallet.md, rules W-10 and W-13.
 */
export async function syncAccount(
  ctx: Context,
  receive: () => Promise<ReceivedMessages>,
  options: WorkOptions,
): Promise<Synced> {
  const { height, timeMs } = await walked(ctx, options);
  await ctx.writeDown((content) => content);
  const resumed = await resume(ctx, options);
  await sayHere(ctx);
  if (ctx.account.role === 'patient') await revokeAgain(ctx, options);
  const inbox = await receive();
  if (owesKeys(ctx.vault.content, ctx.account.account)) await renewKeys(ctx, options);
  else if (ctx.account.role === 'patient') await renewOldKeys(ctx, options);
  if (ctx.account.role === 'patient') await renewWriting(ctx, options);
  const waiting = await waitingCode(ctx, options.signal);
  return {
    ...{ height, timeMs, resumed, notUnderstood: inbox.notUnderstood, inbox },
    ...{ isCopyOld: ctx.copies.isOld, waitingCode: waiting },
  };
}

/** At the newest block. What was taken back is taken back again on a ledger that has lost what this wallet has seen. */
async function walked(ctx: Context, options: WorkOptions): Promise<VerifiedTip> {
  const { headers, tip: before } = ctx.ledger;
  try {
    const newest = await headers.latest(options.signal);
    if (newest.height - before.height <= maxWalk)
      await headers.requireLinked(before.height, newest.height, options.signal);
    return newest;
  } catch (error) {
    const isAnotherLedger = isCoded(error, 'GATEWAY_LIED') || isCoded(error, 'LEDGER_FORKED');
    if (isAnotherLedger) await revokeAgainUnproven(ctx, options);
    throw error;
  }
}

async function renewOldKeys(ctx: Context, options: WorkOptions): Promise<void> {
  const row = await ctx.ledger.knownAccount(ctx.account.account, options.signal);
  const running = row.schedule.findLast((it) => it.validFromMs <= ctx.nowMs());
  const isOld = running === undefined || running.validFromMs + epochHabitMs <= ctx.nowMs();
  if (isOld && !row.frozen) await renewKeys(ctx, options);
}
