import { createHash } from 'node:crypto';
import { html, type SafeHtml } from '../sdk/index.ts';

/** One page for printing: no script, nothing fetched, and no style but this one. */
export function printedPage(page: {
  readonly title: string;
  readonly style: string;
  readonly body: SafeHtml;
}): string {
  const { title, style, body } = page;
  const styleHash = createHash('sha256').update(style).digest('base64');
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><style></style></head>
<body>${body}</body></html>
`
    .toString()
    .replace('<style></style>', () => `<style>${style}</style>`);
}
