import type { OpenedRecord, WrittenByOther } from '../sdk/index.ts';
import { type Acting, work } from './acting.ts';
import type { CommandContext } from './commands/command.ts';
import { table, when } from './format.ts';
import { NameBook } from './name-book.ts';
import { unlessInterrupted } from './output.ts';

/** What a patient is told of what somebody wrote into her chart. */
export interface WrittenFacts extends WrittenByOther {
  /** Who signed it; of one that does not open, to whom the grant was given. */
  readonly by: string;
  readonly name: string;
}

/** The newest are shown with what they are. */
const mostOpened = 50;

/** What others wrote into this person's charts since it was last told here: now it is told. */
export async function writtenForMe(
  context: CommandContext,
  acting: Acting,
): Promise<readonly WrittenFacts[]> {
  const { person, accounts } = acting;
  const found: WrittenFacts[] = [];
  for (const account of accounts) {
    if (account.role !== 'patient') continue;
    const options = work(context, account);
    const written = await person.newInChart({ ...options, isTold: true });
    if (written.length === 0) continue;
    const opened = new Map<string, OpenedRecord>();
    // One that does not open is told all the same.
    for (const { recordId } of written.slice(-mostOpened)) {
      const record = await person.openRecord(recordId, options).catch(unlessInterrupted);
      if (record !== undefined) opened.set(recordId, record);
    }
    const names = new NameBook(context, acting);
    await names.learn([...opened.values()].map((it) => it.head.author));
    const given = new Map(person.givenGrants.map((it) => [it.consent, it.granteeName]));
    for (const it of written) {
      const head = opened.get(it.recordId)?.head;
      const by = head === undefined ? (given.get(it.consent) ?? '') : names.nameOf(head.author);
      found.push({ ...it, by, name: head?.name ?? '' });
    }
  }
  return found;
}

export function writtenLines(written: readonly WrittenFacts[]): string[] {
  if (written.length === 0) return [];
  const rows = written.map((it) => [when(it.timeMs), it.recordClass, it.name, it.by, it.recordId]);
  return [
    'New in your chart, written by others:',
    table([['when', 'class', 'what', 'by', 'record'], ...rows]),
    '',
  ];
}
