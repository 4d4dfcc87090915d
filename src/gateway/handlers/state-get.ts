import { stateGet } from '../../api/routes/state-get.ts';
import { handler } from '../handler.ts';
import { stateRow } from '../ledger-messages.ts';

export const handleStateGet = handler(stateGet, ({ gateway: { options }, params, query }) =>
  stateRow(options.engine, params, query.proof === '1'),
);
