import { bytesOfText } from '../../api/message-parts.ts';
import type {
  FoundPeople,
  InvitationRequest,
  InvitationsPage,
  ListedInvitation,
} from '../../api/registration-desk.ts';
import type { Route } from '../../api/route.ts';
import { deskLinkPost } from '../../api/routes/desk-link-post.ts';
import { deskSessionPost } from '../../api/routes/desk-session-post.ts';
import { deskSessionsDelete } from '../../api/routes/desk-sessions-delete.ts';
import { freezePost } from '../../api/routes/freeze-post.ts';
import { genesisGet } from '../../api/routes/genesis-get.ts';
import { invitationCodePost } from '../../api/routes/invitation-code-post.ts';
import { invitationDelete } from '../../api/routes/invitation-delete.ts';
import { invitationsGet } from '../../api/routes/invitations-get.ts';
import { invitationsPost } from '../../api/routes/invitations-post.ts';
import { lookupPost } from '../../api/routes/lookup-post.ts';
import { whoGet } from '../../api/routes/who-get.ts';
import { genesisHash } from '../../ledger/genesis.ts';
import type { Role } from '../../ledger/roles.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import type { AccountId, TxId } from '../../primitives/ids.ts';
import type { Answer, Asking } from '../client/call.ts';
import { GatewayClient } from '../client/gateway-client.ts';
import { Http } from '../client/http.ts';
import { formatCardLink } from '../grants/card-link.ts';

/** What the desk asks for somebody; no licence: none. */
export interface Invited {
  readonly role: InvitationRequest['role'];
  readonly name: string;
  readonly licence?: string | undefined;
}

/** A one-time code as it stands on a sheet. */
export interface IssuedInvitation {
  readonly id: string;
  readonly invitation: string;
  readonly expiresMs: number;
}

/**
 * The registration desk of a hospital, as who holds its token works there. Every call throws UNAUTHENTICATED (not
 * this hospital's token), GATEWAY_UNREACHABLE, INTERRUPTED, and what the gateway refuses.
 * Source: docs/protocol/http.md, rules H-13 and H-19.
 */
export class RegistrationDesk {
  readonly url: string;
  readonly #gateway: GatewayClient;
  readonly #token: string;
  readonly #signal: AbortSignal | undefined;

  /** `token`: hex: the hospital's own, or that of a session. */
  constructor(url: string, token: string, signal?: AbortSignal) {
    this.url = url;
    this.#gateway = new GatewayClient(new Http(url));
    this.#token = token;
    this.#signal = signal;
  }

  /** `sameName`: accounts of this hospital whose card says the same name and role. */
  invite({
    role,
    name,
    licence = '',
  }: Invited): Promise<IssuedInvitation & { readonly sameName: readonly AccountId[] }> {
    return this.#call(invitationsPost, { body: { role, name, licence } });
  }

  /** Newest first; all, or those that wait. */
  async invitations(isAll: boolean): Promise<readonly ListedInvitation[]> {
    const found: ListedInvitation[] = [];
    let cursor: string | undefined;
    do {
      const query = {
        ...(isAll && { all: '1' as const }),
        ...(cursor !== undefined && { cursor }),
      };
      const page: InvitationsPage = await this.#call(invitationsGet, { query });
      found.push(...page.invitations);
      // A page that gives nothing and goes on would never end.
      cursor = page.invitations.length === 0 ? undefined : page.next;
    } while (cursor !== undefined);
    return found;
  }

  async cancel(id: string): Promise<void> {
    await this.#call(invitationDelete, { params: { id } });
  }

  reissue(
    id: string,
  ): Promise<
    IssuedInvitation & { readonly role: Role; readonly name: string; readonly licence: string }
  > {
    return this.#call(invitationCodePost, { params: { id } });
  }

  /** `card`: of a colleague, as a link to hand out; a patient gives hers herself. */
  async lookUp(who: string): Promise<FoundPeople['people']> {
    const { people } = await this.#call(lookupPost, { body: { who } });
    return people.map(({ card, ...it }) => ({
      ...it,
      ...(card !== undefined && { card: formatCardLink(bytesOfText(card)) }),
    }));
  }

  freeze(account: AccountId): Promise<{ readonly txId: TxId; readonly height: number }> {
    return this.#call(freezePost, { body: { account } });
  }

  /** The hospital's name, and the hash of the genesis that this gateway gives to everybody. */
  async hospital(): Promise<{ readonly name: string; readonly genesisHash: string }> {
    const { name } = await this.#call(whoGet, {});
    const { genesis } = await this.#call(genesisGet, {});
    return { name, genesisHash: bytesToHex(genesisHash(bytesOfText(genesis))) };
  }

  /** A link that opens this desk in a browser, once; only the hospital's own token makes one. */
  link(): Promise<{ readonly link: string; readonly expiresMs: number }> {
    return this.#call(deskLinkPost, {});
  }

  /** Closes every desk that is open in a browser; returns how many. */
  async endSessions(): Promise<number> {
    return (await this.#call(deskSessionsDelete, {})).ended;
  }

  /** Opens a desk by its link: the session and until when. Throws UNAUTHENTICATED: it was used, or ran out. */
  static open(
    url: string,
    link: string,
    signal?: AbortSignal,
  ): Promise<{ readonly token: string; readonly expiresMs: number; readonly hospital: string }> {
    return new GatewayClient(new Http(url)).call(deskSessionPost, { body: { link }, signal });
  }

  #call<R extends Route>(route: R, asking: Asking<R>): Promise<Answer<R>> {
    const headers = { authorization: `Desk ${this.#token}` };
    return this.#gateway.call(route, { ...asking, headers, signal: this.#signal });
  }
}
