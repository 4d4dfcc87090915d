import { sha256 } from '../../crypto/hash.ts';
import { utf8 } from '../../primitives/bytes.ts';
import { bytesToBase64 } from './base64.ts';
import { html, type SafeHtml } from './safe-html.ts';

/** Paper is white; a screen is as its owner has it. */
const colours = `
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --soft: #555; --line: #ccc; --warn: #8a1c1c; --care: #7a4b00; --good: #0b5a2b; }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #e3eaee; --paper: #12191d; --soft: #a9b8c1; --line: #33424b; --warn: #ff9d9d; --care: #f0b866; --good: #7fd6a2; } a { color: #9cc8ff; } }
body { font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto; padding: 1rem; }
@media print { body { max-width: none !important; padding: 0; } }
`;

/** A page for a file to keep, to print or to hand over. */
export interface StandAlonePage {
  readonly title: string;
  /** Beside the colours, which it names as `var(--ink)`, `--paper`, `--soft`, `--line`, `--warn`, `--care`, `--good`. */
  readonly style: string;
  readonly body: SafeHtml;
  /** Whether it shows pictures that stand in it. */
  readonly hasPictures?: boolean;
  /** `en` where none is named. */
  readonly language?: string;
  readonly isRightToLeft?: boolean;
}

/**
 * A page that needs nobody: no script, nothing fetched, and its policy allows neither. The style is the one text that must
 * not be escaped; the policy names its hash. Source: docs/protocol/items.md, rule I-40.
 */
export function standAlonePage({
  title,
  style,
  body,
  hasPictures,
  language = 'en',
  isRightToLeft = false,
}: StandAlonePage): string {
  const whole = `${colours}${style}`;
  const hash = bytesToBase64(sha256(utf8(whole)));
  const pictures = hasPictures === true ? 'img-src data:; ' : '';
  const page = html`<!doctype html>
<html lang="${language}"${isRightToLeft ? html` dir="rtl"` : ''}><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; ${pictures}style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><style></style></head>
<body>${body}</body></html>
`;
  return page.toString().replace('<style></style>', () => `<style>${whole}</style>`);
}
