import { CodedError } from '../../primitives/errors.ts';
import type { ListedGrant, UnlistedGrant, WalletAccount } from '../../sdk/index.ts';
import { caughtUp, openActing, work } from '../acting.ts';
import { amount, table, when } from '../format.ts';
import { endedFacts, mayText, standingFacts, stateText } from '../grant-text.ts';
import type { AddCommand, CommandContext } from './command.ts';

/** What a patient let others do, by the wallet, by its copy, and by the ledger. */
export const addGrants: AddCommand = (program, context) => {
  program
    .command('grants')
    .description('what this person granted, and what the ledger says about it')
    .option('--live', 'only those that live now')
    .action((flags: { live?: boolean }) => list(context, flags.live === true));
};

interface Given {
  readonly grant: ListedGrant;
  readonly account: WalletAccount;
}

async function list(context: CommandContext, onlyLive: boolean): Promise<void> {
  const acting = await openActing(context);
  if (acting.accounts.length === 0) throw new CodedError('PERSON_NOT_ENROLLED');
  await caughtUp(context, acting);
  const given: Given[] = [];
  const unlisted: UnlistedGrant[] = [];
  for (const account of acting.accounts) {
    const options = work(context, account);
    for (const grant of await acting.person.grants(options)) {
      if (!onlyLive || grant.state === 'live') given.push({ grant, account });
    }
    if (account.role === 'patient') unlisted.push(...(await acting.person.unlistedGrants(options)));
  }
  const grants = [...given.map(factsOf), ...unlisted.map(unlistedFacts)];
  context.output.result({ grants, count: grants.length }, () =>
    grants.length === 0
      ? 'Nothing is granted to anybody.'
      : [...tableOf(given), ...unlistedLines(unlisted)].join('\n'),
  );
}

function factsOf({ grant: it, account }: Given): Record<string, unknown> {
  const { consent, granteeName, looks, grantedHeight, revokedHeight } = it;
  const whose = { consent, granteeName, grantee: it.terms.grantee, account: account.account };
  const counts = { looks, grantedHeight, revokedHeight };
  return { ...whose, ...standingFacts(it), ...counts, ...endedFacts(it) };
}

function unlistedFacts(it: UnlistedGrant): Record<string, unknown> {
  return { ...it, state: 'live', known: false, revokedHeight: 0 };
}

function tableOf(given: readonly Given[]): string[] {
  if (given.length === 0) return [];
  const rows = given.map(({ grant: it }) => [
    it.consent,
    it.granteeName,
    stateText(it),
    mayText(it.terms),
    when(it.notAfterMs),
    String(it.looks),
  ]);
  return [table([['grant', 'to', 'state', 'may', 'until', 'looks'], ...rows])];
}

function unlistedLines(unlisted: readonly UnlistedGrant[]): string[] {
  if (unlisted.length === 0) return [];
  const rows = unlisted.map((it) => [
    it.consent,
    when(it.notAfterMs),
    String(it.looks),
    it.mayWrite ? 'also write' : 'read',
  ]);
  return [
    '',
    `${amount(unlisted.length, 'grant')} of this account on the ledger that this wallet does not know: given on another`,
    'device whose copy has not come. Take one back by its id: salus revoke GRANT',
    table([['grant', 'until', 'looks', 'may'], ...rows]),
  ];
}
