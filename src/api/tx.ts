import { z } from 'zod';
import { maxTxBytes } from '../ledger/genesis.ts';
import { base64urlText, height, timeMs, txIdText, uint } from './message-parts.ts';

/** Handing in transactions, and what became of them. Source: docs/protocol/http.md, rule H-7. */
export const submitRequest = z.strictObject({ tx: base64urlText(maxTxBytes) });
export type SubmitRequest = z.infer<typeof submitRequest>;

/** How long POST /tx waits for the block; when it is over: COMMIT_TIMEOUT, and GET /tx/{id} tells later. */
export const submitQuery = z.strictObject({
  waitMs: z.coerce.number().int().min(0).max(60_000).default(30_000),
});

/** `code` 0: accepted; else the number of a refusal, and `name` says it. `data` is CBOR. */
export const txOutcome = z.object({
  txId: txIdText,
  height,
  timeMs,
  index: uint,
  code: uint,
  name: z.string().optional(),
  data: base64urlText(64 * 1024),
});
export type TxOutcomeMessage = z.infer<typeof txOutcome>;

export const txParams = z.object({ id: txIdText });

export const headerParams = z.object({
  height: z.union([z.literal('latest'), z.coerce.number().int().min(1)]),
});

export const headerAnswer = z.object({
  height,
  header: base64urlText(64 * 1024),
  commit: base64urlText(1024 * 1024),
  validators: z.array(z.object({ publicKey: base64urlText(32), power: uint })),
});
export type HeaderAnswer = z.infer<typeof headerAnswer>;

/** `trustRoot` is the JSON `{chain, genesisHash, height, headerHash, validatorsHash, witnesses}`. */
export const genesisAnswer = z.object({
  genesis: base64urlText(1024 * 1024),
  trustRoot: z.record(z.string(), z.unknown()),
});
export type GenesisAnswer = z.infer<typeof genesisAnswer>;

export const stateParams = z.object({
  table: z.string().regex(/^[a-zA-Z][a-zA-Z-]{0,39}$/),
  key: z.string().regex(/^([0-9a-f]{2}){1,128}$/),
});
export const stateQuery = z.strictObject({ proof: z.enum(['0', '1']).default('0') });

export const stateAnswer = z.object({
  height,
  value: z.nullable(base64urlText(64 * 1024)),
  proof: base64urlText(256 * 1024).optional(),
});
export type StateAnswerMessage = z.infer<typeof stateAnswer>;

/** Many rows in one call: a wallet that wraps keys for a thousand readers asks for all of theirs. */
export const maxStateRows = 256;
export const statesRequest = z.strictObject({
  rows: z.array(z.strictObject(stateParams.shape)).min(1).max(maxStateRows),
});
export const statesAnswer = z.object({ answers: z.array(stateAnswer).max(maxStateRows) });
export type StatesAnswer = z.infer<typeof statesAnswer>;

/** One block as `GET /events` tells it (`event: block`, id = height). */
export const blockEvent = z.object({
  height,
  timeMs,
  acts: z.array(
    z.object({
      txId: txIdText,
      kind: z.string(),
      log: z.enum(['user', 'doc']),
      account: z.string().optional(),
      consent: z.string().optional(),
    }),
  ),
});
export type BlockEvent = z.infer<typeof blockEvent>;
