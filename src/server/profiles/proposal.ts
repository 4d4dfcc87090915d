import { z } from 'zod';
import { accountIdText, uint } from '../../api/message-parts.ts';
import { labels } from '../../crypto/labels.ts';
import { signLabelled, verifyLabelled } from '../../crypto/signature.ts';
import { type LogProfile, neverLost, profileSignedBytes } from '../../ledger/acts/log-profile.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { accountIdOfKey } from '../../ledger/identity.ts';
import { moduleOfNumber, requireKnown } from '../../ledger/protocol.ts';
import type { LogName } from '../../ledger/shapes.ts';
import { bytesToHex, hexToBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import type { HeldKey } from '../home-members.ts';
import type { LogStanding } from './standing.ts';

/** What logs are to take from a height on, and who has signed it so far. */
export interface Proposal {
  readonly chain: string;
  readonly profiles: readonly LogProfile[];
}

/** What somebody asks for. */
export interface WantedChange {
  /** Numbers of acts, each for the log it is declared for unless `log` says another; or all that this version knows. */
  readonly acts: readonly number[] | 'all';
  readonly log?: LogName | undefined;
  /** Of the rules; missing: as it is. */
  readonly version?: number | undefined;
  readonly fromHeight: number;
}

/**
 * The change as acts that nobody has signed yet, one for each log that changes; none: it takes all of that, or will.
 *
 * Throws USAGE (an act that this version does not know), LOG_WRONG (no such log here), PROFILE_PENDING,
 * PROFILE_SHRINKS (an older version of the rules), LEDGER_NEWER (a version that this one does not know).
 */
export function propose(
  chain: string,
  standings: readonly LogStanding[],
  wanted: WantedChange,
): Proposal {
  const wantedOf = actsByLog(standings, wanted);
  const profiles = standings.flatMap(({ log, takes, waits }): LogProfile[] => {
    const added = wantedOf.get(log) ?? [];
    const version = wanted.log === undefined || wanted.log === log ? wanted.version : undefined;
    const settled = waits ?? takes;
    const next = { version: version ?? settled.version, acts: union(settled.acts, added) };
    if (next.version === settled.version && next.acts.length === settled.acts.length) return [];
    if (waits !== undefined) {
      throw new CodedError('PROFILE_PENDING', { log, fromHeight: waits.fromHeight });
    }
    if (next.version < settled.version) throw new CodedError('PROFILE_SHRINKS', { log });
    const acts = log === 'user' ? union(next.acts, neverLost) : next.acts;
    const { fromHeight } = wanted;
    return [{ kind: 'LogProfile', profile: log, ...next, acts, fromHeight, approvals: [] }];
  });
  const proposal = { chain, profiles };
  requireKnownActs(proposal);
  return proposal;
}

/** Which acts each log is to take in addition. Throws USAGE, LOG_WRONG. */
function actsByLog(
  standings: readonly LogStanding[],
  { acts, log }: WantedChange,
): ReadonlyMap<LogName, readonly number[]> {
  const requireLog = (name: LogName) => {
    if (!standings.some((it) => it.log === name)) throw new CodedError('LOG_WRONG', { log: name });
    return name;
  };
  if (log !== undefined) requireLog(log);
  if (acts === 'all') {
    const meant = standings.filter((it) => log === undefined || it.log === log);
    return new Map(meant.map((it) => [it.log, it.untaken]));
  }
  const byLog = new Map<LogName, number[]>();
  for (const act of acts) {
    const module = moduleOfNumber(act);
    if (module === undefined) {
      throw new CodedError('USAGE', { problem: `this version does not know act ${act}` });
    }
    const to = requireLog(log ?? module.log);
    byLog.set(to, [...(byLog.get(to) ?? []), act]);
  }
  return byLog;
}

function union(some: readonly number[], more: readonly number[]): readonly number[] {
  return [...new Set([...some, ...more])].sort((a, b) => a - b);
}

/**
 * Nobody signs or sends what would stop his own server: acts and rules that this version does not know.
 * Throws LEDGER_NEWER.
 */
export function requireKnownActs({ chain, profiles }: Proposal): void {
  for (const { profile, acts, version, fromHeight } of profiles) {
    const logs = { [profile]: { acts, version, fromHeight } };
    requireKnown({
      chainId: chain,
      genesisOrganisations: () => [],
      genesisValidators: () => [],
      logs,
    });
  }
}

/** An organisation that must agree, and may send. */
export interface Enroller {
  readonly account: AccountId;
  readonly title: string;
}

/** Who must agree to what a log takes. Source: docs/protocol/acts.md, rule A-9. */
export function enrollersOf({ organisations }: Genesis): readonly Enroller[] {
  return organisations
    .filter(({ rights }) => rights.includes('enrol'))
    .map(({ identity, name }) => ({
      account: accountIdOfKey(identity.suite, identity.signKey),
      title: name,
    }));
}

/** Of those who must agree, who has not signed all of it. */
export function missingOf(genesis: Genesis, profiles: readonly LogProfile[]): readonly Enroller[] {
  return enrollersOf(genesis).filter(({ account }) =>
    profiles.some(({ approvals }) => !approvals.some((it) => it.organisation === account)),
  );
}

/**
 * Signed also by those of these who must agree; one who had signed before signs anew.
 * Throws CHAIN_WRONG, SIGNATURE_WRONG, LEDGER_NEWER.
 */
export async function approved(
  genesis: Genesis,
  proposal: Proposal,
  held: readonly HeldKey[],
): Promise<Proposal> {
  if (proposal.chain !== genesis.chainId) throw new CodedError('CHAIN_WRONG');
  requireKnownActs(proposal);
  await requireSigned(proposal);
  const needed = new Set(enrollersOf(genesis).map(({ account }) => account));
  const keys = held.filter(({ account }) => needed.has(account));
  const { chain } = proposal;
  const profiles = await Promise.all(
    proposal.profiles.map(async (profile) => {
      const bytes = profileSignedBytes(profile, chain);
      const added = await Promise.all(
        keys.map(async ({ account, signingKey }) => ({
          organisation: account,
          signKey: signingKey.publicKey,
          signature: await signLabelled(signingKey, labels.profileSign, bytes),
        })),
      );
      const others = profile.approvals.filter(
        ({ organisation }) => !keys.some(({ account }) => account === organisation),
      );
      return { ...profile, approvals: [...others, ...added] };
    }),
  );
  return { chain, profiles };
}

/** Every signature is of what stands beside it. Throws SIGNATURE_WRONG {organisation}. */
export async function requireSigned({ chain, profiles }: Proposal): Promise<void> {
  for (const profile of profiles) {
    const bytes = profileSignedBytes(profile, chain);
    for (const { organisation, signKey, signature } of profile.approvals) {
      if (!(await verifyLabelled(signKey, labels.profileSign, bytes, signature))) {
        throw new CodedError('SIGNATURE_WRONG', { organisation });
      }
    }
  }
}

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));

