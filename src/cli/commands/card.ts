import { bytesToHex } from '../../primitives/bytes.ts';
import { readCard } from '../../sdk/index.ts';
import { actingAccount, openActing, work } from '../acting.ts';
import { homeCards } from '../cards.ts';
import { readSmallFile } from '../files.ts';
import { short } from '../format.ts';
import { named } from '../harmless.ts';
import { NameBook } from '../name-book.ts';
import { writeOut } from '../write-out.ts';
import type { AddCommand, CommandContext } from './command.ts';

/** How people name each other: cards, given as files. */
export const addCard: AddCommand = (program, context) => {
  const card = program.command('card').description('cards: how people name each other');
  card
    .command('show')
    .description("this person's own card, to give to others")
    .option('--out <file>', 'write it to a file')
    .action((flags: { out?: string }) => show(context, flags));
  card
    .command('add <file>')
    .description("keep somebody's card, once it is proven")
    .option('--nickname <name>', 'what commands call them; default: the name on the card')
    .action((file: string, flags: { nickname?: string }) => add(context, file, flags));
};

async function show(context: CommandContext, flags: { readonly out?: string }): Promise<void> {
  const acting = await openActing(context);
  const { account } = actingAccount(acting);
  const bytes = acting.person.card(account);
  const { card } = readCard(bytes);
  const file = flags.out === undefined ? undefined : await writeOut(flags.out, bytes, context);
  const { name, role, organisation, licence } = card;
  const facts = { account, name, role, organisation, licence };
  const where = file === undefined ? { card: bytesToHex(bytes) } : { file };
  context.output.result({ ...facts, ...where }, () =>
    [
      `${named(name)}, ${role}${licence === '' ? '' : `, licence ${named(licence)}`}`,
      `account ${account}`,
      file === undefined ? 'To give it to somebody: --out FILE' : `written to ${file}`,
    ].join('\n'),
  );
}

async function add(
  context: CommandContext,
  file: string,
  flags: { readonly nickname?: string },
): Promise<void> {
  const acting = await openActing(context);
  const bytes = readSmallFile(file, 64 * 1024);
  const options = work(context, actingAccount(acting));
  const { nickname } = flags;
  const card = await acting.person.addCard(bytes, {
    ...options,
    ...(nickname !== undefined && { nickname }),
  });
  const { account, name, role, organisation, licence } = card;
  const names = new NameBook(context, acting);
  const hospital = names.nameOf(organisation);
  const others = [...acting.person.cards, ...homeCards(acting.home)].map((it) => it.card);
  const sameName = [
    ...new Set(
      others.filter((it) => it.name === name && it.account !== account).map((it) => it.account),
    ),
  ];
  if (sameName.length > 0) {
    context.output.note(
      `You know another ${named(name)} already: ${sameName.map(short).join(', ')}. Hospital, role and licence tell whom you mean.`,
    );
  }
  const facts = { account, name, role, organisation, hospital, licence };
  const same = sameName.length > 0 ? { sameName } : {};
  context.output.result({ ...facts, nickname: nickname ?? name, ...same }, () => {
    const licensed = licence === '' ? '' : `, licence ${named(licence)}`;
    return `Kept: ${named(nickname ?? name)} is ${named(name)}, ${role}${licensed}, enrolled by ${named(hospital)}`;
  });
}
