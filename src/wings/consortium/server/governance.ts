import { charterAt, type HandedTo } from '../../../ledger/charter.ts';
import { memberRows, membersAt } from '../../../ledger/members.ts';
import { type OrganisationRight, organisationRights } from '../../../ledger/rights.ts';
import { type LedgerView, onlyRow, type StateTable } from '../../../ledger/table.ts';
import { accounts } from '../../../ledger/tables/accounts.ts';
import { members as membersTable } from '../../../ledger/tables/members.ts';
import { organisations, rightsAt } from '../../../ledger/tables/organisations.ts';
import { validators as validatorsTable } from '../../../ledger/tables/validators.ts';
import { type ValidatorCase, validatorsCases } from '../../../ledger/tables/validators-cases.ts';
import { validatorsOf } from '../../../ledger/validator-set.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { handedTo, handoverIn } from '../../../server/comet/handover.ts';
import { type HeldKey, heldKeys } from '../../../server/founding.ts';
import { OrganisationDesk, type TakenTx } from '../../../server/organisation-desk.ts';
import { serversOf } from '../../../server/process.ts';
import { type GovPropose, proposalId } from '../ledger/acts/gov-propose.ts';
import { type Change, changeFacts } from '../ledger/changes.ts';
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

/** What members decide together, seen and sent from the home of one of them. Throws as `OrganisationDesk`. */
export class GovernanceDesk {
  readonly #desk: OrganisationDesk;
  readonly #handedTo: HandedTo | undefined;

  private constructor(desk: OrganisationDesk, handedTo: HandedTo | undefined) {
    this.#desk = desk;
    this.#handedTo = handedTo;
  }

  /** `home`: of a ledger that was handed over it says to whom; no vote has written that into a row yet. */
  static async open(
    url: string,
    trustRoot: string,
    signal: AbortSignal,
    home?: string,
  ): Promise<GovernanceDesk> {
    const handover = home === undefined ? undefined : handoverIn(serversOf(home));
    const desk = await OrganisationDesk.open(url, trustRoot, signal);
    return new GovernanceDesk(desk, handover && handedTo(handover));
  }

  get chain(): string {
    return this.#desk.genesis.chainId;
  }

  /** Everything that is open or in force, each row by its proof. */
  async standing(): Promise<Standing> {
    const height = await this.#desk.height();
    const { timeMs } = this.#desk.ledger.tip;
    const rows = new Rows(this.#desk);
    await rows.fetch(membersTable, onlyRow);
    await rows.fetch(validatorsTable, onlyRow);
    const charter = charterAt(
      rows,
      { ...this.#desk.genesis, handedTo: this.#handedTo },
      height + 1,
    );
    const listed = [...new Set(memberRows(rows, charter).map(({ organisation }) => organisation))];
    const counting = membersAt(rows, charter, height + 1);
    const validators = validatorsOf(rows, charter);
    const members: ShownMember[] = [];
    const open: ShownProposal[] = [];
    for (const account of listed) {
      const row = await this.#desk.row(organisations, account);
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
      for (const { proposal: id } of (await this.#desk.row(proposalsOpen, account)) ?? []) {
        const proposal = await this.#desk.row(proposals, id);
        if (proposal !== undefined) open.push(shown(rows, { id, proposal, counting, timeMs }));
      }
    }
    return {
      ...{ chain: this.chain, height, timeMs, quorum: quorumOf(counting.length) },
      ...{ members, validators, open },
      cases: (await this.#desk.row(validatorsCases, onlyRow)) ?? [],
    };
  }

  /** The key by which this organisation speaks now. Throws ACCOUNT_UNKNOWN. */
  async keyOf(account: AccountId): Promise<Uint8Array> {
    return (await this.#desk.accountOf(account)).signKey;
  }

  /** It counts as a member now, or from a height on that is to come. */
  async isListed(account: AccountId): Promise<boolean> {
    const height = await this.#desk.height();
    const rows = new Rows(this.#desk);
    await rows.fetch(membersTable, onlyRow);
    const listed = memberRows(rows, charterAt(rows, this.#desk.genesis, height + 1));
    return listed.some(
      ({ organisation, untilHeight }) =>
        organisation === account && (untilHeight === 0 || untilHeight > height),
    );
  }

  /** Any proposal, also one that is closed. Throws PROPOSAL_UNKNOWN. */
  async proposal(id: string): Promise<Proposal> {
    const proposal = await this.#desk.row(proposals, id);
    if (proposal === undefined) throw new CodedError('PROPOSAL_UNKNOWN', { proposal: id });
    return proposal;
  }

  /** By which key of a home one member speaks. Throws MEMBER_WRONG {held}: none, or several and none was named. */
  async speaker(home: string, named: string | undefined): Promise<HeldKey> {
    const held = await heldKeys(home, this.#desk.genesis);
    const meant = named === undefined ? held : held.filter(({ name }) => name === named);
    const [only, more] = meant;
    if (only === undefined || more !== undefined) {
      throw new CodedError('MEMBER_WRONG', { held: held.map(({ name }) => name).join(', ') });
    }
    return only;
  }

  /** Answers with the id of the proposal. */
  async propose(
    change: Change,
    by: HeldKey,
    number: number,
  ): Promise<TakenTx & { readonly proposal: string; readonly outcome: Proposal['outcome'] }> {
    const act: GovPropose = { kind: 'GovPropose', number, change };
    const taken = await this.#desk.send([act], by);
    const proposal = proposalId(act, { chainId: this.chain, sender: by.account });
    return { ...taken, proposal, outcome: (await this.proposal(proposal)).outcome };
  }

  async vote(
    proposal: string,
    yes: boolean,
    by: HeldKey,
  ): Promise<TakenTx & { readonly outcome: Proposal['outcome'] }> {
    const taken = await this.#desk.send([{ kind: 'GovVote', proposal, yes }], by);
    return { ...taken, outcome: (await this.proposal(proposal)).outcome };
  }
}

/** Throws USAGE. */
export function readRights(words: readonly string[]): readonly OrganisationRight[] {
  return words.map((word) => {
    const right = organisationRights.find((it) => it === word);
    if (right === undefined) {
      throw new CodedError('USAGE', { problem: `rights: ${organisationRights.join(', ')}` });
    }
    return right;
  });
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

/** Proven rows, for the rules of the ledger to look at: what was not fetched is not there. */
class Rows implements LedgerView {
  readonly #desk: OrganisationDesk;
  readonly #rows = new Map<string, unknown>();

  constructor(desk: OrganisationDesk) {
    this.#desk = desk;
  }

  async fetch<Row>(table: StateTable<Row>, id: string): Promise<Row | undefined> {
    const row = await this.#desk.row(table, id);
    this.#rows.set(`${table.name}/${id}`, row);
    return row;
  }

  get<Row>(table: StateTable<Row>, id: string): Row | undefined {
    // `fetch` put it under the name of its table.
    return this.#rows.get(`${table.name}/${id}`) as Row | undefined;
  }
}