/** The file that goes from one organisation to the next. Source: docs/protocol/commands.md, rule CL-26. */
const proposalFile = z.strictObject({
  chain: z.string().regex(/^[A-Za-z0-9._-]{1,50}$/),
  profiles: z
    .array(
      z.strictObject({
        log: z.enum(['user', 'doc']),
        acts: z
          .array(uint.check(z.lte(255)))
          .min(1)
          .max(255),
        version: uint,
        fromHeight: uint,
        approvals: z
          .array(
            z.strictObject({ organisation: accountIdText, signKey: hex(32), signature: hex(64) }),
          )
          .max(1_000),
      }),
    )
    .min(1)
    .max(2)
    .refine((profiles) => new Set(profiles.map(({ log }) => log)).size === profiles.length),
});

/** As a file that people can read before they sign. */
export function formatProposal({ chain, profiles }: Proposal): string {
  const file: z.input<typeof proposalFile> = {
    chain,
    profiles: profiles.map(({ profile, acts, version, fromHeight, approvals }) => ({
      ...{ log: profile, acts: [...acts], version, fromHeight },
      approvals: approvals.map(({ organisation, signKey, signature }) => ({
        organisation,
        signKey: bytesToHex(signKey),
        signature: bytesToHex(signature),
      })),
    })),
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/** Throws PROPOSAL_INVALID. Whether its signatures hold is another question: `requireSigned`. */
export function parseProposal(text: string): Proposal {
  const { chain, profiles } = readFile(text);
  return {
    chain,
    profiles: profiles.map(({ log, acts, version, fromHeight, approvals }) => ({
      kind: 'LogProfile',
      ...{ profile: log, acts, version, fromHeight },
      approvals: approvals.map(({ organisation, signKey, signature }) => ({
        organisation,
        signKey: bytesOfHex(signKey),
        signature: bytesOfHex(signature),
      })),
    })),
  };
}

function readFile(text: string): z.output<typeof proposalFile> {
  try {
    return proposalFile.parse(JSON.parse(text));
  } catch (cause) {
    throw new CodedError('PROPOSAL_INVALID', {}, cause);
  }
}

function bytesOfHex(text: string): Uint8Array {
  const bytes = hexToBytes(text);
  if (bytes === undefined) throw new CodedError('PROPOSAL_INVALID');
  return bytes;
}
