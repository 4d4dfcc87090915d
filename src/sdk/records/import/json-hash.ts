import { runningSha256, sha256 } from '../../../crypto/hash.ts';
import { utf8, utf8ToText } from '../../../primitives/bytes.ts';
import { JsonScanner, token } from '../json-scanner.ts';
import { lengthOfByteOrderMark } from '../media-type.ts';

/**
 * 16 bytes that are equal where two texts are equal as JSON: blanks and the order of fields aside, numbers by their
 * spelling. Of other bytes: of the bytes. Nothing recurses, and what is deep costs no more than what is flat.
 */
export function jsonHash(bytes: Uint8Array, isJson: boolean): Uint8Array {
  return (isJson ? hashOf(plainJson(bytes)) : sha256(bytes)).subarray(0, 16);
}

/** A text in pieces: joined at each level, the bytes of a deep one would be copied as often as it is deep. */
type Pieces = string | readonly Pieces[];

interface Open {
  readonly close: '}' | ']';
  /** In an object each with its name, `"name":`. */
  readonly parts: { readonly name: string; readonly value: Pieces }[];
  name: string;
}

/** Short ones are joined: millions of small objects would cost more as lists. */
const joinedLength = 64;

function plainJson(bytes: Uint8Array): Pieces {
  const scanner = new JsonScanner(bytes, lengthOfByteOrderMark(bytes));
  const open: Open[] = [];
  let whole: Pieces = '';
  const put = (value: Pieces): void => {
    const parent = open.at(-1);
    if (parent === undefined) whole = value;
    else parent.parts.push({ name: parent.name, value });
  };
  for (let kind = scanner.next(); kind !== token.end; kind = scanner.next()) {
    const top = open.at(-1);
    if (kind === token.objectOpen) open.push({ close: '}', parts: [], name: '' });
    else if (kind === token.arrayOpen) open.push({ close: ']', parts: [], name: '' });
    else if (kind === token.key && top !== undefined) {
      top.name = `${JSON.stringify(scanner.keyText())}:`;
    } else if (kind === token.string) put(JSON.stringify(scanner.text()));
    else if (kind === token.number || kind === token.literal) put(spellingAt(scanner));
    else if (top !== undefined) {
      open.pop();
      put(closed(top));
    }
  }
  return whole;
}

/** Names of an object are unique and end with a quote, so they alone decide the order. */
function closed({ close, parts }: Open): Pieces {
  if (close === '}') parts.sort((a, b) => (a.name < b.name ? -1 : 1));
  const pieces: Pieces[] = [close === '}' ? '{' : '['];
  let length = 2;
  for (const [i, { name, value }] of parts.entries()) {
    const before = i === 0 ? name : `,${name}`;
    if (typeof value === 'string') pieces.push(before + value);
    else pieces.push(before, value);
    length += typeof value === 'string' ? before.length + value.length : joinedLength;
  }
  pieces.push(close);
  return length <= joinedLength ? pieces.join('') : pieces;
}

const hashedLength = 64 * 1024;

function hashOf(whole: Pieces): Uint8Array {
  const running = runningSha256();
  let text = '';
  const open: { readonly pieces: readonly Pieces[]; at: number }[] = [{ pieces: [whole], at: 0 }];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const piece = top.pieces[top.at++];
    if (piece === undefined) open.pop();
    else if (typeof piece !== 'string') open.push({ pieces: piece, at: 0 });
    else {
      text += piece;
      if (text.length < hashedLength) continue;
      running.update(utf8(text));
      text = '';
    }
  }
  running.update(utf8(text));
  return running.digest();
}

const spellingAt = ({ bytes, start, end }: JsonScanner): string =>
  utf8ToText(bytes.subarray(start, end));
