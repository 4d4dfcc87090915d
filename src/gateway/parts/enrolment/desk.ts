import { textOfBytes } from '../../../api/message-parts.ts';
import type {
  FoundPeople,
  InvitationRequest,
  InvitationsPage,
  ListedInvitation,
} from '../../../api/registration-desk.ts';
import type { Role } from '../../../ledger/roles.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { type AccountId, parseAccountId, type TxId } from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';
import type { Turns } from '../../turns.ts';
import type { Invitation, Invitations } from './invitations.ts';

/** Whom one desk may be told of at a time. */
const maxTold = 100;

/** What the registration desk of a hospital does. Source: docs/protocol/http.md, rules H-13 and H-19. */
export class Desk {
  readonly #base: GatewayBase;
  readonly #invitations: Invitations;
  readonly #turns: Turns;
  readonly #cardOf: (account: AccountId) => Uint8Array | undefined;

  /** `cardOf`: of a colleague. */
  constructor(
    base: GatewayBase,
    invitations: Invitations,
    turns: Turns,
    cardOf: (account: AccountId) => Uint8Array | undefined,
  ) {
    this.#base = base;
    this.#invitations = invitations;
    this.#turns = turns;
    this.#cardOf = cardOf;
  }

  /** A code for whom the desk has seen, and whom else this hospital knows by that name in that role. */
  invite(stated: InvitationRequest): IssuedCode & { readonly sameName: AccountId[] } {
    const sameName = this.#invitations
      .byName(stated.name)
      .filter(({ role }) => role === stated.role)
      .flatMap(({ account }) => account ?? [])
      .slice(0, maxTold);
    const { id, code, createdMs } = this.#invitations.add(stated);
    return { ...this.#issued(id, code, createdMs), sameName };
  }

  /** Throws REQUEST_INVALID. */
  list(asked: { readonly isAll: boolean; readonly cursor: string | undefined }): InvitationsPage {
    const { invitations, next } = this.#invitations.page(asked);
    return {
      invitations: invitations.map((it) => this.#listed(it)),
      ...(next === undefined ? {} : { next }),
    };
  }

  /** Throws NOT_FOUND, INVITATION_USED. */
  cancel(id: string): Promise<void> {
    return this.#inTurn(id, () => this.#invitations.end(id));
  }

  /** Throws NOT_FOUND, INVITATION_USED, INVITATION_BUSY. */
  reissue(id: string): Promise<ReissuedCode> {
    return this.#inTurn(id, () => {
      const { code, createdMs, stated } = this.#invitations.reissue(id);
      return { ...this.#issued(id, code, createdMs), ...stated };
    });
  }

  /**
   * Accounts of this hospital: by account, by the number of an invitation, or by the name on a card. A patient's
   * name is not kept: who looks for her needs one of the other two. Throws NOT_FOUND: there is none.
   */
  async lookUp(who: string): Promise<FoundPeople> {
    const found: FoundPeople['people'] = [];
    for (const { account, invitation } of this.#meant(who)) {
      const row = await this.#base.view.account(account);
      if (row === undefined || row.organisation !== this.#base.organisation) continue;
      const { role, frozen, enrolledHeight } = row;
      const card = this.#cardOf(account);
      found.push({
        ...{ account, role, frozen, enrolledHeight },
        ...(invitation !== undefined && { ...namesOf(invitation), invitation: invitation.id }),
        ...(card !== undefined && { card: textOfBytes(card) }),
      });
    }
    if (found.length === 0) throw new CodedError('NOT_FOUND');
    return { people: found };
  }

  /**
   * Freezes an account that this hospital enrolled; its own it does not: nobody would be left to enrol anybody.
   * Throws FORBIDDEN (its own), ACCOUNT_UNKNOWN, SENDER_WRONG (another hospital's), ACCOUNT_FROZEN.
   */
  async freeze(account: AccountId): Promise<{ readonly txId: TxId; readonly height: number }> {
    const { sender, organisation, settings } = this.#base;
    if (account === organisation) throw new CodedError('FORBIDDEN');
    const act = { kind: 'RevokeKey', account } as const;
    const { txId, height } = await sender.send('user', [act], settings.stalledMs);
    return { txId, height };
  }

  #meant(
    who: string,
  ): readonly { readonly account: AccountId; readonly invitation?: Invitation }[] {
    if (/^[0-9a-f]{64}$/.test(who)) {
      const account = parseAccountId(who);
      const invitation = this.#invitations.byAccount(account);
      return [{ account, ...(invitation !== undefined && { invitation }) }];
    }
    const invitations = /^[0-9a-f]{16}$/.test(who)
      ? [this.#invitations.byId(who)]
      : this.#invitations.byName(who);
    return invitations
      .flatMap((invitation) =>
        invitation.account === undefined ? [] : [{ account: invitation.account, invitation }],
      )
      .slice(0, maxTold);
  }

  #listed(it: Invitation): ListedInvitation {
    const { id, role, createdMs, account } = it;
    return {
      ...{ id, role, createdMs, state: this.#invitations.stateOf(it) },
      expiresMs: this.#invitations.expiresMs(it),
      ...namesOf(it),
      ...(account !== undefined && { account }),
    };
  }

  #issued(id: string, invitation: string, createdMs: number): IssuedCode {
    return { id, invitation, expiresMs: this.#invitations.expiresMs({ createdMs }) };
  }

  /** Not while somebody enrols with the code that is to end. */
  #inTurn<Result>(id: string, work: () => Result): Promise<Result> {
    return this.#turns.take(bytesToHex(this.#invitations.byId(id).hash), work);
  }
}

interface IssuedCode {
  readonly id: string;
  readonly invitation: string;
  readonly expiresMs: number;
}

interface ReissuedCode extends IssuedCode {
  readonly role: Role;
  readonly name: string;
  readonly licence: string;
}

function namesOf({ name, licence }: Invitation): { name?: string; licence?: string } {
  return {
    ...(name !== undefined && { name }),
    ...(licence !== '' && { licence }),
  };
}
