import { relayDelete } from '../../api/routes/relay-delete.ts';
import { handler } from '../handler.ts';

/** Throws NOT_FOUND, also for another account's. Source: docs/protocol/devices.md, rule D-7. */
export const handleRelayDelete = handler(relayDelete, ({ gateway, caller, params }) => {
  gateway.relay.end(params.session, caller.account);
  return { ok: true as const };
});
