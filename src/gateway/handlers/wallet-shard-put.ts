import { walletShardPut } from '../../api/routes/wallet-shard-put.ts';
import { wholeBody } from '../body-stream.ts';
import { handler } from '../handler.ts';

/** Throws REQUEST_INVALID (other bytes have this name), QUOTA_EXCEEDED. Source: rule H-14. */
export const handleWalletShardPut = handler(
  walletShardPut,
  async ({ gateway: { sessions, wallets }, params, request }) => {
    const sealed = await wholeBody(request, { most: walletShardPut.bodyBytes });
    // The session may have ended while the body came.
    const { account } = sessions.require(request.headers.authorization);
    wallets.shards.put(account, params.name, sealed);
    return {};
  },
);
