import { CodedError } from '../../../primitives/errors.ts';

const patienceMs = 10_000;

/** What the node answered to one question, by the names of its JSON; numbers of 64 bits are text there. */
export type Answered = Readonly<Record<string, unknown>>;

/** An error of the node's own, such as that its application went away or has no room: `data` says what. */
export class RpcError extends Error {
  readonly data: string;

  constructor(message: string, data: string) {
    super(`${message}: ${data}`);
    this.data = data;
  }
}

/**
 * CometBFT's JSON-RPC on this machine's loopback: questions by POST, and news of blocks over a WebSocket.
 * Source: CometBFT v0.38, rpc/openapi; docs/protocol/cometbft.md, rule CB-8.
 */
export class CometRpc {
  readonly #url: string;
  #last = 0;

  /** `url`: such as http://127.0.0.1:26657. */
  constructor(url: string) {
    this.#url = url;
  }

  /** Throws NODE_SILENT: no answer, or (then its cause is an RpcError) only that there is none. */
  async ask(
    method: string,
    params: Readonly<Record<string, unknown>> = {},
    signal?: AbortSignal,
  ): Promise<Answered> {
    this.#last += 1;
    const late = AbortSignal.timeout(patienceMs);
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: this.#last, method, params }),
        signal: signal === undefined ? late : AbortSignal.any([signal, late]),
      });
      const { result, error } = (await response.json()) as {
        readonly result?: Answered;
        readonly error?: { readonly message?: string; readonly data?: string };
      };
      if (result !== undefined) return result;
      throw new RpcError(error?.message ?? 'no result', error?.data ?? '');
    } catch (cause) {
      throw new CodedError('NODE_SILENT', { method }, cause);
    }
  }

  /** Calls `onBlock` for each block that is made until the signal, and `onLost` once when nothing more will be heard. */
  listen(onBlock: () => void, onLost: () => void, signal: AbortSignal): void {
    const socket = new WebSocket(`${this.#url.replace(/^http/, 'ws')}/websocket`);
    const query = "tm.event='NewBlockHeader'";
    const order = { jsonrpc: '2.0', id: 1, method: 'subscribe', params: { query } };
    socket.addEventListener('open', () => socket.send(JSON.stringify(order)));
    socket.addEventListener('message', onBlock);
    socket.addEventListener('error', () => socket.close());
    socket.addEventListener('close', onLost, { once: true });
    signal.addEventListener('abort', () => socket.close(), { once: true });
  }
}
