import { bytesToHex } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import type { Action } from '../../../../sdk/action.ts';
import { entriesOf, withEnded } from '../../../../sdk/wallet/drawer.ts';
import { keptDeliveries } from '../kept-paillier.ts';
import { answeredOf } from './answered.ts';
import { type KeptQuestion, keptQuestions } from './kept-questions.ts';

/** Which questions of this account go; both together: all of both. */
export interface Forgotten {
  /** The digits that their ids begin with; also of one that was not answered: what was paid for it is gone with it. */
  readonly queries?: readonly string[];
  /** Those that were asked before then and are answered. */
  readonly beforeMs?: number | undefined;
}

/**
 * Takes questions out of the wallet, with what was answered, for good and on every device: that makes room for others. What
 * stands on the ledger stays, and so does what was spent. Returns their ids. Throws QUERY_UNKNOWN; AMBIGUOUS {query}. Rule VQ-39b.
 */
export const forgetQuestions: Action<Forgotten, readonly string[]> = {
  name: 'vitals/forget',
  async run(ctx, { queries = [], beforeMs = 0 }, { signal }) {
    const own = entriesOf(ctx.vault.content, keptQuestions).filter(
      ({ account }) => account === ctx.account.account,
    );
    const named = queries.map((query) => only(own, query));
    const going = new Set([...named, ...own.filter((it) => isAnsweredBefore(it, beforeMs))]);
    if (going.size === 0) return [];
    await ctx.writeDown((content) => {
      let left = content;
      for (const { query } of going) {
        left = withEnded(left, keptQuestions, query);
        left = withEnded(left, keptDeliveries, query);
      }
      return left;
    }, signal);
    return [...going].map(({ query }) => bytesToHex(query));
  },
};

function only(own: readonly KeptQuestion[], query: string): KeptQuestion {
  const [found, more] = own.filter((it) => bytesToHex(it.query).startsWith(query));
  if (found === undefined) throw new CodedError('QUERY_UNKNOWN', { query });
  if (more !== undefined) throw new CodedError('AMBIGUOUS', { query });
  return found;
}

function isAnsweredBefore(kept: KeptQuestion, beforeMs: number): boolean {
  const answered = answeredOf(kept);
  return answered !== undefined && answered.manifest.issuedMs < beforeMs;
}
