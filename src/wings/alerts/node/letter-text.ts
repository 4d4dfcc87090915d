/** What a letter says to who reads it, of the bytes that a relay took (RFC 5322, 2045, 2047; one plain part). */
export interface LetterText {
  readonly subject: string;
  readonly body: string;
  readonly language: string;
}

/** What the letter asks to be typed to confirm an address (AL-20); undefined: it does not. */
export const codeInLetter = (data: string): string | undefined => codeInBody(letterText(data).body);
export const codeInBody = (body: string): string | undefined =>
  /^ +\u200e?((?:[0-9A-Z]{4}-){2}[0-9A-Z]{4})\r?$/m.exec(body)?.[1];

export function letterText(data: string): LetterText {
  const at = data.indexOf('\r\n\r\n');
  const [head, rest] = at < 0 ? [data, ''] : [data.slice(0, at), data.slice(at + 4)];
  const fields = new Map(
    head
      .replaceAll(/\r\n[ \t]+/g, ' ')
      .split('\r\n')
      .map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
      }),
  );
  return {
    subject: headerText(fields.get('subject') ?? ''),
    body: decoded(rest, fields.get('content-transfer-encoding') ?? '7bit'),
    language: fields.get('content-language') ?? '',
  };
}

/** RFC 2047; words beside each other belong together, the blank between them does not. */
function headerText(text: string): string {
  return text
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_word, how: string, what: string) =>
      how.toLowerCase() === 'b'
        ? Buffer.from(what, 'base64').toString('utf8')
        : quoted(what.replaceAll('_', ' ')),
    );
}

function decoded(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  return encoding === 'quoted-printable' ? quoted(body.replaceAll(/=\r\n/g, '')) : body;
}

function quoted(text: string): string {
  const bytes = text.replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
