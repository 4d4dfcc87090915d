import { textOfBytes } from '../api/message-parts.ts';
import type { StateAnswerMessage, TxOutcomeMessage } from '../api/tx.ts';
import type { CommitOutcome, LedgerEngine } from '../engines/engine.ts';
import { refusalOf } from '../ledger/refusals.ts';
import { hexToBytes } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';

/** What became of a transaction, as clients are told it. */
export function outcomeMessage(outcome: CommitOutcome): TxOutcomeMessage {
  const { txId, height, timeMs, index, result } = outcome;
  const { code, data } = result;
  const name = refusalOf(code)?.code;
  const told = { txId, height, timeMs, index, code, data: textOfBytes(data) };
  return name === undefined ? told : { ...told, name };
}

/** A row of the state after the newest block, with its proof when asked. Throws REQUEST_INVALID. */
export async function stateRow(
  engine: LedgerEngine,
  row: { readonly table: string; readonly key: string },
  prove: boolean,
): Promise<StateAnswerMessage> {
  const key = hexToBytes(row.key);
  if (key === undefined) throw new CodedError('REQUEST_INVALID');
  const { height, value, proof } = await engine.query(row.table, key, { prove });
  return {
    height,
    value: value === undefined ? null : textOfBytes(value),
    ...(proof === undefined ? {} : { proof: textOfBytes(proof) }),
  };
}
