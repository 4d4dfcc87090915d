import {
  inboxAccepted,
  inboxAnswer,
  inboxParams,
  inboxQuery,
  inboxRequest,
} from '../../api/inbox.ts';
import { bytesOfText, okAnswer } from '../../api/message-parts.ts';
import { routePaths } from '../../api/paths.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { Gateway } from '../gateway.ts';
import { type App, bearer, isForwarded, refusals, sessionOf } from './kinds.ts';

/** Messages for accounts. Source: docs/protocol/http.md, rule H-11. */
export function inboxRoutes(app: App, gateway: Gateway): void {
  const { organisation } = gateway.options;

  app.post(
    routePaths.inbox,
    {
      bodyLimit: 128 * 1024,
      schema: {
        summary: 'Send a sealed message to an account of any hospital',
        body: inboxRequest,
        response: { 200: inboxAccepted, ...refusals },
      },
    },
    async (request) => {
      const travelling = bytesOfText(request.body.message);
      const message = await gateway.inbox.check(travelling);
      const home = (await gateway.view.account(message.to))?.organisation;
      if (home === undefined) throw new CodedError('NOT_FOUND');
      if (home === organisation) {
        gateway.inbox.receive(travelling, message);
        return { ok: true as const };
      }
      if (isForwarded(request)) throw new CodedError('NOT_FOUND');
      const call = { json: request.body, schema: inboxAccepted };
      return gateway.peers.post(home, routePaths.inbox, call);
    },
  );

  app.get(
    routePaths.inbox,
    {
      schema: {
        summary: 'What waits for the account that is signed in',
        security: bearer,
        querystring: inboxQuery,
        response: { 200: inboxAnswer, ...refusals },
      },
    },
    async (request) => {
      const { account } = sessionOf(gateway, request);
      await gateway.index.caughtUp();
      return gateway.inbox.list(account, request.query.after);
    },
  );

  app.delete(
    routePaths.inboxEntry,
    {
      schema: {
        summary: 'Take a message out of the inbox',
        security: bearer,
        params: inboxParams,
        response: { 200: okAnswer, ...refusals },
      },
    },
    async (request) => {
      gateway.inbox.delete(sessionOf(gateway, request).account, request.params.id);
      return { ok: true as const };
    },
  );
}
