import { bytesOfText, textOfBytes } from '../../../api/message-parts.ts';
import { accounts } from '../../../ledger/tables/accounts.ts';
import { organisations } from '../../../ledger/tables/organisations.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import type { Answer } from '../../../sdk/client/call.ts';
import { GatewayClient } from '../../../sdk/client/gateway-client.ts';
import { Http } from '../../../sdk/client/http.ts';
import { noticeWord, recoveryKeyBytes, recoveryWord, serverAddressIn } from '../api/notice.ts';
import { dataServerIncidentsPost } from '../api/routes/data-server-incidents-post.ts';
import { dataServersGet } from '../api/routes/data-servers-get.ts';
import { peerPost } from '../api/routes/peer-post.ts';
import type { LedgerRows, PeerLine } from '../node/data-server-base.ts';
import { openStatement } from '../node/statements.ts';

/** Where data servers answer: as they signed it, shown by the gateway of the hospital that enrolled them. Rule VS-3. */
export class ServerAddresses {
  readonly #ledger: LedgerRows;
  readonly #gatewayOf: (organisation: AccountId, url: string) => string;
  readonly #known = new Map<AccountId, string>();

  /** `gatewayOf`: where an organisation's gateway answers, given what the ledger says of it. */
  constructor(ledger: LedgerRows, gatewayOf: (organisation: AccountId, url: string) => string) {
    this.#ledger = ledger;
    this.#gatewayOf = gatewayOf;
  }

  /** Throws SERVER_UNKNOWN: it is none, or has not said where it answers. */
  async urlOf(server: AccountId): Promise<string> {
    const known = this.#known.get(server);
    if (known !== undefined) return known;
    const { notice } = await this.#shown(server);
    const found = serverAddressIn(await this.#said(server, { notice, word: noticeWord }));
    if (found === undefined) throw new CodedError('SERVER_UNKNOWN', { server });
    this.#known.set(server, found);
    return found;
  }

  /** Its recovery key, X-Wing; undefined: it has published none. Throws SERVER_UNKNOWN, GATEWAY_LIED. Rule VS-28. */
  async recoveryKeyOf(server: AccountId): Promise<Uint8Array | undefined> {
    const { recovery: notice } = await this.#shown(server);
    if (notice === undefined) return undefined;
    const key = await this.#said(server, { notice, word: recoveryWord });
    if (key.length !== recoveryKeyBytes) throw new CodedError('GATEWAY_LIED', { server });
    return key;
  }

  /** What its hospital shows of it. */
  async #shown(server: AccountId): Promise<Answer<typeof dataServersGet>['servers'][number]> {
    const row = await this.#ledger.row(accounts, server);
    const hospital = row && (await this.#ledger.row(organisations, row.organisation));
    if (row === undefined || hospital === undefined)
      throw new CodedError('SERVER_UNKNOWN', { server });
    const url = this.#gatewayOf(row.organisation, hospital.url);
    const { servers } = await new GatewayClient(new Http(url)).call(dataServersGet, {});
    const shown = servers.find(({ account }) => account === server);
    if (shown === undefined) throw new CodedError('SERVER_UNKNOWN', { server });
    return shown;
  }

  /** What a notice says, by the key that the ledger has of this server. */
  async #said(
    server: AccountId,
    { notice, word }: { readonly notice: string; readonly word: string },
  ): Promise<Uint8Array> {
    const said = await openStatement({ ledger: this.#ledger }, bytesOfText(notice));
    if (said.from !== server || said.word !== word)
      throw new CodedError('GATEWAY_LIED', { server });
    return said.payload;
  }

  /** Hands a notice of an incident to a hospital's gateway. Throws GATEWAY_UNREACHABLE, and what it refuses. Rule VT-12. */
  async handNotice(organisation: AccountId, statement: Uint8Array): Promise<void> {
    const hospital = await this.#ledger.row(organisations, organisation);
    const url = this.#gatewayOf(organisation, hospital?.url ?? '');
    const body = { notice: textOfBytes(statement) };
    await new GatewayClient(new Http(url)).call(dataServerIncidentsPost, { body });
  }

  /** It did not answer there: it may be elsewhere now. */
  forget(server: AccountId): void {
    this.#known.delete(server);
  }
}

/** Over HTTP. */
export const httpPeers = (addresses: ServerAddresses): PeerLine => ({
  async ask(server, statement) {
    try {
      const http = new Http(await addresses.urlOf(server), { retryDelaysMs: [] });
      return await new GatewayClient(http).call(peerPost, { stream: statement });
    } catch (error) {
      addresses.forget(server);
      throw error;
    }
  },
});
