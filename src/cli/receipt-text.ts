import {
  type CheckedReceipt,
  type ExplainedReceipt,
  explainReceipt,
  type ProvenName,
  type ReceiptFacts,
  type ReceiptVerdict,
} from '../sdk/receipt.ts';
import { amount, table, when } from './format.ts';

/** What `check-receipt --json` prints, in its order: also the answer of the two single files. */
export interface PrintedReceipt
  extends Pick<ReceiptVerdict, 'chain' | 'height' | 'timeMs' | 'txId' | 'headerHash' | 'vouchedBy'>,
    Pick<ReceiptVerdict, 'validatorsSigned' | 'validatorsTotal' | 'witnesses'>,
    Omit<ExplainedReceipt, 'claim'>,
    Pick<CheckedReceipt, 'trustWords' | 'trustedBy'> {
  /** The block's time, ISO 8601. */
  readonly time: string;
  readonly claim?: ReceiptFacts;
  /** Those of the receipt whom a bundle names; missing of a plain receipt. */
  readonly names?: readonly ProvenName[];
}

/** Throws RECEIPT_INVALID when the transaction or the claim cannot be read. */
export function factsOfReceipt(checked: CheckedReceipt): PrintedReceipt & Record<string, unknown> {
  const { verdict, trustWords, trustedBy, names } = checked;
  const { claim, ...said } = explainReceipt(verdict);
  const { chain, height, timeMs, txId, headerHash, vouchedBy } = verdict;
  const { validatorsSigned, validatorsTotal, witnesses } = verdict;
  const time = new Date(timeMs).toISOString();
  const told = JSON.stringify([said, claim ?? {}]);
  const named = names.filter(({ account }) => told.includes(account));
  return {
    ...{ chain, height, timeMs, time, txId, headerHash, vouchedBy },
    ...{ validatorsSigned, validatorsTotal, witnesses },
    ...{ log: said.log, sender: said.sender, outcome: said.outcome, acts: said.acts },
    ...(claim !== undefined && { claim }),
    ...{ trustWords, trustedBy },
    ...(names.length > 0 && { names: named }),
  };
}

/** The same for people: a name and a value a row. */
export function receiptRows(facts: PrintedReceipt): readonly (readonly [string, string])[] {
  const who = (value: unknown) => nameIn(facts, String(value));
  return [
    ...whatItSays(facts).map((text) => ['it says', text] as const),
    ['ledger', facts.chain],
    ['height', `${facts.height}, ${when(facts.timeMs)}`],
    ['transaction', facts.txId],
    ['log', facts.log === 'doc' ? 'Docchain' : 'Userchain'],
    ['sender', who(facts.sender)],
    ['outcome', facts.outcome],
    ['vouched for by', `${facts.vouchedBy}: ${whoVouches(facts)}`],
    ...facts.acts.map((act) => ['act', factsText(act, who)] as const),
    ...(facts.claim === undefined ? [] : [['it shows', factsText(facts.claim, who)] as const]),
    ...(facts.names ?? []).map((it) => ['account', `${it.account} is ${fullName(it)}`] as const),
    ['words', facts.trustWords.join(' ')],
    ['believed by', whyBelieved[facts.trustedBy]],
  ];
}

/** A receipt that holds, for people. */
export function receiptText(facts: PrintedReceipt): string {
  return ['This receipt holds.', '', table(receiptRows(facts))].join('\n');
}

const whyBelieved: Readonly<Record<PrintedReceipt['trustedBy'], string>> = {
  given: 'the trust root that you gave',
  words: 'the trust root in this file, which has the words that you gave',
  bundle:
    'the trust root in this file: only as good as the words above. Compare them with those of somebody whom you believe',
};

/** What stands behind "vouched for by". */
export function whoVouches({
  validatorsSigned,
  validatorsTotal,
  witnesses,
}: Pick<PrintedReceipt, 'validatorsSigned' | 'validatorsTotal' | 'witnesses'>): string {
  if (validatorsTotal > 1) {
    return `${validatorsSigned} of the ${validatorsTotal} who run the ledger signed it`;
  }
  if (witnesses === 0) {
    return 'who runs the ledger signed it, and nobody else. That everybody was told the same, a witness would say';
  }
  return `who runs the ledger signed it, and so did ${amount(witnesses, 'witness', 'witnesses')} that the trust root names: the ledger told them the same`;
}

/** A look in one sentence, with names where they are proven. */
export function whatItSays(facts: PrintedReceipt): readonly string[] {
  const { claim, outcome } = facts;
  if (claim?.kind !== 'look' || outcome !== 'accepted') return [];
  const { reader, servedBy, purpose, records } = claim;
  const what = Array.isArray(records) ? amount(records.length, 'record') : 'a list of records';
  const [who, by] = [nameIn(facts, String(reader)), nameIn(facts, String(servedBy))];
  return [`${who} was shown ${what} by ${by}, for ${String(purpose)}, at ${when(facts.timeMs)}`];
}

/** `Dr Bo, clinician, Harbour Clinic`, with the licence that the hospital states. */
function fullName({ name, role, licence, hospital }: ProvenName): string {
  if (role === 'organisation') return `${name}, a hospital of this ledger`;
  return `${name}, ${role}${licence === '' ? '' : `, licence ${licence}`}, enrolled by ${hospital}`;
}

function nameIn({ names = [] }: Pick<PrintedReceipt, 'names'>, value: string): string {
  const found = names.find(({ account }) => account === value);
  if (found === undefined) return value;
  return found.role === 'organisation' ? found.name : `${found.name} (${found.hospital})`;
}

function factsText(facts: ReceiptFacts, who: (value: unknown) => string): string {
  const { kind, ...rest } = facts;
  const parts = Object.entries(rest).map(([name, value]) => {
    if (typeof value === 'number' && name.endsWith('Ms'))
      return `${name.slice(0, -2)} ${when(value)}`;
    return `${name} ${Array.isArray(value) ? value.join(' ') : who(value)}`;
  });
  return [String(kind), ...parts].join(', ');
}
