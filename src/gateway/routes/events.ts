import { Readable } from 'node:stream';
import { routePaths } from '../../api/paths.ts';
import type { BlockEvent } from '../../api/tx.ts';
import type { CommittedBlock } from '../../engines/engine.ts';
import type { Act } from '../../ledger/acts.ts';
import { decodeTx, txIdOfBytes } from '../../ledger/codec.ts';
import { type LogProfile, parseGenesis } from '../../ledger/genesis.ts';
import { accountIdOfKey } from '../../ledger/identity.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { Gateway } from '../gateway.ts';
import type { Session } from '../parts/sessions/sessions.ts';
import { type App, bearer, bytesAnswer, refusals, sessionOf } from './kinds.ts';

const silenceMs = 30_000;

/** Blocks as they come, as server-sent events; `Last-Event-ID` resumes. Source: docs/protocol/http.md, rule H-8. */
export function eventRoutes(app: App, gateway: Gateway): void {
  const { engine, genesis } = gateway.options;
  let profile: readonly LogProfile[] | undefined;
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
      const session = sessionOf(gateway, request);
      if (open >= gateway.settings.maxEventStreams) throw new CodedError('RATE_LIMITED');
      profile ??= parseGenesis(genesis).logs;
      const logs = profile;
      const from = startOf(request.headers['last-event-id'], engine.status().height);
      const stop = new AbortController();
      open += 1;
      const blocks = engine.subscribe(from, stop.signal);
      const stream = Readable.from(eventsOf(blocks, (block) => eventOf(block, session, logs)));
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

async function* eventsOf(
  blocks: AsyncIterable<CommittedBlock>,
  tell: (block: CommittedBlock) => BlockEvent,
): AsyncGenerator<string> {
  // Says at once that the stream is open, and now and then that it still is: silent sockets are closed.
  yield ': open\n\n';
  const iterator = blocks[Symbol.asyncIterator]();
  let next = iterator.next();
  for (;;) {
    const came = await orSilence(next);
    if (came === undefined) yield ': open\n\n';
    else if (came.done === true) return;
    else {
      const { height } = came.value;
      yield `id: ${height}\nevent: block\ndata: ${JSON.stringify(tell(came.value))}\n\n`;
      next = iterator.next();
    }
  }
}

async function orSilence<Value>(coming: Promise<Value>): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), silenceMs);
    timer.unref();
  });
  try {
    return await Promise.race([coming, silence]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Accepted acts; of each what stands on the ledger in clear. A log that is not for everybody is told to the roles
 * its profile names, and to each account what is about itself.
 */
export function eventOf(
  { height, timeMs, txs, results }: CommittedBlock,
  reader: Session,
  logs: readonly LogProfile[],
): BlockEvent {
  const acts: BlockEvent['acts'] = [];
  for (const [at, bytes] of txs.entries()) {
    if (results[at]?.code !== 0) continue;
    try {
      const { body } = decodeTx(bytes);
      const readers = logs.find(({ name }) => name === body.log)?.readers ?? [];
      if (!readers.includes(reader.role) && body.sender !== reader.account) continue;
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
