import {
  type ExplainedReceipt,
  explainReceipt,
  type ReceiptFacts,
  type ReceiptVerdict,
} from '../sdk/receipt.ts';
import { table, when } from './format.ts';

/** What `check-receipt --json` prints, in its order: also the answer of the two single files. */
export interface PrintedReceipt
  extends Pick<ReceiptVerdict, 'chain' | 'height' | 'timeMs' | 'txId' | 'headerHash' | 'vouchedBy'>,
    Pick<ReceiptVerdict, 'validatorsSigned' | 'validatorsTotal' | 'witnesses'>,
    Omit<ExplainedReceipt, 'claim'> {
  /** The block's time, ISO 8601. */
  readonly time: string;
  readonly claim?: ReceiptFacts;
}

/** Throws RECEIPT_INVALID when the transaction or the claim cannot be read. */
export function factsOfReceipt(verdict: ReceiptVerdict): PrintedReceipt & Record<string, unknown> {
  const { claim, ...said } = explainReceipt(verdict);
  const { chain, height, timeMs, txId, headerHash, vouchedBy } = verdict;
  const { validatorsSigned, validatorsTotal, witnesses } = verdict;
  const time = new Date(timeMs).toISOString();
  return {
    ...{ chain, height, timeMs, time, txId, headerHash, vouchedBy },
    ...{ validatorsSigned, validatorsTotal, witnesses },
    ...{ log: said.log, sender: said.sender, outcome: said.outcome, acts: said.acts },
    ...(claim !== undefined && { claim }),
  };
}

/** The same for people: a name and a value a row. */
export function receiptRows(facts: PrintedReceipt): readonly (readonly [string, string])[] {
  return [
    ['ledger', facts.chain],
    ['height', `${facts.height}, ${when(facts.timeMs)}`],
    ['transaction', facts.txId],
    ['log', facts.log === 'doc' ? 'Docchain' : 'Userchain'],
    ['sender', facts.sender],
    ['outcome', facts.outcome],
    ['vouched for by', facts.vouchedBy],
    ...facts.acts.map((act) => ['act', factsText(act)] as const),
    ...(facts.claim === undefined ? [] : [['it shows', factsText(facts.claim)] as const]),
  ];
}

/** A receipt that holds, for people. */
export function receiptText(facts: PrintedReceipt): string {
  return ['This receipt holds.', '', table(receiptRows(facts))].join('\n');
}

function factsText(facts: ReceiptFacts): string {
  const { kind, ...rest } = facts;
  const parts = Object.entries(rest).map(([name, value]) => {
    if (typeof value === 'number' && name.endsWith('Ms'))
      return `${name.slice(0, -2)} ${when(value)}`;
    return `${name} ${Array.isArray(value) ? value.join(' ') : value}`;
  });
  return [String(kind), ...parts].join(', ');
}
