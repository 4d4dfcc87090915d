import { type BlockEvent, blockEvent } from '../../api/tx.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { Context } from '../client/context.ts';
import { pause } from '../client/http.ts';

const againMs = 1_000;

/**
 * Blocks as they are committed, with their acts, until the signal: what a doctor's or a patient's screen
 * follows. A connection that broke, or ended with its session, goes on where it ended. What it tells is a hint to look, not a proof.
 */
export async function* watch(
  ctx: Context,
  options: { readonly signal: AbortSignal; readonly since?: number },
): AsyncGenerator<BlockEvent, void, undefined> {
  const { signal } = options;
  let last = options.since;
  while (!signal.aborted) {
    try {
      for await (const told of readEvents(await ctx.gateway.events(last, signal))) {
        last = told.lastHeight ?? last;
        if (told.event !== undefined) yield told.event;
      }
    } catch (error) {
      if (signal.aborted) return;
      // Reading a stream that broke off fails in a way of its own on each platform.
      if (isCoded(error) && !isCoded(error, 'GATEWAY_UNREACHABLE')) throw error;
    }
    if (!signal.aborted) await pause(againMs, signal).catch(() => undefined);
  }
}

export interface Told {
  /** Where it goes on after this; also before the first block, so that a stream which ends early loses none. */
  readonly lastHeight: number | undefined;
  readonly event: BlockEvent | undefined;
}

const maxEventCharacters = 1024 * 1024;

/** Blocks as a gateway's stream tells them, until it ends. */
export async function* readEvents(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<Told, void, undefined> {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  let text = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        yield { lastHeight: lastHeightIn(block), event: parseEvent(block) };
      }
      if (text.length > maxEventCharacters) return;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function lastHeightIn(block: string): number | undefined {
  const digits = /^id: ?(\d{1,15})\r?$/m.exec(block)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** One server-sent event; undefined for comments and events of another kind. */
export function parseEvent(block: string): BlockEvent | undefined {
  const data = block
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).trimStart())
    .join('\n');
  if (data === '') return undefined;
  try {
    const parsed = blockEvent.safeParse(JSON.parse(data));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
