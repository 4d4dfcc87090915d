import { type ActWith, defineAct } from '../../../../ledger/act.ts';
import { type ActContext, accept, type Outcome, refuse } from '../../../../ledger/outcome.ts';
import { hash } from '../../../../ledger/shapes.ts';
import { type LedgerView, put } from '../../../../ledger/table.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { accountId, hexId } from '../../../../primitives/shape.ts';
import { statDatasets } from '../tables/stat-datasets.ts';
import { queryRowId, statQueries } from '../tables/stat-queries.ts';
import { sealRowId, statSeals } from '../tables/stat-seals.ts';
import { statTrios } from '../tables/stat-trios.ts';

const fields = { researcher: accountId, query: hexId(32), answer: hash };
export type StatSeal = ActWith<'StatSeal', typeof fields>;

/**
 * A data server says what it answered: SHA-256 of the bytes that it gives for ever.
 *
 * Refuses: QUERY_UNKNOWN, SENDER_WRONG, SEAL_TAKEN. Writes: `stat-seals[researcher, query, sender]`.
 * Source: docs/protocol/vitals-ledger.md, rule VL-15.
 */
export const statSeal = defineAct({
  kind: 'StatSeal',
  number: 45,
  fields,
  log: 'user',
  senders: ['data-server'],
  rules: [{ fromVersion: 1, judge }],
  about: ({ researcher }) => ({ account: researcher }),
  commits: ({ answer }) => ({ kind: 'entries', hashes: [answer] }),
  facts: ({ researcher, query, answer }) => ({ researcher, query, answer: bytesToHex(answer) }),
});

function judge(view: LedgerView, act: StatSeal, context: ActContext): Outcome {
  const { researcher, query, answer } = act;
  const { sender, block } = context;
  const asked = view.get(statQueries, queryRowId(researcher, query));
  // VL-15: to a question that was paid,
  if (asked === undefined) return refuse('QUERY_UNKNOWN');
  const trio = view.get(statDatasets, asked.dataset)?.trio;
  const servers = trio === undefined ? undefined : view.get(statTrios, trio)?.servers;
  // by a server that holds what was asked of,
  if (servers?.includes(sender) !== true) return refuse('SENDER_WRONG');
  const id = sealRowId(researcher, query, sender);
  // once.
  if (view.get(statSeals, id) !== undefined) return refuse('SEAL_TAKEN');
  return accept([put(statSeals, id, { answer, height: block.height })]);
}
