import { factsOfReceipt, type PrintedReceipt, receiptRows } from '../cli/receipt-text.ts';
import { CodedError } from '../primitives/errors.ts';
import { checkReceiptFile, isReceiptBundle } from '../sdk/receipt.ts';

/**
 * The page of `check-receipt.html`: two files in, one verdict out. It is opened from disk and asks nobody;
 * its policy allows it nothing but this script. Files are told apart by what they are: a trust root is JSON,
 * a receipt is not. Everything is written as text, for whoever made the receipt chose its bytes.
 */
const held: { receipt?: File; trust?: File } = {};
/** Only the newest check may speak: a file chosen meanwhile makes an older verdict untrue. */
let asked = 0;

function element<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new CodedError('INTERNAL', { element: id });
  return found;
}
const verdict = element('verdict', HTMLElement);
const inputs = {
  receipt: element('receipt', HTMLInputElement),
  trust: element('trust', HTMLInputElement),
};

const maxFileBytes = { receipt: 16 * 1024 * 1024, trust: 1024 * 1024 };

function keep(which: 'receipt' | 'trust', file: File): void {
  held[which] = file;
  element(`${which}-name`, HTMLElement).textContent = file.name;
  void check();
}

/** Looks at the first byte that is no space: JSON opens with a brace, a receipt's CBOR never does. */
async function isTrustRoot(file: File): Promise<boolean> {
  return (await file.slice(0, 64).text()).trimStart().startsWith('{');
}

async function check(): Promise<void> {
  const { receipt, trust } = held;
  if (receipt === undefined) return show('waiting', [], nextStep());
  const turn = ++asked;
  show('waiting', [], 'Checking …');
  let answer: () => void;
  try {
    const bytes = new Uint8Array(await readable(receipt, 'receipt').arrayBuffer());
    if (trust === undefined && !isReceiptBundle(bytes)) {
      answer = () => show('waiting', [], nextStep());
    } else {
      const trustRootJson = trust && (await readable(trust, 'trust').text());
      const facts = factsOfReceipt(await checkReceiptFile(bytes, { trustRootJson }));
      answer = () => show('holds', receiptRows(facts), whatHolds(facts));
    }
  } catch (error) {
    answer = () => showRefusal(error);
  }
  if (turn === asked) answer();
}

/** A refusal is proven like anything else; nobody shall take the green frame for a yes of the ledger. */
function whatHolds({ outcome, trustedBy }: Pick<PrintedReceipt, 'outcome' | 'trustedBy'>): string {
  const holds =
    trustedBy === 'bundle' ? 'This receipt holds, if the words are right' : 'This receipt holds';
  return outcome === 'accepted' ? `${holds}.` : `${holds}: the ledger refused this transaction.`;
}

function readable(file: File, which: 'receipt' | 'trust'): File {
  const maxBytes = maxFileBytes[which];
  if (file.size > maxBytes) throw new CodedError('FILE_UNREADABLE', { maxBytes });
  return file;
}

function nextStep(): string {
  if (held.receipt !== undefined) return 'Now choose the trust root that you believe.';
  return held.trust === undefined ? 'Choose both files, or drop them here.' : 'Now the receipt.';
}

function showRefusal(error: unknown): void {
  const unread = error instanceof DOMException;
  const coded =
    error instanceof CodedError
      ? error
      : new CodedError(unread ? 'FILE_UNREADABLE' : 'INTERNAL', {}, error);
  const details = Object.entries(coded.details).map(([name, value]) => [name, String(value)]);
  show('fails', [['code', coded.code], ...details], coded.sentence);
}

type State = 'waiting' | 'holds' | 'fails';
const titles: Readonly<Record<State, string>> = {
  waiting: 'Check a receipt',
  holds: 'Receipt holds',
  fails: 'Receipt does not hold',
};

function show(state: State, rows: readonly (readonly string[])[], sentence: string): void {
  const heading = document.createElement('p');
  heading.textContent = sentence;
  const list = document.createElement('dl');
  for (const [name = '', value = ''] of rows) {
    const term = document.createElement('dt');
    term.textContent = name;
    const text = document.createElement('dd');
    text.textContent = value;
    list.append(term, text);
  }
  verdict.className = state;
  verdict.replaceChildren(heading, ...(rows.length === 0 ? [] : [list]));
  document.title = titles[state];
}

async function take(files: Iterable<File>): Promise<void> {
  for (const file of files) keep((await isTrustRoot(file)) ? 'trust' : 'receipt', file);
}

for (const which of ['receipt', 'trust'] as const) {
  inputs[which].addEventListener('change', () => {
    const [file] = inputs[which].files ?? [];
    if (file !== undefined) keep(which, file);
  });
}
addEventListener('dragover', (event) => event.preventDefault());
addEventListener('drop', (event) => {
  event.preventDefault();
  // A folder looks like a file until it is read.
  take([...(event.dataTransfer?.files ?? [])]).catch(showRefusal);
});
show('waiting', [], nextStep());
