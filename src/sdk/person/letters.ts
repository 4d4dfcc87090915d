import type { Question } from '../../api/ask.ts';
import type { AccountId } from '../../primitives/ids.ts';
import type { WaitingAsk, WaitingMessage } from '../client/receive-messages.ts';
import { ask } from '../grants/asking.ts';
import { type ReceivedGrant, receivedGrants } from '../grants/received.ts';
import type { AsAccount } from './acting.ts';
import { KnownPeople } from './known-people.ts';

/** What other people wrote to a person: letters that wait, and questions both ways. */
export abstract class Letters extends KnownPeople {
  /** Fetches new messages, and lists every grant this person holds. */
  inbox(options: AsAccount = {}): Promise<readonly ReceivedGrant[]> {
    return this.act(options, async (ctx) => {
      await this.inboxes.receive(ctx, options);
      return receivedGrants(ctx, options);
    });
  }

  /** `inbox`, and with it the letters of this account that wait: from then on its person is known here. */
  acceptLetters(from: AccountId, options: AsAccount = {}): Promise<readonly ReceivedGrant[]> {
    return this.act(options, async (ctx) => {
      await this.inboxes.receive(ctx, { ...options, accept: new Set([from]) });
      return receivedGrants(ctx, options);
    });
  }

  /** Removes the letters of this account that wait; of nobody: the messages that do not open. Returns how many. */
  dropLetters(from: AccountId | undefined, options: AsAccount = {}): Promise<number> {
    return this.act(options, (ctx) => this.inboxes.dropLetters(ctx, from, options));
  }

  /**
   * Letters that hold and wait at the hospital, as of the last `inbox` or `sync`: of people who are not known here, or
   * who sent enough. `acceptLetters` takes them, `dropLetters` removes them.
   */
  get waitingLetters(): readonly WaitingMessage[] {
    return this.inboxes.waiting;
  }

  /**
   * Asks somebody to be granted something, or who he is, or says who this person is; he sees it with this person's card
   * at his next `inbox`. Throws ACCOUNT_UNKNOWN.
   */
  ask(to: AccountId, question: Question, options: AsAccount = {}): Promise<void> {
    return this.act(options, (ctx) => ask(ctx, to, question, options));
  }

  /** Questions of others that wait for an answer, as of the last `inbox` or `sync`: the newest of each person. */
  get asks(): readonly WaitingAsk[] {
    return this.inboxes.asks;
  }

  /** Lets go what this account asked, answered or not: he is not told. Returns how many. */
  dropAsks(from: AccountId, options: AsAccount = {}): Promise<number> {
    return this.act(options, async (ctx) => {
      await this.inboxes.receive(ctx, options);
      return this.inboxes.dropAsks(ctx, from, options);
    });
  }

  /**
   * Messages of a kind that this version does not know, as of the last `inbox` or `sync`. They stay at the
   * hospital; a newer version reads them.
   */
  get notUnderstoodCount(): number {
    return this.inboxes.notUnderstood;
  }

  /** Messages at the hospital that no key of this wallet opens, as of the last `inbox` or `sync`. */
  get unreadableCount(): number {
    return this.inboxes.unreadable;
  }
}
