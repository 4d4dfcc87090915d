import { suite } from '../../../ledger/object-types.ts';
import {
  accountId,
  decodeAs,
  encodeAs,
  hexId,
  type Of,
  text,
  typed,
  uint,
} from '../../../primitives/shape.ts';
import { vitalsObjects } from './object-types.ts';

/** A request is good for so long. */
export const questionsRequestMs = 5 * 60_000;

const request = typed(suite, vitalsObjects.questionsRequest, {
  chainId: text(50),
  account: accountId,
  dataset: hexId(16),
  issuedMs: uint,
});
/** Who wants to see the questions on a dataset; signed, label `salus/1/stat/question`. Rule VQ-38. */
export type QuestionsRequest = Of<typeof request>;

export const encodeQuestionsRequest = (value: QuestionsRequest): Uint8Array =>
  encodeAs(request, value);
/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN. */
export const decodeQuestionsRequest = (encoded: Uint8Array): QuestionsRequest =>
  decodeAs(request, encoded);
