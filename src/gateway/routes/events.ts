import { Readable } from 'node:stream';
import { routePaths } from '../../api/paths.ts';
import type { BlockEvent } from '../../api/tx.ts';
import type { CommittedBlock } from '../../engines/engine.ts';
import type { Act } from '../../ledger/acts.ts';
import { decodeTx, txIdOfBytes } from '../../ledger/codec.ts';
import { accountIdOfKey } from '../../ledger/identity.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { Gateway } from '../gateway.ts';
import { type App, bearer, bytesAnswer, refusals, sessionOf } from './kinds.ts';

/** Blocks as they come, as server-sent events; `Last-Event-ID` resumes. Source: docs/protocol/http.md, rule H-8. */
export function eventRoutes(app: App, gateway: Gateway): void {
  const { engine } = gateway.options;
  let open = 0;

  app.get(
    routePaths.events,
    {
      // Nobody would read, nor ever end, the stream behind the answer to HEAD.
      exposeHeadRoute: false,
      schema: {
        summary: 'Accepted acts, block by block (server-sent events)',
        security: bearer,
        produces: ['text/event-stream'],
        response: { 200: bytesAnswer, ...refusals },
      },
    },
    async (request, reply) => {
      sessionOf(gateway, request);
      if (open >= gateway.settings.maxEventStreams) throw new CodedError('RATE_LIMITED');
      const from = startOf(request.headers['last-event-id'], engine.status().height);
      const stop = new AbortController();
      open += 1;
      const stream = Readable.from(eventsOf(engine.subscribe(from, stop.signal)));
      const end = () => stop.abort();
      // The client goes, or the gateway closes. Fastify then destroys the stream, but one that waits for a
      // block does not end before it comes.
      reply.raw.once('close', end);
      app.server.once('close', end);
      stream.once('close', () => {
        open -= 1;
        app.server.off('close', end);
        end();
      });
      return reply
        .type('text/event-stream')
        .header('cache-control', 'no-store')
        .header('x-accel-buffering', 'no')
        .send(stream);
    },
  );
}

function startOf(lastEventId: string | string[] | undefined, height: number): number {
  if (lastEventId === undefined) return height + 1;
  const last = typeof lastEventId === 'string' && /^\d{1,15}$/.test(lastEventId);
  if (!last) throw new CodedError('REQUEST_INVALID', { at: 'last-event-id' });
  return Number(lastEventId) + 1;
}

async function* eventsOf(blocks: AsyncIterable<CommittedBlock>): AsyncGenerator<string> {
  // Says at once that the stream is open.
  yield ': open\n\n';
  for await (const block of blocks) {
    yield `id: ${block.height}\nevent: block\ndata: ${JSON.stringify(eventOf(block))}\n\n`;
  }
}

/** Accepted acts only; of each what stands on the ledger in clear. */
export function eventOf({ height, timeMs, txs, results }: CommittedBlock): BlockEvent {
  const acts: BlockEvent['acts'] = [];
  for (const [at, bytes] of txs.entries()) {
    if (results[at]?.code !== 0) continue;
    try {
      const { body } = decodeTx(bytes);
      const txId = txIdOfBytes(bytes);
      for (const act of body.acts) {
        acts.push({ txId, kind: act.kind, log: body.log, account: body.sender, ...aboutOf(act) });
      }
    } catch (error) {
      if (!isCoded(error)) throw error;
    }
  }
  return { height, timeMs, acts };
}

function aboutOf(act: Act): { account?: string; consent?: string } {
  switch (act.kind) {
    case 'Enrol':
      return { account: accountIdOfKey(act.identity.suite, act.identity.signKey) };
    case 'RevokeKey':
      return { account: act.account };
    case 'ConsentGrant':
    case 'ConsentRevoke':
      return { consent: act.consent };
    case 'DataAnchor':
    case 'DiagnosisAnchor':
      return act.consent === '' ? {} : { consent: act.consent };
    default:
      return {};
  }
}
