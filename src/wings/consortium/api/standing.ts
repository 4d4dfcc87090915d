import { type Beginning, charterAt } from '../../../ledger/charter.ts';
import { memberRows, membersAt } from '../../../ledger/members.ts';
import { type LedgerView, onlyRow, type StateTable } from '../../../ledger/table.ts';
import { accounts } from '../../../ledger/tables/accounts.ts';
import { members as membersTable } from '../../../ledger/tables/members.ts';
import { organisations, rightsAt } from '../../../ledger/tables/organisations.ts';
import { validators as validatorsTable } from '../../../ledger/tables/validators.ts';
import { type ValidatorCase, validatorsCases } from '../../../ledger/tables/validators-cases.ts';
import { validatorsOf } from '../../../ledger/validator-set.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { changeFacts } from '../ledger/changes.ts';
import { counts, quorumOf } from '../ledger/counting.ts';
import { type Proposal, proposals } from '../ledger/tables/proposals.ts';
import { proposalsOpen } from '../ledger/tables/proposals-open.ts';

export interface ShownMember {
  readonly account: AccountId;
  readonly name: string;
  readonly url: string;
  readonly rights: readonly string[];
  readonly frozen: boolean;
  /** It votes and counts now; one that was voted in or out does so from, or until, a height that is near. */
  readonly counts: boolean;
  readonly validates: boolean;
}

export interface ShownProposal {
  readonly proposal: string;
  readonly by: AccountId;
  readonly outcome: Proposal['outcome'] | 'lapsed';
  readonly untilMs: number;
  readonly yes: readonly AccountId[];
  readonly no: readonly AccountId[];
  readonly facts: ReturnType<typeof changeFacts>;
}

/** What stands of a consortium on its ledger. */
export interface Standing {
  readonly chain: string;
  readonly height: number;
  readonly timeMs: number;
  /** So many yes decide. */
  readonly quorum: number;
  readonly members: readonly ShownMember[];
  readonly validators: readonly {
    readonly publicKey: Uint8Array;
    readonly power: number;
    readonly organisation: AccountId | '';
  }[];
  readonly open: readonly ShownProposal[];
  readonly cases: readonly ValidatorCase[];
}

/** Rows of the newest state: proven ones for whoever asks a gateway, the engine's own for the gateway itself. */
export interface RowSource {
  row<Row>(table: StateTable<Row>, id: string): Promise<Row | undefined>;
}

/** Everything that is open or in force after the block of `tip`. */
export async function standingOf(
  source: RowSource,
  beginning: Beginning,
  { height, timeMs }: { readonly height: number; readonly timeMs: number },
): Promise<Standing> {
  const rows = new FetchedRows(source);
  await rows.fetch(membersTable, onlyRow);
  await rows.fetch(validatorsTable, onlyRow);
  const charter = charterAt(rows, beginning, height + 1);
  const listed = [...new Set(memberRows(rows, charter).map(({ organisation }) => organisation))];
  const counting = membersAt(rows, charter, height + 1);
  const validators = validatorsOf(rows, charter);
  const members: ShownMember[] = [];
  const open: ShownProposal[] = [];
  for (const account of listed) {
    const row = await source.row(organisations, account);
    const held = await rows.fetch(accounts, account);
    if (row === undefined) continue;
    members.push({
      ...{ account, name: row.name, url: row.url, rights: rightsAt(row, height + 1) },
      frozen: held?.frozen ?? false,
      counts: counting.includes(account),
      validates: validators.some(({ organisation }) => organisation === account),
    });
  }
  for (const account of listed) {
    for (const { proposal: id } of (await source.row(proposalsOpen, account)) ?? []) {
      const proposal = await source.row(proposals, id);
      if (proposal !== undefined) open.push(shown(rows, { id, proposal, counting, timeMs }));
    }
  }
  return {
    ...{ chain: beginning.chainId, height, timeMs, quorum: quorumOf(counting.length) },
    ...{ members, validators, open },
    cases: (await source.row(validatorsCases, onlyRow)) ?? [],
  };
}

function shown(
  rows: LedgerView,
  {
    id,
    proposal,
    counting,
    timeMs,
  }: {
    readonly id: string;
    readonly proposal: Proposal;
    readonly counting: readonly AccountId[];
    readonly timeMs: number;
  },
): ShownProposal {
  const counted = proposal.votes.filter(
    (vote) => counting.includes(vote.organisation) && counts(rows, vote),
  );
  const those = (yes: boolean) =>
    counted.filter((vote) => vote.yes === yes).map(({ organisation }) => organisation);
  const { proposer: by, outcome, untilMs, change } = proposal;
  return {
    ...{ proposal: id, by, untilMs, yes: those(true), no: those(false) },
    outcome: outcome === 'open' && timeMs >= untilMs ? 'lapsed' : outcome,
    facts: changeFacts(change),
  };
}

/** Rows for the rules of the ledger to look at: what was not fetched is not there. */
export class FetchedRows implements LedgerView {
  readonly #source: RowSource;
  readonly #rows = new Map<string, unknown>();

  constructor(source: RowSource) {
    this.#source = source;
  }

  async fetch<Row>(table: StateTable<Row>, id: string): Promise<Row | undefined> {
    const row = await this.#source.row(table, id);
    this.#rows.set(`${table.name}/${id}`, row);
    return row;
  }

  get<Row>(table: StateTable<Row>, id: string): Row | undefined {
    // `fetch` put it under the name of its table.
    return this.#rows.get(`${table.name}/${id}`) as Row | undefined;
  }
}
