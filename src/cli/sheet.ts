import { html } from '../sdk/index.ts';
import { when } from './format.ts';
import { printedPage } from './printed-page.ts';
import { qrCode } from './qr-code.ts';

/** What a registration desk hands over, on paper. */
export interface Sheet {
  readonly hospital: string;
  readonly id: string;
  readonly name: string;
  readonly role: string;
  /** Empty: none. */
  readonly licence: string;
  /** Where the person's device finds the hospital. */
  readonly address: string;
  /** The one-time code. */
  readonly code: string;
  readonly expiresMs: number;
  readonly words: readonly string[];
  /** What the QR code says. */
  readonly link: string;
}

const style = `
body { font: 1rem/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; margin: 0 auto; padding: 1rem; max-width: 44rem; }
h1 { font-size: 1.4rem; margin: 0 0 .5rem; } h2 { font-size: 1rem; margin: 1.2rem 0 .3rem; } p { margin: .3rem 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0; } dt { color: #555; } dd { margin: 0; overflow-wrap: anywhere; }
.code { font: 600 1.3rem/1.6 ui-monospace, monospace; overflow-wrap: anywhere; } pre { font: .875rem/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
ol { columns: 3 8rem; margin: .3rem 0; font: 1.05rem/1.7 ui-monospace, monospace; } svg { width: 12rem; height: 12rem; } footer { color: #555; font-size: .875rem; margin-top: 1.2rem; }
@media print { body { max-width: none; padding: 0; } h2, ol, svg { break-inside: avoid; } }
`;

/** One page for printing: no script, nothing fetched, every word escaped. It holds a secret until it is used. */
export function sheetPage(sheet: Sheet): string {
  const { hospital, id, name, role, licence, address, code, expiresMs, words, link } = sheet;
  const body = html`<main><h1>Your account at <bdi>${hospital}</bdi></h1>
<dl><dt>For</dt><dd><bdi>${name}</bdi></dd><dt>Role</dt><dd>${role}</dd>
${licence === '' ? undefined : html`<dt>Licence</dt><dd><bdi>${licence}</bdi></dd>`}
<dt>Address</dt><dd>${address}</dd><dt>Valid until</dt><dd>${when(expiresMs)}</dd></dl>
<h2>One-time code</h2><p class="code">${code}</p>
<p>Whoever has it becomes <bdi>${name}</bdi> for this hospital: show it to nobody. It works once.</p>
${qrCode(link, 'The same as a QR code')}
<h2>Words of the ledger</h2><ol>${words.map((word) => html`<li>${word}</li>`)}</ol>
<p>Your device shows twelve words before it trusts anything. Go on only if they are these.</p>
<h2>At a computer</h2><pre>salus person create NAME --gateway ${address} --role ${role} --invitation-file -</pre>
<p>It asks for the code. What you print then, the recovery code, brings your account back when the device is lost.</p></main>
<footer><p>Invitation ${id}. If this sheet is lost, say this number at the desk: the code on it is ended, and you get another.</p></footer>`;
  return printedPage({ title: `Invitation ${id}`, style, body });
}
