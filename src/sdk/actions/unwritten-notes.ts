import { recordClasses } from '../../api/classes.ts';
import { isCoded } from '../../primitives/errors.ts';
import { type AccountId, type ConsentId, idBytes, recordIdOf } from '../../primitives/ids.ts';
import {
  accountId,
  bytes,
  consentId,
  type Of,
  oneOf,
  optionalBytes,
  recordId,
  struct,
  text,
} from '../../primitives/shape.ts';
import type { Context } from '../client/context.ts';
import { type Drawer, entriesOf, type HasDrawers, withEnded, withEntry } from '../wallet/drawer.ts';
import type { NamedNote } from './note-to-write.ts';

const unwrittenNote = struct({
  /** Whose note it is, of the accounts of this wallet. */
  account: accountId,
  consent: consentId,
  recordId,
  recordClass: oneOf(recordClasses, 'CLASS_UNKNOWN'),
  mediaType: text(),
  name: text(),
  previous: optionalBytes(16),
  bytes: bytes(),
});
type KeptNote = Of<typeof unwrittenNote>;

/** Key: the record id. Notes that the writer's wallet keeps because a change of keys came before their anchor. */
const drawer: Drawer<KeptNote> = {
  wing: 'unwritten',
  entry: unwrittenNote,
  key: (it) => idBytes(it.recordId),
};

/** A note that was written under a grant and could not be anchored. */
export interface UnwrittenNote extends NamedNote {
  readonly account: AccountId;
  readonly consent: ConsentId;
}

/** All of this wallet. */
export function unwrittenNotes(content: HasDrawers): readonly UnwrittenNote[] {
  return entriesOf(content, drawer).map(({ previous, ...it }) => ({
    ...it,
    ...(previous.length > 0 && { previous: recordIdOf(previous) }),
  }));
}

/** Keeps all of them or none; false: there is no room, and they are the caller's to keep. */
export async function keepUnwritten(
  ctx: Context,
  consent: ConsentId,
  notes: readonly NamedNote[],
): Promise<boolean> {
  const { account } = ctx.account;
  const kept = notes.map(({ recordId, recordClass, mediaType, name, previous, bytes }) => ({
    ...{ account, consent, recordId, recordClass, mediaType, name, bytes },
    previous: previous === undefined ? new Uint8Array(0) : idBytes(previous),
  }));
  try {
    await ctx.noteDown((content) => kept.reduce((all, it) => withEntry(all, drawer, it), content));
    return true;
  } catch (error) {
    if (isCoded(error, 'DRAWER_FULL') || isCoded(error, 'WALLET_FULL')) return false;
    throw error;
  }
}

/** They stand in the chart, or their writer lets them go. */
export async function forgetUnwritten(
  ctx: Context,
  notes: readonly Pick<UnwrittenNote, 'recordId'>[],
): Promise<void> {
  const keys = notes.map((it) => idBytes(it.recordId));
  await ctx.noteDown((content) => keys.reduce((all, key) => withEnded(all, drawer, key), content));
}
