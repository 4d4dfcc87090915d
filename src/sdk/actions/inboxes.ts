import type { AccountId } from '../../primitives/ids.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import type { MessageKind } from '../client/messages.ts';
import {
  dropMessages,
  type ReceivedMessages,
  type ReceiveOptions,
  receiveMessages,
  type WaitingAsk,
  type WaitingMessage,
} from '../client/receive-messages.ts';
import { forgetEnded } from '../grants/received.ts';
import { later } from '../later.ts';

/** The inboxes of a wallet's accounts: what is left in each, as of the last time that it was asked. */
export class Inboxes {
  readonly #kinds: readonly MessageKind[];
  readonly #left = new Map<AccountId, ReceivedMessages>();

  constructor(kinds: readonly MessageKind[]) {
    this.#kinds = kinds;
  }

  get notUnderstood(): number {
    return [...this.#left.values()].reduce((sum, it) => sum + it.notUnderstood, 0);
  }

  get waiting(): readonly WaitingMessage[] {
    return [...this.#left.values()].flatMap((it) => it.waiting);
  }

  get asks(): readonly WaitingAsk[] {
    return [...this.#left.values()].flatMap((it) => it.asks);
  }

  get unreadable(): number {
    return [...this.#left.values()].reduce((sum, it) => sum + it.unreadable.length, 0);
  }

  /** Takes in what came, and writes what waited for a new write key. */
  async receive(ctx: Context, options: ReceiveOptions): Promise<ReceivedMessages> {
    // Before new letters: it makes room for them.
    await forgetEnded(ctx, options);
    const received = await receiveMessages(ctx, this.#kinds, options);
    await (await later.writeAgain()).writeAgain(ctx, options);
    this.#left.set(ctx.account.account, received);
    return received;
  }

  /** Removes the letters of this account that wait; of nobody: the messages that do not open. Returns how many. */
  async dropLetters(
    ctx: Context,
    from: AccountId | undefined,
    options: WorkOptions,
  ): Promise<number> {
    const { waiting, unreadable } = await this.receive(ctx, options);
    const his = waiting.filter((it) => it.from === from).map((it) => it.inboxId);
    const gone = from === undefined ? unreadable : his;
    await dropMessages(ctx, gone, options.signal);
    return gone.length;
  }

  /** Lets go what this account asked, of what was fetched. Returns how many. */
  async dropAsks(ctx: Context, from: AccountId, { signal }: WorkOptions): Promise<number> {
    const left = this.#left.get(ctx.account.account);
    const his = left?.asks.filter((it) => it.from === from) ?? [];
    const inboxIds = his.map((it) => it.inboxId);
    await dropMessages(ctx, inboxIds, signal);
    if (left !== undefined && his.length > 0) {
      const asks = left.asks.filter((it) => it.from !== from);
      this.#left.set(ctx.account.account, { ...left, asks });
    }
    return his.length;
  }
}
