import {
  eraseAnswer,
  eraseRequest,
  itemsAnswer,
  itemsPage,
  itemsQuery,
  itemsRequest,
  readAnswer,
  readBody,
} from '../../api/items.ts';
import { bytesOfText } from '../../api/message-parts.ts';
import { routePaths } from '../../api/paths.ts';
import { maxReadRecords } from '../../api/read-request.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { Gateway } from '../gateway.ts';
import { type App, bearer, isForwarded, refusals, sessionOf } from './kinds.ts';

const maxItemsBody = 48 * 1024 * 1024;

/** Items: delivered, listed by their owner, read under grants, erased. Source: docs/protocol/http.md, H-9 to H-12. */
export function itemRoutes(app: App, gateway: Gateway): void {
  app.post(
    routePaths.items,
    {
      bodyLimit: maxItemsBody,
      schema: {
        summary: 'Deliver the rows of an anchor to come',
        security: bearer,
        body: itemsRequest,
        response: { 200: itemsAnswer, ...refusals },
      },
    },
    async (request) => {
      const session = sessionOf(gateway, request);
      return gateway.deliveries.accept(request.body, session, isForwarded(request));
    },
  );

  app.get(
    routePaths.items,
    {
      schema: {
        summary: 'One’s own rows',
        security: bearer,
        querystring: itemsQuery,
        response: { 200: itemsPage, ...refusals },
      },
    },
    async (request) => {
      const { account, since, changed, cursor = '' } = request.query;
      if (sessionOf(gateway, request).account !== account) throw new CodedError('FORBIDDEN');
      await gateway.index.caughtUp();
      const limit = maxReadRecords;
      const page = gateway.rows.page({ account, since, changed, cursor, limit });
      return {
        changes: gateway.rows.changesOf(account),
        rows: page.rows.map(({ row }) => row),
        ...(page.next === undefined ? {} : { next: page.next }),
      };
    },
  );

  app.post(
    routePaths.read,
    {
      bodyLimit: 256 * 1024,
      schema: {
        summary: 'Read under a grant; the look stands on the ledger before anything is answered',
        body: readBody,
        response: { 200: readAnswer, ...refusals },
      },
    },
    async (request) => gateway.reads.serve(request.body.request, isForwarded(request)),
  );

  app.post(
    routePaths.erase,
    {
      bodyLimit: 128 * 1024,
      schema: {
        summary: 'Erase one’s own items, on a signed order',
        body: eraseRequest,
        response: { 200: eraseAnswer, ...refusals },
      },
    },
    async ({ body }) => gateway.erasure.erase(bytesOfText(body.erase)),
  );
}
