import { walletShardGet } from '../../api/routes/wallet-shard-get.ts';
import { handler } from '../handler.ts';

/** Throws NOT_FOUND, also for another account's. Source: rule H-14. */
export const handleWalletShardGet = handler(walletShardGet, ({ gateway, caller, params, reply }) =>
  reply.type(walletShardGet.media).send(gateway.wallets.shards.get(caller.account, params.name)),
);
