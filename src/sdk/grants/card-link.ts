import { textOfBytes } from '../../api/message-parts.ts';
import { base64urlToBytes, hexToBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';

/** Longer than any card: nobody's paste is decoded beyond it. */
const maxTextLength = 8_192;

/**
 * A signed card as text to paste, send or show as a QR code: `salus:card?card=BASE64URL`. It names its person to
 * whoever has it, and opens nothing. Source: docs/protocol/http.md, rule H-13.
 */
export function formatCardLink(signedCard: Uint8Array): string {
  return `salus:card?card=${textOfBytes(signedCard)}`;
}

/**
 * The bytes of a card that somebody pasted or scanned: the link, or base64url or hex of the bytes alone. They are
 * proven by whoever keeps them (`Person.addCard`). Throws CARD_INVALID (reason: text).
 */
export function readCardText(text: string): Uint8Array {
  const said = text.trim();
  if (said.length <= maxTextLength) {
    const [, linked] = /^salus:card\?card=([A-Za-z0-9_-]+)$/.exec(said) ?? [];
    const bytes =
      linked === undefined
        ? (hexToBytes(said) ?? base64urlToBytes(said))
        : base64urlToBytes(linked);
    if (bytes !== undefined && bytes.length > 0) return bytes;
  }
  throw new CodedError('CARD_INVALID', { reason: 'text' });
}
