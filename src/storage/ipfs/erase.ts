import type { AccountId, BlobId } from '../../primitives/ids.ts';
import { answering, ask } from './conversation.ts';
import { expectedFrom, type Here, headTo } from './here.ts';
import type { StorageMember } from './members.ts';
import { erasedStatement, eraseStatement } from './statements.ts';

const protocol = '/salus/erase/1';

export interface EraseOptions {
  readonly member: StorageMember;
  readonly ids: readonly BlobId[];
  /** When our claim ended. */
  readonly atMs: number;
  readonly signal?: AbortSignal;
}

/** Tells a member that our claim on blobs ended; answers with those that it erased. Throws HOLDER_SILENT, PIN_REFUSED. */
export async function askToErase(
  here: Here,
  { member, ids, atMs, signal }: EraseOptions,
): Promise<readonly BlobId[]> {
  const question = await eraseStatement.sign(here.key, {
    ...headTo(here, member.account),
    atMs,
    ids,
  });
  const answer = await ask(here.node, { member, protocol, question, ...(signal && { signal }) });
  return (await erasedStatement.check(answer, expectedFrom(here, member))).ids;
}

/** Serves `/salus/erase/1`: ends the custodian's claims and keeps the tombstone, unless a pin is younger. Source: SN-16, SN-17. */
export async function serveErasures(here: Here): Promise<void> {
  await answering(here.node, protocol, async (question, from) => {
    const erase = await eraseStatement.check(question, expectedFrom(here, from));
    const custodian = from.account;
    const stone = { custodian, atMs: erase.atMs, statement: question };
    for (const id of erase.ids) await here.turns.run(id, () => bury(here, id, stone));
    return erasedStatement.sign(here.key, { ...headTo(here, custodian), ids: erase.ids });
  });
}

interface Stone {
  readonly custodian: AccountId;
  readonly atMs: number;
  /** As it was signed. */
  readonly statement: Uint8Array;
}

async function bury(here: Here, id: BlobId, { custodian, ...stone }: Stone): Promise<void> {
  const pinnedAt = here.rows.pinnedForAt(id, custodian);
  if (pinnedAt !== undefined && pinnedAt > stone.atMs) return;
  // The stone first: what a crash cuts off after it is ended when it is told again.
  here.rows.bury(id, custodian, stone);
  await here.held.delete(id, custodian);
  await here.blocks.drop(id);
}
