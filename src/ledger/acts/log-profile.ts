import { labels } from '../../crypto/labels.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { encodeCbor } from '../../primitives/cbor.ts';
import { accountId, bytes, list, type Of, struct, uint, uintTo } from '../../primitives/shape.ts';
import { type ActWith, defineAct } from '../act.ts';
import { membersAt } from '../members.ts';
import { type ActContext, accept, holdsRight, type Outcome, refuse } from '../outcome.ts';
import { logName, signKey } from '../shapes.ts';
import { type LedgerView, put } from '../table.ts';
import { accounts } from '../tables/accounts.ts';
import { type ProfileEntry, profileRowId, profiles } from '../tables/profiles.ts';

/** A profile begins soon: one that was set for a far height would stand in the way of every other. */
export const maxProfileLead = 100_000;

/** Taking back must stay possible on every ledger: RotateKey, RevokeKey, ConsentRevoke; and where
 * RecoveryChange (5) is taken, RecoveryStop (6). */
export const neverLost: readonly number[] = [2, 3, 11];

/** An organisation says yes, by its key in use. */
const approval = struct({ organisation: accountId, signKey, signature: bytes(64) });
export type Approval = Of<typeof approval>;

const fields = {
  /** The log whose profile changes. */
  profile: logName,
  /** All that it takes from then on: act numbers, rising. */
  acts: list(uintTo(255), { least: 1, most: 255 }),
  /** By which version of the rules it is judged. */
  version: uint,
  fromHeight: uint,
  approvals: list(approval, { most: 1_000 }),
};
export type LogProfile = ActWith<'LogProfile', typeof fields>;

/**
 * A running ledger takes new acts: what a log takes, and by which rules, from a height on. All organisations
 * that may enrol people agree; a set only grows, so nobody loses what he could do.
 *
 * Taken by the user log of every ledger, though no genesis lists it.
 * Refuses: SENDER_WRONG, LOG_WRONG (no such log here), PROFILE_HEIGHT, PROFILE_PENDING, PROFILE_SHRINKS,
 * SIGNATURE_WRONG, PROFILE_APPROVAL.
 * Writes: `profiles[log]`.
 * Source: docs/protocol/acts.md, rule A-9.
 */
export const logProfile = defineAct({
  kind: 'LogProfile',
  number: 72,
  fields,
  log: 'user',
  senders: ['organisation'],
  outside: {
    requires: (act, { chainId }) => {
      const bytes = profileSignedBytes(act, chainId);
      return act.approvals.map(({ signKey, signature }) => ({
        kind: 'signature',
        publicKey: signKey,
        label: labels.profileSign,
        bytes,
        signature,
      }));
    },
    refusal: 'SIGNATURE_WRONG',
  },
  rules: [{ fromVersion: 1, judge }],
  facts: ({ profile, acts, version, fromHeight, approvals }) => ({
    log: profile,
    acts: acts.map(String),
    version,
    fromHeight,
    approvedBy: approvals.map(({ organisation }) => organisation),
  }),
});

/** What each organisation signs under label profile/sign: CBOR [chain id, log, acts, version, from height]. */
export function profileSignedBytes(
  { profile, acts, version, fromHeight }: Omit<LogProfile, 'kind' | 'approvals'>,
  chainId: string,
): Uint8Array {
  return encodeCbor([chainId, profile, acts, version, fromHeight]);
}

function judge(view: LedgerView, act: LogProfile, context: ActContext): Outcome {
  const { charter, block } = context;
  const { profile, acts, version, fromHeight } = act;
  // who may enrol people speaks for an organisation.
  if (!holdsRight(view, context.sender, 'enrol', context.block.height))
    return refuse('SENDER_WRONG');
  const inForce = charter.logs[profile];
  // a log that genesis did not make is not made here.
  if (inForce === undefined) return refuse('LOG_WRONG');
  // from a later block on, so that no block is judged by two profiles; and not from a far one.
  if (fromHeight <= block.height || fromHeight > block.height + maxProfileLead) {
    return refuse('PROFILE_HEIGHT');
  }
  const rowId = profileRowId(profile);
  const newest = view.get(profiles, rowId)?.at(-1);
  // one after the other.
  if (newest !== undefined && newest.fromHeight > block.height) return refuse('PROFILE_PENDING');
  const next: ProfileEntry = { acts, version, fromHeight };
  if (!growsFrom(inForce, next, profile)) return refuse('PROFILE_SHRINKS');
  // each signature holds,
  if (!context.isProven) return refuse('SIGNATURE_WRONG');
  // and they are of all who must agree, and of nobody else.
  if (!isApproved(view, act, context)) return refuse('PROFILE_APPROVAL');
  return accept([put(profiles, rowId, [inForce, next])]);
}

/** Nothing is taken away: no act, no version; numbers rise, so that one set has one encoding. */
export function growsFrom(
  inForce: ProfileEntry,
  next: Omit<ProfileEntry, 'fromHeight'>,
  log: LogProfile['profile'],
): boolean {
  const rises = next.acts.every((act, index) => index === 0 || act > (next.acts[index - 1] ?? 0));
  const stopped = next.acts.includes(5) ? [6] : [];
  const kept = log === 'user' ? [...inForce.acts, ...neverLost, ...stopped] : inForce.acts;
  return rises && next.version >= inForce.version && kept.every((act) => next.acts.includes(act));
}

/** Every organisation with the right `enrol` once, by the key that it has in use now. */
function isApproved(
  view: LedgerView,
  { approvals }: LogProfile,
  { charter, block: { height } }: ActContext,
): boolean {
  const needed = membersAt(view, charter, height).filter((organisation) =>
    holdsRight(view, organisation, 'enrol', height),
  );
  if (approvals.length !== needed.length) return false;
  return needed.every((organisation) => {
    const key = view.get(accounts, organisation)?.signKey;
    const given = approvals.find((it) => it.organisation === organisation);
    return key !== undefined && given !== undefined && equalBytes(given.signKey, key);
  });
}
