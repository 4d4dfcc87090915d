import { Readable } from 'node:stream';
import { eventsGet } from '../../api/routes/events-get.ts';
import type { BlockEvent } from '../../api/tx.ts';
import type { CommittedBlock } from '../../engines/engine.ts';
import { decodeTx, txIdOfBytes } from '../../ledger/codec.ts';
import { type GenesisLog, parseGenesis } from '../../ledger/genesis.ts';
import { moduleOf } from '../../ledger/protocol.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { openHandler } from '../handler.ts';
import type { Session } from '../parts/sessions/sessions.ts';

const silenceMs = 30_000;

/** Blocks as they come, as server-sent events; `Last-Event-ID` resumes. Source: docs/protocol/http.md, rule H-8. */
export const handleEventsGet = openHandler(eventsGet, ({ options, settings }) => {
  const { engine, genesis } = options;
  const { logs } = parseGenesis(genesis);
  let open = 0;
  return ({ caller, request, reply }) => {
    if (open >= settings.maxEventStreams) throw new CodedError('RATE_LIMITED');
    const from = startOf(request.headers['last-event-id'], engine.status().height);
    const stop = new AbortController();
    open += 1;
    const blocks = engine.subscribe(from, stop.signal);
    const stream = Readable.from(eventsOf(blocks, (block) => eventOf(block, caller, logs)));
    const end = () => stop.abort();
    // The client goes, or the gateway closes. Fastify then destroys the stream, but one that waits for a
    // block does not end before it comes.
    const { server } = request.server;
    reply.raw.once('close', end);
    server.once('close', end);
    stream.once('close', () => {
      open -= 1;
      server.off('close', end);
      end();
    });
    return reply.type(eventsGet.media).header('x-accel-buffering', 'no').send(stream);
  };
});

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
  logs: readonly GenesisLog[],
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
        acts.push({
          txId,
          kind: act.kind,
          log: body.log,
          account: body.sender,
          ...moduleOf(act).about?.(act),
        });
      }
    } catch (error) {
      if (!isCoded(error)) throw error;
    }
  }
  return { height, timeMs, acts };
}
