import { charterAt, type HandedTo } from '../../../ledger/charter.ts';
import { memberRows } from '../../../ledger/members.ts';
import { type OrganisationRight, organisationRights } from '../../../ledger/rights.ts';
import { onlyRow } from '../../../ledger/table.ts';
import { members as membersTable } from '../../../ledger/tables/members.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { handedTo, handoverIn } from '../../../server/comet/handover.ts';
import { type HeldKey, heldKeys } from '../../../server/home-members.ts';
import { OrganisationDesk, type TakenTx } from '../../../server/organisation-desk.ts';
import { serversOf } from '../../../server/process.ts';
import { FetchedRows, type Standing, standingOf } from '../api/standing.ts';
import { type GovPropose, proposalId } from '../ledger/acts/gov-propose.ts';
import type { Change } from '../ledger/changes.ts';
import { type Proposal, proposals } from '../ledger/tables/proposals.ts';

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
    const beginning = { ...this.#desk.genesis, handedTo: this.#handedTo };
    return standingOf(this.#desk, beginning, { height, timeMs });
  }

  /** The key by which this organisation speaks now. Throws ACCOUNT_UNKNOWN. */
  async keyOf(account: AccountId): Promise<Uint8Array> {
    return (await this.#desk.accountOf(account)).signKey;
  }

  /** It counts as a member now, or from a height on that is to come. */
  async isListed(account: AccountId): Promise<boolean> {
    const height = await this.#desk.height();
    const rows = new FetchedRows(this.#desk);
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
