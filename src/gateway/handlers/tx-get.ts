import { txGet } from '../../api/routes/tx-get.ts';
import { handler } from '../handler.ts';
import { outcomeMessage } from '../ledger-messages.ts';

export const handleTxGet = handler(txGet, async ({ gateway: { options }, params }) =>
  outcomeMessage(await options.engine.waitCommit(params.id, 0)),
);
