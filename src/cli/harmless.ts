/** What turns text of others into text that steers no terminal: pure, and used by `Output` for all that is printed. */

const hostile = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** First strong isolate and its end: what is between them has a writing direction of its own. */
const isolate = '\u2068';
const isolateEnd = '\u2069';

/** Text on one line: every control, format and separator character becomes a space. */
export function printable(text: string): string {
  return text.replace(hostile, ' ');
}

/**
 * A word of somebody else's (a name, a title, a file's name) as it may stand in a sentence: on one line, and what is
 * not ASCII in an isolate, so that letters of another writing direction reorder nothing around them.
 */
export function named(text: string): string {
  const word = printable(text);
  return /^[\x20-\x7e]*$/.test(word) ? word : `${isolate}${word}${isolateEnd}`;
}

/** How many places `named` text takes on a screen. */
export function widthOf(text: string): number {
  return [...text].filter((it) => it !== isolate && it !== isolateEnd).length;
}

/**
 * Whole text for a terminal. Of all control, format and separator characters the line feed alone stays, and isolates
 * that are opened and ended within their line: one that was left open is ended, one inside another goes.
 */
export function harmlessText(text: string): string {
  return text.split('\n').map(harmlessLine).join('\n');
}

function harmlessLine(line: string): string {
  let isOpen = false;
  const shown = line.replace(hostile, (character) => {
    const keeps = isOpen ? character === isolateEnd : character === isolate;
    if (!keeps) return ' ';
    isOpen = !isOpen;
    return character;
  });
  return isOpen ? `${shown}${isolateEnd}` : shown;
}

/** A line of JSON with the same meaning, in which such characters stand as `\uXXXX`. */
export function harmlessJson(json: string): string {
  return json.replace(hostile, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
