import { CodedError } from '../../primitives/errors.ts';
import type {
  AccountId,
  Person,
  ReceivedGrant,
  WaitingAsk,
  WaitingMessage,
} from '../../sdk/index.ts';
import { caughtUp, openActing, work } from '../acting.ts';
import { Choosing } from '../choosing.ts';
import { amount, short, table, when } from '../format.ts';
import { receivedFacts, stateText } from '../grant-text.ts';
import { purposeMeanings } from '../grant-words.ts';
import { named } from '../harmless.ts';
import { during } from '../output.ts';
import { writtenForMe, writtenLines } from '../written-for-me.ts';
import type { AddCommand, CommandContext } from './command.ts';

/** Letters are fetched, taken or removed; what others granted is listed. */
export const addInbox: AddCommand = (program, context) => {
  program
    .command('inbox')
    .description('fetch letters, and list what others granted to this person')
    .option('--live', 'only what lives now')
    .option(
      '--accept <who>',
      'take the letters of somebody that wait, or keep the card of who asks: an account, or a name shown',
    )
    .option(
      '--drop <who>',
      'remove them; `unreadable`: messages that do not open; `unwritten`: notes that wait',
    )
    .action((flags: InboxFlags) => inbox(context, flags));
};

interface InboxFlags {
  readonly live?: boolean;
  readonly accept?: string;
  readonly drop?: string;
}

async function inbox(context: CommandContext, flags: InboxFlags): Promise<void> {
  const acting = await openActing(context);
  const { person } = acting;
  if (acting.accounts.length === 0) throw new CodedError('PERSON_NOT_ENROLLED');
  await caughtUp(context, acting, { tells: false });
  const held = await during(context.output, 'Fetching letters', (progress) =>
    fetched(
      person,
      flags,
      acting.accounts.map((account) => work(context, account, progress)),
    ),
  );
  const grants = inOrder(held, flags.live === true);
  const written = await writtenForMe(context, acting);
  const { notUnderstoodCount: notUnderstood, unreadableCount: unreadable } = person;
  const waiting = person.waitingLetters.map(({ from, name, receivedMs, code }) => ({
    ...{ from, name, receivedMs, code },
  }));
  const unwritten = person.unwritten.map(({ consent, recordId, recordClass, name }) => ({
    ...{ consent, recordId, recordClass, name },
  }));
  const facts = { grants: grants.map(receivedFacts), count: grants.length };
  const left = {
    ...(notUnderstood > 0 && { notUnderstood }),
    ...(unreadable > 0 && { unreadable }),
    ...(waiting.length > 0 && { waiting }),
    ...(person.asks.length > 0 && { asks: person.asks.map(askFacts) }),
    ...(unwritten.length > 0 && { unwritten }),
    ...(written.length > 0 && { written }),
  };
  context.output.result({ ...facts, ...left }, () =>
    [
      ...writtenLines(written),
      grantsTable(grants),
      ...askLines(person.asks),
      ...waitingLines(person),
    ].join('\n'),
  );
}

/** Fetches for each account, and does with what waits what was asked; what is held then. */
async function fetched(
  person: Person,
  { accept, drop }: InboxFlags,
  accounts: readonly ReturnType<typeof work>[],
): Promise<readonly ReceivedGrant[]> {
  const each = async <T>(ask: (options: (typeof accounts)[number]) => Promise<T>): Promise<T[]> => {
    const all: T[] = [];
    for (const options of accounts) all.push(await ask(options));
    return all;
  };
  const inbox = async () => (await each((options) => person.inbox(options))).flat();
  const held = await inbox();
  if (accept !== undefined) {
    const asked = person.asks.find((it) => it.from === accept || it.name === accept);
    if (asked !== undefined) {
      await each((options) => accepted(person, asked, options));
      return held;
    }
    const from = senderOf(person.waitingLetters, accept);
    return (await each((options) => person.acceptLetters(from, options))).flat();
  }
  if (drop === undefined) return held;
  if (drop === unwrittenWord) {
    await each((options) => {
      const his = person.unwritten.filter((it) => it.account === options.as);
      return person.dropUnwritten(
        his.map((it) => it.recordId),
        options,
      );
    });
    return held;
  }
  const from =
    drop === unreadableWord
      ? undefined
      : senderOf([...person.waitingLetters, ...person.asks], drop);
  await each((options) => person.dropLetters(from, options));
  if (from !== undefined) await each((options) => person.dropAsks(from, options));
  // What is shown is what is left.
  return inbox();
}

/** Live ones first, those that end first before others; what has ended stands last, and leaves after a day. */
function inOrder(grants: readonly ReceivedGrant[], onlyLive: boolean): readonly ReceivedGrant[] {
  const order = ['live', 'not yet', 'ended'] as const;
  return grants
    .filter((it) => !onlyLive || it.state === 'live')
    .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.notAfterMs - b.notAfterMs);
}

