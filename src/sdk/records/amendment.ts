import { CodedError } from '../../primitives/errors.ts';
import { bareMediaType } from './media-type.ts';

/** What a version says of the one that it takes the place of. */
export interface Amendment {
  readonly reason: string;
  /** The version before should never have been written: nothing of it holds. */
  readonly enteredInError: boolean;
}

/** In UTF-16 units. */
export const maxReasonLength = 300;
/** Of a media type as a head holds it (I-22). */
const maxMarkedLength = 1024;
const inError = ';entered-in-error';
const amends = ';amends=';

/**
 * Marks a version as an amendment, inside the seal and under its author's signature. Throws AMENDMENT_REASON: none, of
 * more than 300 characters, or with characters that are no text. Source: docs/protocol/items.md, rule I-70.
 */
export function markAmended(mediaType: string, { reason, enteredInError }: Amendment): string {
  // Half of a surrogate pair (Cs) is no text, and writing it down would throw.
  const isText = !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(reason);
  if (!isText || reason.trim() === '' || reason.length > maxReasonLength) {
    throw new CodedError('AMENDMENT_REASON', { most: maxReasonLength });
  }
  const marked = `${unmarked(mediaType)}${enteredInError ? inError : ''}${amends}${encodeURIComponent(reason)}`;
  if (marked.length > maxMarkedLength) {
    throw new CodedError('AMENDMENT_REASON', { most: maxReasonLength });
  }
  return marked;
}

/** What the bytes are: without the charset nobody could read them as their author did. */
function unmarked(mediaType: string): string {
  const charset = /^[^;]*(;charset=[a-z0-9-]+)/.exec(mediaType)?.[1] ?? '';
  return `${bareMediaType(mediaType)}${charset}`;
}

/** Undefined: it is no amendment, or says so in a way that no author of ours does. */
export function amendmentOf(mediaType: string): Amendment | undefined {
  const at = mediaType.lastIndexOf(amends);
  if (at < 0) return undefined;
  try {
    const reason = decodeURIComponent(mediaType.slice(at + amends.length));
    const enteredInError = mediaType.slice(0, at).endsWith(inError);
    const again = markAmended(mediaType, { reason, enteredInError });
    return again === mediaType ? { reason, enteredInError } : undefined;
  } catch {
    return undefined;
  }
}
