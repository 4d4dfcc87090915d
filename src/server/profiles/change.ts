import type { Genesis } from '../../ledger/genesis.ts';
import { profileRowId, profiles as profilesTable } from '../../ledger/tables/profiles.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { HeldKey } from '../home-members.ts';
import { OrganisationDesk, type TakenTx } from '../organisation-desk.ts';
import {
  enrollersOf,
  missingOf,
  type Proposal,
  requireKnownActs,
  requireSigned,
} from './proposal.ts';
import { type LogStanding, logStandings } from './standing.ts';

/** What the logs of a ledger take, and how its organisations let them take more. Throws as `OrganisationDesk`. */
export class ProfileDesk {
  readonly #desk: OrganisationDesk;

  private constructor(desk: OrganisationDesk) {
    this.#desk = desk;
  }

  static async open(url: string, trustRootJson: string, signal: AbortSignal): Promise<ProfileDesk> {
    return new ProfileDesk(await OrganisationDesk.open(url, trustRootJson, signal));
  }

  get genesis(): Genesis {
    return this.#desk.genesis;
  }

  /** What each log takes, and the height after which that is so. */
  async standings(): Promise<{ readonly height: number; readonly logs: readonly LogStanding[] }> {
    const height = await this.#desk.height();
    const logs = await logStandings(this.genesis, height, (log) =>
      this.#desk.row(profilesTable, profileRowId(log)),
    );
    return { height, logs };
  }

  /** Of these, one that may send such an act. Throws SENDER_WRONG: none of them. */
  senderOf(held: readonly HeldKey[]): HeldKey {
    const able = new Set(enrollersOf(this.genesis).map(({ account }) => account));
    const sender = held.find(({ account }) => able.has(account));
    if (sender === undefined) throw new CodedError('SENDER_WRONG');
    return sender;
  }

  /**
   * Sends what all have signed, by the key of one of them, and believes its commit by its receipt.
   *
   * Throws CHAIN_WRONG, LEDGER_NEWER, SIGNATURE_WRONG, PROFILE_APPROVAL {missing}, KEY_NOT_CURRENT {organisation} before
   * anything is sent; then as `OrganisationDesk.send`.
   */
  async send(proposal: Proposal, sender: HeldKey): Promise<TakenTx> {
    if (proposal.chain !== this.genesis.chainId) throw new CodedError('CHAIN_WRONG');
    requireKnownActs(proposal);
    await requireSigned(proposal);
    await this.#requireAll(proposal);
    return this.#desk.send(proposal.profiles, sender);
  }

  /** The rule A-9 asks the same; here the missing ones have names. */
  async #requireAll({ profiles }: Proposal): Promise<void> {
    const missing = missingOf(this.genesis, profiles);
    if (missing.length > 0) {
      const titles = missing.map(({ title }) => title).join(', ');
      throw new CodedError('PROFILE_APPROVAL', { missing: titles });
    }
    for (const { account } of enrollersOf(this.genesis)) {
      const { signKey } = await this.#desk.accountOf(account);
      for (const { approvals } of profiles) {
        const given = approvals.find(({ organisation }) => organisation === account);
        if (given !== undefined && !equalBytes(given.signKey, signKey)) {
          throw new CodedError('KEY_NOT_CURRENT', { organisation: account });
        }
      }
    }
  }
}