const unreadableWord = 'unreadable';
const unwrittenWord = 'unwritten';

type Waiting = Pick<WaitingMessage, 'from' | 'name' | 'receivedMs'>;

/** Throws PERSON_UNKNOWN: nobody of this name waits; AMBIGUOUS: several do. */
function senderOf(waiting: readonly Waiting[], who: string): AccountId {
  const named = new Map(
    waiting.flatMap((it) =>
      it.from !== undefined && (it.from === who || it.name === who) ? [[it.from, it] as const] : [],
    ),
  );
  const [only, another] = named.keys();
  if (only === undefined) throw new CodedError('PERSON_UNKNOWN');
  if (another !== undefined) {
    const choices = [...named].map(([account, { name, receivedMs }]) => ({
      ...{ account, name, came: when(receivedMs) },
    }));
    throw new Choosing('AMBIGUOUS', choices);
  }
  return only;
}

/** Who asks is known by his card from then on; an introduction has done what it came for. */
async function accepted(
  person: Person,
  { card, from, question }: WaitingAsk,
  options: ReturnType<typeof work>,
): Promise<void> {
  await person.addCard(card, options);
  if (question.kind === 'introduction') await person.dropAsks(from, options);
}

const askFacts = ({ from, name, role, receivedMs, question }: WaitingAsk) => {
  const { kind, ...asked } = question;
  return { from, name, role, receivedMs, question: kind, ...asked };
};

function askLines(asks: readonly WaitingAsk[]): string[] {
  if (asks.length === 0) return [];
  return ['', 'Asked (--drop lets it go):', ...asks.map((it) => `  ${askLine(it)}`)];
}

/** What is asked, and the command that answers: by account, since a name may hold what a shell takes for more. */
function askLine({ from, name, role, question, receivedMs }: WaitingAsk): string {
  const who = `${named(name)} (${role}), ${when(receivedMs)}`;
  switch (question.kind) {
    case 'access': {
      const { readClasses, purpose, days } = question;
      const what = readClasses.length === 0 ? 'all' : readClasses.join(',');
      const wish = `asks to read ${what} for ${purposeMeanings[purpose]}, for ${amount(days, 'day')}`;
      const grant = `salus grant ${from} --class ${what} --purpose ${purpose} --until +${days}d`;
      return `${who} ${wish}. First salus inbox --accept ${from}, then ${grant}`;
    }
    case 'who':
      return `${who} asks who you are. salus ask ${from} --introduce sends your card`;
    case 'introduction':
      return `${who} says who this is. salus inbox --accept ${from} keeps the card`;
  }
}

/** What did not come into the wallet, and what can be done about it. */
function waitingLines(person: Person): string[] {
  const { waitingLetters, notUnderstoodCount, unreadableCount } = person;
  const lines: string[] = [];
  if (waitingLetters.length > 0) {
    const rows = waitingLetters.map((it) => [it.from ?? '', it.name, when(it.receivedMs), it.code]);
    lines.push('', `Waiting (take them with --accept, remove them with --drop):`);
    lines.push(table([['from', 'name', 'came', 'why'], ...rows]));
  }
  if (person.unwritten.length > 0) {
    const rows = person.unwritten.map((it) => [it.name, it.recordClass, it.consent]);
    const removed = `inbox --drop ${unwrittenWord}`;
    lines.push('', `Waiting for a new write key, then written (${removed} lets them go):`);
    lines.push(table([['note', 'class', 'grant'], ...rows]));
  }
  if (unreadableCount > 0) {
    const removed = `inbox --drop ${unreadableWord}`;
    lines.push('', `${amount(unreadableCount, 'message')} that no key opens: ${removed} removes.`);
  }
  if (notUnderstoodCount > 0) lines.push('', kept(notUnderstoodCount));
  return lines;
}

/** What a newer version sent is told, so that nobody waits for it in vain. */
function kept(notUnderstood: number): string {
  return `${amount(notUnderstood, 'message')} of a kind that this version does not know: kept in the inbox until Salus is updated.`;
}

function grantsTable(grants: readonly ReceivedGrant[]): string {
  return grants.length === 0
    ? 'Nobody has granted anything to this person.'
    : table([
        ['grant', 'from', 'state', 'may read', 'may write', 'for', 'until'],
        ...grants.map((it) => [
          it.consent,
          it.patientName || short(it.patient),
          stateText(it),
          it.terms.readClasses.join(', '),
          it.terms.writeClasses.join(', '),
          it.terms.purposes.join(', '),
          when(it.notAfterMs),
        ]),
      ]);
}
