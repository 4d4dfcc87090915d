import { textOfBytes } from '../../api/message-parts.ts';
import { logHeadsGet } from '../../api/routes/log-heads-get.ts';
import type { LogHead } from '../../ledger/app-hash.ts';
import { handler } from '../handler.ts';

const headOf = ({ size, root }: LogHead) => ({ size, root: textOfBytes(root) });

/** Of the newest committed block. Source: rule F-1. */
export const handleLogHeadsGet = handler(logHeadsGet, async ({ gateway: { options } }) => {
  const { height, stateRoot, logs } = await options.engine.heads();
  const { user, doc } = logs;
  return { height, stateRoot: textOfBytes(stateRoot), user: headOf(user), doc: headOf(doc) };
});
