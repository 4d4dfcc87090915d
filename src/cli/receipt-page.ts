import { html } from '../sdk/index.ts';
import { printedPage } from './printed-page.ts';
import { qrCode } from './qr-code.ts';
import { type PrintedReceipt, receiptRows } from './receipt-text.ts';

const style = `
body { font: 1rem/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; margin: 0 auto; padding: 1rem; max-width: 48rem; }
h1 { font-size: 1.4rem; margin: 0 0 .5rem; } h2 { font-size: 1rem; margin: 1.2rem 0 .3rem; } p { margin: .3rem 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0; } dt { color: #555; } dd { margin: 0; overflow-wrap: anywhere; }
ol { columns: 3 8rem; margin: .3rem 0; font: 1.05rem/1.7 ui-monospace, monospace; } svg { width: 10rem; height: 10rem; } footer { color: #555; font-size: .875rem; margin-top: 1.2rem; }
@media print { body { max-width: none; padding: 0; } h2, ol, svg, dd { break-inside: avoid; } }
`;

/**
 * A receipt that holds, as one page for printing: no script, nothing fetched, every word escaped. Paper proves
 * nothing: it says what to ask for, and the QR code which receipt and which ledger is meant.
 */
export function receiptPage(facts: PrintedReceipt, genesisHash: string): string {
  const rows = receiptRows(facts).filter(([name]) => name !== 'words');
  const link = `salus:receipt?${new URLSearchParams({ tx: facts.txId, trust: genesisHash })}`;
  const body = html`<main><h1>This receipt holds</h1>
<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd><bdi>${value}</bdi></dd>`)}</dl>
<h2>Words of the ledger</h2><ol>${facts.trustWords.map((word) => html`<li>${word}</li>`)}</ol>
<p>It is the receipt of the ledger that has these words, and of no other.</p>
${qrCode(link, 'Transaction and ledger as a QR code')}
</main>
<footer><p>This page is no proof by itself. Ask for the file, and check it: <code>salus check-receipt FILE</code>, or <code>check-receipt.html</code>, without a network.</p></footer>`;
  return printedPage({ title: `Receipt ${facts.txId.slice(0, 8)}`, style, body });
}
