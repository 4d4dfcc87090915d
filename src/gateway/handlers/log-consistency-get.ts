import { textOfBytes } from '../../api/message-parts.ts';
import { logConsistencyGet } from '../../api/routes/log-consistency-get.ts';
import { handler } from '../handler.ts';

/** Throws HEIGHT_UNKNOWN: the log never had this size. Source: rule F-2. */
export const handleLogConsistencyGet = handler(
  logConsistencyGet,
  async ({ gateway: { options }, params: { log }, query: { from, to } }) => {
    const path = await options.engine.logConsistency(log, from, to);
    return { path: path.map(textOfBytes) };
  },
);
