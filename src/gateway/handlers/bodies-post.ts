import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { decodeBodiesAsk } from '../../api/bodies.ts';
import { ticketHeader } from '../../api/routes/blob-get.ts';
import { bodiesPost } from '../../api/routes/bodies-post.ts';
import { CodedError } from '../../primitives/errors.ts';
import { wholeBody } from '../body-stream.ts';
import { isForwarded } from '../caller.ts';
import { type Asked, handler } from '../handler.ts';
import { type BodyStream, lookAgainMs } from '../parts/reading/body-streams.ts';

/** Many bodies as one stream, which ends with the right to read them. Source: docs/protocol/http.md, rule H-25. */
export const handleBodiesPost = handler(bodiesPost, async (asked) => {
  const { gateway, query, request, reply } = asked;
  const bytes = await wholeBody(request, { most: bodiesPost.bodyBytes });
  const shown = request.headers[ticketHeader];
  const ticket = typeof shown === 'string' ? shown : undefined;
  const { at } = query;
  if (at !== undefined && at !== gateway.options.organisation && !isForwarded(request)) {
    return passOn(asked, at, { bytes, ticket });
  }
  await gateway.index.caughtUp();
  const ask = decodeBodiesAsk(bytes);
  // The session may have ended while the order came.
  const session = gateway.sessions.require(request.headers.authorization);
  const stream = await gateway.bodies.open(ask, { ...session, ticket });
  const source = Readable.from(stream.pieces(), { objectMode: false, highWaterMark: 0 });
  const end = watch(source, stream, reply, gateway.settings.bodyStreamPatienceMs);
  // It ends with the keys of who opened it.
  whenClosed(reply, gateway.sessions.onEnd(request.headers.authorization, end));
  return begin(reply).send(source);
});

const begin = (reply: FastifyReply): FastifyReply =>
  reply.type(bodiesPost.media).header('cache-control', 'private, no-store');

/** At once where who asked has left meanwhile: nothing closes twice. */
function whenClosed({ raw }: FastifyReply, over: () => void): void {
  if (raw.destroyed) over();
  else raw.once('close', over);
}

/**
 * Ends the connection once the right to read has ended, also while nothing is taken, and when nothing was taken for too
 * long: what lies here for somebody who has left is in nobody's way. Returns what ends it at once.
 */
function watch(
  source: Readable,
  stream: BodyStream,
  reply: FastifyReply,
  patienceMs: number,
): () => void {
  const { raw } = reply;
  const end = (): void => {
    raw.destroy();
    source.destroy();
  };
  let taken = 0;
  let idleMs = 0;
  const look = async (): Promise<void> => {
    const sent = raw.socket?.bytesWritten ?? 0;
    idleMs = sent === taken ? idleMs + lookAgainMs : 0;
    taken = sent;
    if (idleMs >= patienceMs || !(await stream.mayGoOn())) end();
  };
  const timer = setInterval(() => void look().catch(end), lookAgainMs);
  timer.unref();
  whenClosed(reply, () => {
    clearInterval(timer);
    source.destroy();
    stream.done();
  });
  return end;
}

/** Only for those who are enrolled: this hospital asks in its own name, and stops when who asked has left. */
async function passOn(
  { gateway, request, reply }: Asked<typeof bodiesPost>,
  at: NonNullable<Asked<typeof bodiesPost>['query']['at']>,
  ask: { readonly bytes: Uint8Array; readonly ticket: string | undefined },
): Promise<FastifyReply> {
  const { account } = gateway.sessions.require(request.headers.authorization);
  const left = new AbortController();
  whenClosed(reply, () => left.abort());
  const answer = await gateway.peers.bodies(at, ask, account, left.signal);
  if (answer.body === null) throw new CodedError('GATEWAY_LIED', { organisation: at });
  return begin(reply).send(Readable.fromWeb(answer.body));
}
