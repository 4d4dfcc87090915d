import * as z from 'zod/mini';
import { defineRoute } from '../route.ts';
import { shardNameText, walletCopyLimits } from '../wallet-copy.ts';

/** A sealed shard of one's own copies. */
export const walletShardGet = defineRoute({
  method: 'GET',
  path: '/v1/wallet/shards/:name',
  who: 'wallet',
  summary: 'A sealed shard of a copy of one’s wallet',
  rule: 'H-14',
  params: z.object({ name: shardNameText }),
  answer: 'bytes',
  media: 'application/octet-stream',
  answerBytes: walletCopyLimits.shardBytes,
  noHead: true,
  noStore: true,
});
