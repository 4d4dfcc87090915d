import { type ActWith, defineAct } from '../../../../ledger/act.ts';
import { type ActContext, accept, type Outcome, refuse } from '../../../../ledger/outcome.ts';
import { hash } from '../../../../ledger/shapes.ts';
import { type LedgerView, put } from '../../../../ledger/table.ts';
import { bytesToHex, equalBytes } from '../../../../primitives/bytes.ts';
import { accountId, hexId, list, uint } from '../../../../primitives/shape.ts';
import { organisationOf } from '../servers.ts';
import { batchRowId, statBatches } from '../tables/stat-batches.ts';
import { quarantineRowId, statQuarantines } from '../tables/stat-quarantines.ts';
import { statTrios } from '../tables/stat-trios.ts';

/** So many roots a rule compares. */
export const mostRootsOfRebuilt = 256;

const fields = {
  trio: hexId(32),
  server: accountId,
  /** The batch of the first root; 1 where there is none. */
  fromBatch: uint,
  /** One a batch, as the server computes them from what it keeps now. */
  roots: list(hash, { most: mostRootsOfRebuilt }),
};
export type ServerRebuilt = ActWith<'ServerRebuilt', typeof fields>;

/**
 * A data server holds these batches again, with the roots of the ledger. Where further ones are left, the quarantine shrinks to them.
 *
 * Refuses: TRIO_UNKNOWN, SERVER_UNKNOWN, SENDER_WRONG, QUARANTINE_UNKNOWN, ROOT_DIFFERS. Writes:
 * `stat-quarantines[trio, server]`. Source: docs/protocol/vitals-ledger.md, rule VL-18.
 */
export const serverRebuilt = defineAct({
  kind: 'ServerRebuilt',
  number: 47,
  fields,
  log: 'user',
  senders: ['organisation', 'data-server'],
  rules: [{ fromVersion: 1, judge }],
  about: ({ server }) => ({ account: server }),
  facts: ({ trio, server, fromBatch, roots }) => ({
    ...{ trio, server, fromBatch, roots: roots.map(bytesToHex) },
  }),
});

function judge(view: LedgerView, act: ServerRebuilt, { sender, block }: ActContext): Outcome {
  const { trio: trioId, server, fromBatch, roots } = act;
  const trio = view.get(statTrios, trioId);
  // VL-18: one of three that a dataset has named,
  if (trio === undefined) return refuse('TRIO_UNKNOWN');
  if (!trio.servers.includes(server)) return refuse('SERVER_UNKNOWN');
  // says so itself, or who runs it,
  if (organisationOf(view, sender) !== organisationOf(view, server)) return refuse('SENDER_WRONG');
  const id = quarantineRowId(trioId, server);
  const before = view.get(statQuarantines, id);
  // of what it was accused of or is quarantined for,
  if (before === undefined || before.state === 'rebuilt') return refuse('QUARANTINE_UNKNOWN');
  const { firstBatch, lastBatch } = before;
  const next = fromBatch + roots.length;
  const isNext = fromBatch === (firstBatch === 0 ? 1 : firstBatch) && next <= lastBatch + 1;
  const isSome = roots.length > 0 || lastBatch === 0;
  // one batch after the other, each with the root that the ledger has.
  if (!isNext || !isSome || !areRoots(view, act)) return refuse('ROOT_DIFFERS');
  const row =
    next > lastBatch
      ? { ...before, state: 'rebuilt' as const, ...block }
      : { ...before, firstBatch: next, ...block };
  return accept([put(statQuarantines, id, row)]);
}

const areRoots = (view: LedgerView, { trio, fromBatch, roots }: ServerRebuilt): boolean =>
  roots.every((root, at) => {
    const row = view.get(statBatches, batchRowId(trio, fromBatch + at));
    return row !== undefined && equalBytes(row.root, root);
  });
