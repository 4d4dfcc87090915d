import * as z from 'zod/mini';
import { defineRoute } from '../route.ts';
import { shardNameText, walletCopyLimits } from '../wallet-copy.ts';

/** Before the head that names it. The same bytes again change nothing. */
export const walletShardPut = defineRoute({
  method: 'PUT',
  path: '/v1/wallet/shards/:name',
  who: 'session',
  summary: 'Store a sealed shard, for the copy that will name it',
  rule: 'H-14',
  params: z.object({ name: shardNameText }),
  stream: 'application/octet-stream',
  bodyBytes: walletCopyLimits.shardBytes,
  answer: z.object({}),
  repeatable: true,
});
