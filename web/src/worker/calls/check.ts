import { checkReceiptFile, explainReceipt, type ReceiptFacts } from '@salus/salus/sdk/browser';
import type { Call } from '../call.ts';

/** A receipt that holds, as a page shows it. */
export interface CheckedView {
  readonly timeMs: number;
  readonly height: number;
  readonly chain: string;
  readonly txId: string;
  readonly headerHash: string;
  readonly sender: string;
  readonly outcome: string;
  readonly acts: readonly ReceiptFacts[];
  readonly claim: ReceiptFacts | undefined;
  readonly names: readonly {
    readonly account: string;
    readonly name: string;
    readonly role: string;
    readonly hospital: string;
  }[];
  readonly validatorsSigned: number;
  readonly validatorsTotal: number;
  readonly witnesses: number;
  readonly trustWords: readonly string[];
  /** `given`: an open wallet's ledger; `words`: what somebody typed; `bundle`: only the file's own word. */
  readonly trustedBy: 'given' | 'words' | 'bundle';
}

/**
 * Checks a receipt offline: against the ledger of the wallet that is open, else by words that somebody typed, else by the
 * file's own, which is only as good as its words. Throws RECEIPT_INVALID, TRUST_ROOT_WRONG.
 */
const receipt: Call<
  { readonly file: Uint8Array; readonly words?: string | undefined },
  CheckedView
> = async (session, { file, words }) => {
  const own = ownTrustRoot(session);
  const typed = words === undefined || words.trim() === '' ? undefined : words;
  const checked = await checkReceiptFile(file, {
    ...(own !== undefined && typed === undefined && { trustRootJson: own }),
    ...(typed !== undefined && { words: typed }),
  });
  const { verdict, names, trustWords, trustedBy } = checked;
  const said = explainReceipt(verdict);
  const { timeMs, height, chain, txId, headerHash } = verdict;
  const { validatorsSigned, validatorsTotal, witnesses } = verdict;
  return {
    ...{ timeMs, height, chain, txId, headerHash, validatorsSigned, validatorsTotal, witnesses },
    ...{ sender: said.sender, outcome: said.outcome, acts: said.acts, claim: said.claim },
    names: names.map(({ account, name, role, hospital }) => ({ account, name, role, hospital })),
    trustWords,
    trustedBy,
  };
};

function ownTrustRoot(session: Parameters<typeof receipt>[0]): string | undefined {
  try {
    return session.person.trustRootJson(session.as.as);
  } catch {
    // Nobody is open here, or nobody is enrolled: the file's own word, and the words beside it, are what there is.
    return undefined;
  }
}

export const checkCalls = { 'check.receipt': receipt };
