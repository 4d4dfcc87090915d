import { timingSafeEqual } from 'node:crypto';
import { bytesOfText, textOfBytes } from '../../api/message-parts.ts';
import { routePaths } from '../../api/paths.ts';
import {
  cardAnswer,
  cardParams,
  enrolAnswer,
  enrolRequest,
  invitationAnswer,
  invitationRequest,
  maxWalletCopyBytes,
  walletAnswer,
  walletParams,
  walletPut,
  walletPutAnswer,
} from '../../api/people.ts';
import { sha256 } from '../../crypto/hash.ts';
import { utf8 } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { Gateway } from '../gateway.ts';
import { type App, bearer, refusals, sessionOf } from './kinds.ts';

/** Enrolment, cards and copies of wallets. Source: docs/protocol/http.md, rules H-13 and H-14. */
export function peopleRoutes(app: App, gateway: Gateway): void {
  app.post(
    routePaths.invitations,
    {
      schema: {
        summary: 'An invitation for somebody whom the registration desk has seen',
        security: [{ desk: [] }],
        body: invitationRequest,
        response: { 200: invitationAnswer, ...refusals },
      },
    },
    async ({ headers, body }) => {
      requireDesk(headers.authorization, gateway.options.deskToken);
      return { invitation: gateway.enrolment.invite(body.role) };
    },
  );

  app.post(
    routePaths.enrol,
    {
      schema: {
        summary: 'Become an account of this hospital, with an invitation',
        body: enrolRequest,
        response: { 200: enrolAnswer, ...refusals },
      },
    },
    async ({ body }) => {
      const enrolled = await gateway.enrolment.enrol(body);
      await gateway.index.reached(enrolled.height);
      return enrolled;
    },
  );

  app.get(
    routePaths.card,
    {
      schema: {
        summary: 'The card of somebody who works here',
        security: bearer,
        params: cardParams,
        response: { 200: cardAnswer, ...refusals },
      },
    },
    async (request) => {
      sessionOf(gateway, request);
      return { card: textOfBytes(gateway.enrolment.cardOf(request.params.account)) };
    },
  );

  app.put(
    routePaths.wallet,
    {
      bodyLimit: 2 * maxWalletCopyBytes,
      schema: {
        summary: 'Keep a sealed copy of one’s wallet',
        security: bearer,
        params: walletParams,
        body: walletPut,
        response: { 200: walletPutAnswer, ...refusals },
      },
    },
    async (request) => {
      const { account } = sessionOf(gateway, request);
      const { expectedVersion, sealed } = request.body;
      const copy = { expectedVersion, sealed: bytesOfText(sealed) };
      return { version: gateway.wallets.put(request.params.locator, account, copy) };
    },
  );

  app.get(
    routePaths.wallet,
    {
      exposeHeadRoute: false,
      schema: {
        summary: 'A sealed copy of a wallet',
        params: walletParams,
        response: { 200: walletAnswer, ...refusals },
      },
    },
    async ({ params, ip }, reply) => {
      void reply.header('cache-control', 'no-store');
      return gateway.wallets.get(params.locator, ip);
    },
  );
}

/** Compared as hashes, so that neither length nor place of a difference shows in the time it takes. */
function requireDesk(authorization: string | undefined, deskToken: string): void {
  const shown = sha256(utf8(authorization ?? ''));
  if (deskToken.length < 32 || !timingSafeEqual(shown, sha256(utf8(`Desk ${deskToken}`)))) {
    throw new CodedError('UNAUTHENTICATED');
  }
}
