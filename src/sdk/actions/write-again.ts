import { isCoded } from '../../primitives/errors.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { mayWriteNow } from '../grants/may-write.ts';
import { heldGrant } from '../grants/received.ts';
import { forgetUnwritten, type UnwrittenNote, unwrittenNotes } from './unwritten-notes.ts';
import { writeNamed } from './write-shared.ts';

/**
 * Writes what a change of keys kept from the chart, where the grant has a new write key by now. What has none yet, or
 * whose grant has ended, stays in the wallet and stops nothing. The record ids are those of the first try: what stands
 * in the chart already is not written twice.
 *
 * Source: docs/protocol/grants.md, rule G-15.
 */
export async function writeAgain(ctx: Context, options: WorkOptions = {}): Promise<void> {
  const { account } = ctx.account;
  const { content } = ctx.vault;
  // What is still on its way may come to stand there.
  if (content.pending.some((it) => it.account === account && it.kind === 'write')) return;
  for (const note of unwrittenNotes(content).filter((it) => it.account === account)) {
    if (await isWritten(ctx, note, options)) await forgetUnwritten(ctx, [note]);
  }
}

async function isWritten(
  ctx: Context,
  note: UnwrittenNote,
  options: WorkOptions,
): Promise<boolean> {
  try {
    if (!(await mayWriteNow(ctx, heldGrant(ctx, note.consent), options.signal))) return false;
    await writeNamed(ctx, note.consent, [note], options);
    return true;
  } catch (error) {
    if (isCoded(error, 'RECORD_ID_TAKEN')) return true;
    if (!isCoded(error) || error.kind === 'fault' || options.signal?.aborted) throw error;
    return false;
  }
}
