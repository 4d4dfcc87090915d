import { stateGet } from '../../api/routes/state-get.ts';
import { handler } from '../handler.ts';
import { stateRow } from '../ledger-messages.ts';

/** A row that is not there is `null`, and that is proven too. Source: rule H-8. */
export const handleStateGet = handler(stateGet, ({ gateway: { options }, params, query }) =>
  stateRow(options.engine, params, query.proof === '1'),
);
