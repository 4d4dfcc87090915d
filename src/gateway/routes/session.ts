import { routePaths } from '../../api/paths.ts';
import { sessionBody, sessionReply } from '../../api/session.ts';
import type { Gateway } from '../gateway.ts';
import { type App, refusals } from './kinds.ts';

/** Signing in. Source: docs/protocol/http.md, rule H-6. */
export function sessionRoutes(app: App, gateway: Gateway): void {
  app.post(
    routePaths.session,
    {
      schema: {
        summary: 'Ask for a challenge; answer it for a session of ten minutes',
        body: sessionBody,
        response: { 200: sessionReply, ...refusals },
      },
    },
    async ({ body }) => {
      if ('signature' in body) return gateway.sessions.open(body);
      return { challenge: gateway.sessions.challenge(body.account) };
    },
  );
}
