import { labelledHash } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import type { ConsentId } from '../../primitives/ids.ts';
import { consentId, list, type Of, struct } from '../../primitives/shape.ts';
import { type ActWith, defineAct } from '../act.ts';
import { type ActContext, accept, holdsRight, type Outcome, refuse } from '../outcome.ts';
import { hash } from '../shapes.ts';
import { type LedgerView, put } from '../table.ts';
import { accounts } from '../tables/accounts.ts';
import { type Consent, consents } from '../tables/consents.ts';
import { whyNotLive } from './consents.ts';

export const maxAccessEntries = 500;

const entry = struct({
  consent: consentId,
  /** SHA-256(label read/entry ‖ 0x00 ‖ salt 32 ‖ signed request). */
  entryHash: hash,
});
export type AccessEntry = Of<typeof entry>;

const fields = { entries: list(entry) };
export type AccessLog = ActWith<'AccessLog', typeof fields>;

/**
 * An organisation asks, before it serves, whether grants are live at this block's time: one byte per entry,
 * 1 live, 0 not. So a revocation and a read are ordered by the block, by nobody's clock.
 *
 * A live entry is a look: it is counted in the grant's row and its hash is chained there, so that the
 * patient can show that no look was kept back. Nothing was served for the others: they are not looks, and
 * nobody can inflate the count of a grant that has ended.
 *
 * Refuses: SENDER_WRONG, ACCESS_LOG_SIZE.
 * Writes: `consents[consent]` of live entries.
 * Source: docs/protocol/consent.md, rules C-7 and C-8.
 */
export const accessLog = defineAct({
  kind: 'AccessLog',
  number: 30,
  fields,
  log: 'user',
  senders: ['organisation'],
  rules: [{ fromVersion: 1, judge }],
  commits: ({ entries }) => ({ kind: 'entries', hashes: entries.map((it) => it.entryHash) }),
  facts: ({ entries }) => ({ entries: entries.length }),
});

function judge(view: LedgerView, act: AccessLog, context: ActContext): Outcome {
  // C-7: only who serves asks.
  if (!holdsRight(view, context.sender, 'serve', context.block.height))
    return refuse('SENDER_WRONG');
  const { entries } = act;
  // C-7: 1 to 500 looks share a transaction.
  if (entries.length < 1 || entries.length > maxAccessEntries) return refuse('ACCESS_LOG_SIZE');

  const answers = new Uint8Array(entries.length);
  const looked = new Map<ConsentId, Consent>();
  for (const [index, { consent, entryHash }] of entries.entries()) {
    const row = looked.get(consent) ?? view.get(consents, consent);
    if (row === undefined) continue;
    const account = view.get(accounts, row.account);
    if (whyNotLive(row, account, context.block.timeMs) !== undefined) continue;
    answers[index] = 1;
    const lookChain = nextLook(row.lookChain, entryHash);
    looked.set(consent, { ...row, looks: row.looks + 1, lookChain });
  }
  const writes = [...looked].map(([id, row]) => put(consents, id, row));
  return accept(writes, answers);
}

/** SHA-256(label read/chain ‖ 0x00 ‖ chain so far 32 ‖ entry hash 32); the chain begins with 32 zeros. */
export function nextLook(chain: Uint8Array, entryHash: Uint8Array): Uint8Array {
  return labelledHash(labels.readChain, chain, entryHash);
}
