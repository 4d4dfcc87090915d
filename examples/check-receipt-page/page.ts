// Checks a receipt in a page, with `@salus/salus/receipt` alone: no gateway, no wallet, nothing of Node.
// Bundle it with what you have, for instance: npx rolldown page.ts --file page.js --platform browser
import { CodedError, checkReceipt, explainReceipt } from '@salus/salus/receipt';

const input = (id: string) => document.getElementById(id) as HTMLInputElement;
const verdict = document.getElementById('verdict') as HTMLOutputElement;

async function check(): Promise<void> {
  const [receipt] = input('receipt').files ?? [];
  const [trust] = input('trust').files ?? [];
  if (receipt === undefined || trust === undefined) return;
  try {
    const bytes = new Uint8Array(await receipt.arrayBuffer());
    const checked = await checkReceipt(bytes, await trust.text());
    const { outcome, acts } = explainReceipt(checked);
    const kinds = acts.map((act) => String(act.kind)).join(', ');
    // Text, never HTML: whoever made the receipt chose what stands in it.
    verdict.value = `${kinds}: ${outcome} at height ${checked.height}, vouched for by ${checked.vouchedBy}`;
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    verdict.value = `${error.sentence} (${error.code})`;
  }
}

for (const id of ['receipt', 'trust']) input(id).addEventListener('change', () => void check());
