import * as z from 'zod/mini';
import { base64urlToBytes, bytesToBase64url, utf8ToText } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import type { AccountId, BlobId, ConsentId, TxId } from '../primitives/ids.ts';

/**
 * The pieces that messages between clients and gateways are made of. Bytes travel as base64url without
 * padding, ids as hex, times as milliseconds. Source: docs/protocol/http.md, rule H-2.
 */
function hexId<Id extends string>(bytes: number): z.ZodMiniType<Id, Id> {
  const digits = z.string().check(z.regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`)));
  // The pattern is the one of primitives/ids.ts, and a test holds that: so the brand is earned here too.
  return digits as unknown as z.ZodMiniType<Id, Id>;
}

export const accountIdText = hexId<AccountId>(32);
export const consentIdText = hexId<ConsentId>(16);
export const txIdText = hexId<TxId>(32);
export const blobIdText = z
  .string()
  .check(z.regex(/^baf(kre|ybe)i[a-h][a-z2-7]{50}[aeimquy4]$/)) as unknown as z.ZodMiniType<
  BlobId,
  BlobId
>;

/** Bytes in base64url; `maxBytes` bounds what they decode to. */
export function base64urlText(maxBytes: number): z.ZodMiniString {
  return z.string().check(z.maxLength(Math.ceil((maxBytes * 4) / 3)), z.regex(/^[A-Za-z0-9_-]*$/));
}

/** Throws REQUEST_INVALID unless `text` is the canonical base64url of some bytes (of this length). */
export function bytesOfText(text: string, length?: number): Uint8Array {
  const bytes = base64urlToBytes(text);
  if (bytes === undefined || (length !== undefined && bytes.length !== length)) {
    throw new CodedError('REQUEST_INVALID');
  }
  return bytes;
}

export const textOfBytes: (bytes: Uint8Array) => string = bytesToBase64url;

const wholeNumber = () => z.int().check(z.minimum(0), z.maximum(Number.MAX_SAFE_INTEGER));
export const uint = wholeNumber();
export const timeMs = wholeNumber();
export const height = wholeNumber();

/** The same for every refusal, whatever its HTTP status. */
export const refusalAnswer = z.object({
  ok: z.literal(false),
  code: z.string(),
  kind: z.enum([
    'not-shared',
    'no-key',
    'not-trusted',
    'not-valid',
    'usage',
    'verification',
    'unavailable',
    'fault',
  ]),
  sentence: z.string(),
  details: z.optional(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))),
});
export type RefusalAnswer = z.infer<typeof refusalAnswer>;

/**
 * The refusal of a server that is newer than this version: REFUSAL_UNKNOWN with its code and kind, and the transaction
 * that was refused where it names one, since a text that somebody else wrote must not be shown as ours. Undefined for
 * what does not have the form of a refusal.
 */
export function unknownRefusal(body: unknown): CodedError | undefined {
  const { code = '', kind = '', details } = refusalAnswer.safeParse(body).data ?? {};
  if (!/^[A-Z0-9_]{2,64}$/.test(code)) return undefined;
  const txId = txIdText.safeParse(details?.txId).data;
  return new CodedError('REFUSAL_UNKNOWN', { code, kind, ...(txId === undefined ? {} : { txId }) });
}

export const okAnswer = z.object({ ok: z.literal(true) });

/** What somebody else sent as JSON; undefined: it is none. */
export function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8ToText(bytes));
  } catch {
    return undefined;
  }
}
