import type { LogHeadsAnswer } from '../../api/logs.ts';
import { logConsistencyGet } from '../../api/routes/log-consistency-get.ts';
import { appHashOf, type LogHeads, type StateHeads } from '../../ledger/app-hash.ts';
import type { Header } from '../../ledger/chain/header.ts';
import { isConsistent } from '../../ledger/merkle.ts';
import type { LogName } from '../../ledger/shapes.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { GatewayClient } from '../client/gateway-client.ts';
import { bytesOfAnswer } from './header-answer.ts';
import { headsOf } from './ledger-point.ts';

/** The heads of the logs as they were shown, and what they are made of. */
export interface ShownHeads {
  readonly answer: LogHeadsAnswer;
  readonly heads: StateHeads;
}

export function shownHeads(answer: LogHeadsAnswer): ShownHeads {
  return { answer, heads: headsOf(answer) };
}

/** Whether this header's app hash is made of them. Source: docs/protocol/following.md, rule F-1. */
export function carries(header: Header, { stateRoot, logs }: StateHeads): boolean {
  return equalBytes(appHashOf(stateRoot, logs), header.appHash);
}

/**
 * That both logs only grew between what is known and now (F-2); everything is consistent with an empty log.
 * Throws PROOF_INVALID with the log that did not.
 */
export async function requireGrown(
  gateway: GatewayClient,
  known: LogHeads,
  now: LogHeads,
  signal?: AbortSignal,
): Promise<void> {
  for (const log of ['user', 'doc'] as const) {
    const [from, to] = [known[log], now[log]];
    if (from.size === 0) continue;
    const span = { log, from: from.size, to: to.size };
    const hashes = from.size < to.size ? await consistency(gateway, span, signal) : [];
    if (!isConsistent(from, to, hashes)) throw new CodedError('PROOF_INVALID', span);
  }
}

async function consistency(
  gateway: GatewayClient,
  span: { readonly log: LogName; readonly from: number; readonly to: number },
  signal?: AbortSignal,
): Promise<Uint8Array[]> {
  const { log, from, to } = span;
  try {
    const asked = { params: { log }, query: { from, to }, signal };
    const { path } = await gateway.call(logConsistencyGet, asked);
    return path.map((hash) => bytesOfAnswer(hash, 32));
  } catch (error) {
    if (!isCoded(error, 'HEIGHT_UNKNOWN')) throw error;
    // It does not know the sizes that it told itself.
    throw new CodedError('PROOF_INVALID', span, error);
  }
}
