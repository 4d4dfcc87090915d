import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesOfText } from '../api/message-parts.ts';
import type {
  FoundPeople,
  InvitationRequest,
  InvitationsPage,
  ListedInvitation,
} from '../api/registration-desk.ts';
import type { Route } from '../api/route.ts';
import { freezePost } from '../api/routes/freeze-post.ts';
import { genesisGet } from '../api/routes/genesis-get.ts';
import { invitationCodePost } from '../api/routes/invitation-code-post.ts';
import { invitationDelete } from '../api/routes/invitation-delete.ts';
import { invitationsGet } from '../api/routes/invitations-get.ts';
import { invitationsPost } from '../api/routes/invitations-post.ts';
import { lookupPost } from '../api/routes/lookup-post.ts';
import { whoGet } from '../api/routes/who-get.ts';
import { genesisHash } from '../ledger/genesis.ts';
import type { Role } from '../ledger/roles.ts';
import { bytesToHex } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import type { AccountId, TxId } from '../primitives/ids.ts';
import type { Answer, Asking } from '../sdk/client/call.ts';
import { GatewayClient } from '../sdk/client/gateway-client.ts';
import { Http } from '../sdk/client/http.ts';
import { localHospitals } from './desk.ts';

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

  /** `token`: hex, as `Desk` shows it. */
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

  async lookUp(who: string): Promise<FoundPeople['people']> {
    return (await this.#call(lookupPost, { body: { who } })).people;
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

  #call<R extends Route>(route: R, asking: Asking<R>): Promise<Answer<R>> {
    const headers = { authorization: `Desk ${this.#token}` };
    return this.#gateway.call(route, { ...asking, headers, signal: this.#signal });
  }
}

/**
 * The desk of a hospital on this machine: whoever may read its token is the desk. Throws USAGE (no such hospital
 * runs here).
 */
export function localDesk(home: string, hospital: string, signal?: AbortSignal): RegistrationDesk {
  const found = localHospitals(home).find((it) => it.name === hospital);
  if (found === undefined) {
    throw new CodedError('USAGE', { problem: `no hospital ${hospital} runs on this home` });
  }
  const token = new Uint8Array(readFileSync(join(home, 'servers', hospital, 'desk.token')));
  return new RegistrationDesk(found.url, bytesToHex(token), signal);
}
