import * as z from 'zod/mini';
import { maxMembers } from '../ledger/tables/members.ts';
import { witnessSignatures } from './cosignatures.ts';
import { base64urlText, height, timeMs, txIdText, uint } from './message-parts.ts';

/** Handing in transactions, and what became of them. Source: docs/protocol/http.md, rule H-7. */

/** `code` 0: accepted; else the number of a refusal, and `name` says it. `data` is CBOR. */
export const txOutcome = z.object({
  txId: txIdText,
  height,
  timeMs,
  index: uint,
  code: uint,
  name: z.optional(z.string()),
  data: base64urlText(64 * 1024),
});
export type TxOutcomeMessage = z.infer<typeof txOutcome>;

export const headerAnswer = z.object({
  height,
  header: base64urlText(64 * 1024),
  commit: base64urlText(1024 * 1024),
  validators: z.array(z.object({ publicKey: base64urlText(32), power: uint })),
  /** Of witnesses who handed theirs over; missing: none. Who trusts one checks his. */
  witnesses: z.optional(witnessSignatures),
});
export type HeaderAnswer = z.infer<typeof headerAnswer>;

/** Which row: its table, and its key in hex. */
export const stateKey = {
  table: z.string().check(z.regex(/^[a-zA-Z][a-zA-Z-]{0,39}$/)),
  key: z.string().check(z.regex(/^([0-9a-f]{2}){1,128}$/)),
} as const;

/** The longest encoding of an entry of `members`, or of a vote: an account and two numbers. */
const maxMemberBytes = 64;
/**
 * The longest row of any table, which an answer must be able to hold: nobody may make a row that nobody can be shown.
 * It is that of `members`, or of a proposal, on a ledger of a thousand of whom as many left and came at once.
 */
export const maxRowBytes = 2 * maxMembers * maxMemberBytes + 4_096;

export const stateAnswer = z.object({
  height,
  value: z.nullable(base64urlText(maxRowBytes)),
  proof: z.optional(base64urlText(256 * 1024)),
});
export type StateAnswerMessage = z.infer<typeof stateAnswer>;

/** Many rows in one call: a wallet that wraps keys for a thousand readers asks for all of theirs. */
export const maxStateRows = 256;
/** An answer ends with the row that reaches this; it has at least one, and the rest is asked for again. */
export const maxStateAnswerBytes = 2 * 1024 * 1024;

/** One block as `GET /events` tells it (`event: block`, id = height). */
export const blockEvent = z.object({
  height,
  timeMs,
  acts: z.array(
    z.object({
      txId: txIdText,
      kind: z.string(),
      log: z.enum(['user', 'doc']),
      account: z.optional(z.string()),
      consent: z.optional(z.string()),
    }),
  ),
});
export type BlockEvent = z.infer<typeof blockEvent>;
