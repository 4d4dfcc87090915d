import { txGet } from '../../api/routes/tx-get.ts';
import { handler } from '../handler.ts';
import { outcomeMessage } from '../ledger-messages.ts';

/** Does not wait. Throws TX_UNKNOWN, COMMIT_TIMEOUT (it is not in a block yet). Source: rule H-7. */
export const handleTxGet = handler(txGet, async ({ gateway: { options }, params }) =>
  outcomeMessage(await options.engine.waitCommit(params.id, 0)),
);
