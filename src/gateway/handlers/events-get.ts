import { Readable } from 'node:stream';
import { eventsGet } from '../../api/routes/events-get.ts';
import type { BlockEvent } from '../../api/tx.ts';
import type { CommittedBlock } from '../../engines/engine.ts';
import { decodeTx, txIdOfBytes } from '../../ledger/codec.ts';
import { type GenesisLog, parseGenesis } from '../../ledger/genesis.ts';
import { moduleOf } from '../../ledger/protocol.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import { Shares } from '../../primitives/shares.ts';
import { openHandler } from '../handler.ts';
import type { Session } from '../parts/sessions/sessions.ts';
import type { GatewaySettings } from '../settings.ts';
import { openLogs, rolesOf } from './block-get.ts';

const silenceMs = 30_000;

/**
 * Blocks as they come, as server-sent events; `Last-Event-ID` resumes. A stream ends with the session that opened it,
 * and an account that opens more than its share ends its own oldest. Source: docs/protocol/http.md, rule H-8.
 */
export const handleEventsGet = openHandler(eventsGet, ({ options, settings, sessions }) => {
  const { engine, genesis } = options;
  const { logs } = parseGenesis(genesis);
  const streams = new OpenStreams(settings);
  return ({ caller, request, reply }) => {
    const { authorization, 'last-event-id': lastEventId } = request.headers;
    const from = startOf(lastEventId, engine.status().height);
    const stop = new AbortController();
    const close = streams.open(caller.account, () => stop.abort());
    const forget = sessions.onEnd(authorization, () => stop.abort());
    const blocks = engine.subscribe(from, stop.signal);
    const tell = (block: CommittedBlock) => {
      // The timer that ends the stream knows no other clock than the machine's.
      if (sessions.find(authorization) === undefined) stop.abort();
      return stop.signal.aborted ? undefined : eventOf(block, caller, logs);
    };
    const stream = Readable.from(eventsOf(blocks, { from, tell }));
    // The client goes, or the gateway closes. Fastify then destroys the stream, but one that waits for a
    // block does not end before it comes.
    const { server } = request.server;
    const end = () => stop.abort();
    reply.raw.once('close', end);
    server.once('close', end);
    stream.once('close', () => {
      server.off('close', end);
      close();
      forget();
      stop.abort();
    });
    return reply.type(eventsGet.media).header('x-accel-buffering', 'no').send(stream);
  };
});

/** What ends each open stream, by account. */
class OpenStreams {
  readonly #shares: Shares;
  readonly #ends = new Map<AccountId, (() => void)[]>();

  constructor(settings: Pick<GatewaySettings, 'eventStreamsPerAccount' | 'maxEventStreams'>) {
    const { eventStreamsPerAccount: each, maxEventStreams: all } = settings;
    this.#shares = new Shares({ each, all });
  }

  /** Returns what frees the place again. Throws RATE_LIMITED: all places are taken, none by this account. */
  open(account: AccountId, end: () => void): () => void {
    const ends = this.#ends.get(account) ?? [];
    while (!this.#shares.take(account)) {
      const oldest = ends.shift();
      if (oldest === undefined) throw new CodedError('RATE_LIMITED');
      this.#shares.give(account);
      oldest();
    }
    this.#ends.set(account, ends);
    ends.push(end);
    return () => {
      const at = ends.indexOf(end);
      // Not there: a newer stream has its place already.
      if (at < 0) return;
      ends.splice(at, 1);
      this.#shares.give(account);
      if (ends.length === 0) this.#ends.delete(account);
    };
  }
}

function startOf(lastEventId: string | string[] | undefined, height: number): number {
  if (lastEventId === undefined) return height + 1;
  const last = typeof lastEventId === 'string' && /^\d{1,15}$/.test(lastEventId);
  if (!last) throw new CodedError('REQUEST_INVALID', { at: 'last-event-id' });
  return Number(lastEventId) + 1;
}

async function* eventsOf(
  blocks: AsyncIterable<CommittedBlock>,
  {
    from,
    tell,
  }: { readonly from: number; readonly tell: (block: CommittedBlock) => BlockEvent | undefined },
): AsyncGenerator<string> {
  // Says at once that the stream is open, and after which height: who comes back misses nothing. And now and then that
  // it still is: silent sockets are closed.
  yield `: open\nid: ${from - 1}\n\n`;
  const iterator = blocks[Symbol.asyncIterator]();
  let next = iterator.next();
  for (;;) {
    const came = await orSilence(next);
    if (came === undefined) yield ': open\n\n';
    else if (came.done === true) return;
    else {
      const { height } = came.value;
      const told = tell(came.value);
      if (told === undefined) return;
      yield `id: ${height}\nevent: block\ndata: ${JSON.stringify(told)}\n\n`;
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
  block: CommittedBlock,
  reader: Session,
  logs: readonly GenesisLog[],
): BlockEvent {
  const { height, timeMs } = block;
  const open = openLogs(logs, rolesOf(reader));
  const acts = actsOf(block).filter(
    ({ log, account }) => open.has(log) || account === reader.account,
  );
  return { height, timeMs, acts };
}

/** Of every block that somebody is told of: a thousand streams tell of one, and it is read once. */
const actsOfBlocks = new WeakMap<CommittedBlock, BlockEvent['acts']>();

function actsOf(block: CommittedBlock): BlockEvent['acts'] {
  const known = actsOfBlocks.get(block);
  if (known !== undefined) return known;
  const acts = block.txs.flatMap((bytes, at) =>
    block.results[at]?.code === 0 ? actsIn(bytes) : [],
  );
  actsOfBlocks.set(block, acts);
  return acts;
}

function actsIn(bytes: Uint8Array): BlockEvent['acts'] {
  try {
    const { body } = decodeTx(bytes);
    const of = { txId: txIdOfBytes(bytes), log: body.log, account: body.sender };
    return body.acts.map((act) => ({ ...of, kind: act.kind, ...moduleOf(act).about?.(act) }));
  } catch (error) {
    if (!isCoded(error)) throw error;
    return [];
  }
}
