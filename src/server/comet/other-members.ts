import { blockKeptGet } from '../../api/routes/block-kept-get.ts';
import { headerGet } from '../../api/routes/header-get.ts';
import { headerTurnsGet } from '../../api/routes/header-turns-get.ts';
import type { SigningKey } from '../../crypto/signature.ts';
import type { ShowKept } from '../../engines/cometbft/earlier-blocks.ts';
import type { SignedHeaderParts } from '../../ledger/chain/light-client.ts';
import { GatewayClient } from '../../sdk/client/gateway-client.ts';
import { Http } from '../../sdk/client/http.ts';
import { keySession } from '../../sdk/client/session.ts';
import { headerPartsOf } from '../../sdk/ledger/header-answer.ts';
import type { Hospital } from '../home-members.ts';
import { networkIn, ownIn } from '../member/network.ts';
import { type PeerConnections, peerUrl } from '../member/peer-fetch.ts';

/** Another member's gateway, as this hospital asks it for the ledger; nothing that it says is believed. */
export interface OtherMember {
  readonly name: string;
  readonly header: (height: number | 'latest') => Promise<SignedHeaderParts>;
  readonly turns: (height: number) => Promise<readonly number[]>;
  readonly kept: ShowKept;
}

/** One that does not answer so soon is passed over: there are others. */
const timeoutMs = 5_000;

/** The other members of the consortium of this home, called over mutual TLS. Throws HOME_INVALID. */
export function otherMembers(of: {
  readonly home: string;
  readonly chainId: string;
  readonly hospitals: readonly Pick<Hospital, 'name' | 'account' | 'signingKey'>[];
  readonly connections: Pick<PeerConnections, 'fetch'>;
}): readonly OtherMember[] {
  const { home, chainId, hospitals, connections } = of;
  const own = ownIn(home);
  const hospital = hospitals.find(({ name }) => name === own?.name);
  if (own === undefined || hospital === undefined) return [];
  const key = async (): Promise<SigningKey> => hospital.signingKey;
  return networkIn(home)
    .filter(({ organisation }) => organisation !== own.organisation)
    .map((member) => {
      const http = new Http(peerUrl(member), {
        ...{ fetch: connections.fetch, timeoutMs, retryDelaysMs: [] },
      });
      const at = { account: hospital.account, organisation: member.organisation, chainId };
      const stranger = new GatewayClient(http);
      const gateway = stranger.as(keySession(stranger, at, key, Date.now));
      return {
        name: member.name,
        header: async (height) =>
          headerPartsOf(await stranger.call(headerGet, { params: { height } })),
        turns: async (height) => (await gateway.call(headerTurnsGet, { params: { height } })).turns,
        kept: (height, signal) => gateway.call(blockKeptGet, { params: { height }, signal }),
      };
    });
}
