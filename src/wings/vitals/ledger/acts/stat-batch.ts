import { type ActWith, defineAct } from '../../../../ledger/act.ts';
import { quotient } from '../../../../ledger/integers.ts';
import { type ActContext, accept, type Outcome, refuse } from '../../../../ledger/outcome.ts';
import { hash, signKey } from '../../../../ledger/shapes.ts';
import { type LedgerView, put } from '../../../../ledger/table.ts';
import { accounts } from '../../../../ledger/tables/accounts.ts';
import { bytesToHex, equalBytes, hexToBytes } from '../../../../primitives/bytes.ts';
import { type Cbor, encodeCbor } from '../../../../primitives/cbor.ts';
import { bytes, hexId, list, type Of, struct, uint } from '../../../../primitives/shape.ts';
import { vitalsNames } from '../../names.ts';
import { runsOneOf } from '../servers.ts';
import { batchRowId, statBatches } from '../tables/stat-batches.ts';
import { statTrios, type Trio } from '../tables/stat-trios.ts';

export const mostPagesOfBatch = 4_096;
const hourMs = 3_600_000;
/** How far the clock of a device may run ahead of block time. */
const clockToleranceMs = 60_000;

/** A server says that it holds these pages, by its key in use. */
const batchSignature = struct({ signKey, signature: bytes(64) });
export type BatchSignature = Of<typeof batchSignature>;

const fields = {
  trio: hexId(32),
  number: uint,
  root: hash,
  pages: uint,
  /** Hours since 1970: floor(ms / 3,600,000). */
  firstHour: uint,
  lastHour: uint,
  /** In the order of the trio. */
  signatures: list(batchSignature, { least: 3, most: 3 }),
};
export type StatBatch = ActWith<'StatBatch', typeof fields>;

/**
 * Three data servers anchor the pages that all of them accepted: from then on these pages count.
 *
 * Refuses: SENDER_WRONG, TRIO_UNKNOWN, BATCH_TIMES (empty or too large, turned round, or of the future), BATCH_NUMBER,
 * SIGNATURE_WRONG, BATCH_SIGNERS. Writes: `stat-batches[trio, number]`, `stat-trios[trio]`.
 * Source: docs/protocol/vitals-ledger.md, rule VL-13.
 */
export const statBatch = defineAct({
  kind: 'StatBatch',
  number: 43,
  fields,
  log: 'doc',
  senders: ['organisation', 'data-server'],
  outside: {
    requires: (act, { chainId }) => {
      const bytes = batchSignedBytes(act, chainId);
      return act.signatures.map(({ signKey, signature }) => ({
        kind: 'signature',
        publicKey: signKey,
        label: vitalsNames.labels.batch,
        bytes,
        signature,
      }));
    },
    refusal: 'SIGNATURE_WRONG',
  },
  rules: [{ fromVersion: 1, judge }],
  commits: ({ root, pages }) => ({ kind: 'root', root, count: pages }),
  facts: ({ trio, number, root, pages, firstHour, lastHour }) => ({
    ...{ trio, number, root: bytesToHex(root), pages, firstHour, lastHour },
  }),
});

/** What each server signs under label stat/batch: CBOR[chain id, trio 32, number, root 32, pages, first, last hour]. */
export function batchSignedBytes(
  act: Omit<StatBatch, 'kind' | 'signatures'>,
  chainId: string,
): Uint8Array {
  const { trio, number, root, pages, firstHour, lastHour } = act;
  const named: Cbor = hexToBytes(trio) ?? new Uint8Array(0);
  return encodeCbor([chainId, named, number, root, pages, firstHour, lastHour]);
}

function judge(view: LedgerView, act: StatBatch, context: ActContext): Outcome {
  const { trio: id, number, root, pages, firstHour, lastHour } = act;
  const { height, timeMs } = context.block;
  const trio = view.get(statTrios, id);
  // VL-13: of three servers that a dataset has named,
  if (trio === undefined) return refuse('TRIO_UNKNOWN');
  // by one who runs one of them,
  if (!runsOneOf(view, trio.servers, context.sender)) return refuse('SENDER_WRONG');
  const isSome = pages >= 1 && pages <= mostPagesOfBatch;
  const latestMs = timeMs + clockToleranceMs;
  // something, from an earlier hour to a later one that has begun,
  if (!isSome || lastHour < firstHour || lastHour > quotient(latestMs, hourMs))
    return refuse('BATCH_TIMES');
  // the next,
  if (number !== trio.newestBatch + 1) return refuse('BATCH_NUMBER');
  // signed,
  if (!context.isProven) return refuse('SIGNATURE_WRONG');
  // by the three as they are now.
  if (!areSigners(view, trio, act)) return refuse('BATCH_SIGNERS');
  return accept([
    put(statBatches, batchRowId(id, number), { root, pages, firstHour, lastHour, height }),
    put(statTrios, id, { ...trio, newestBatch: number }),
  ]);
}

/** Whether these are the keys in use of the three, in their order, and none is frozen: what a frozen key signs is nobody's. */
function areSigners(view: LedgerView, { servers }: Trio, { signatures }: StatBatch): boolean {
  return servers.every((server, at) => {
    const row = view.get(accounts, server);
    const given = signatures[at]?.signKey;
    return (
      row !== undefined && given !== undefined && !row.frozen && equalBytes(row.signKey, given)
    );
  });
}
