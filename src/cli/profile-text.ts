import type { Proposal } from '../server/profiles/proposal.ts';
import { kindOfAct, type LogEntry, type LogStanding } from '../server/profiles/standing.ts';
import { amount } from './format.ts';

/** A log as `ledger profile --json` prints it. */
export function standingFacts({ log, takes, waits, untaken, unknown }: LogStanding) {
  const names = [...takes.acts, ...(waits?.acts ?? []), ...untaken];
  return {
    ...{ log, takes, waits: waits ?? null, untaken, unknown },
    kinds: Object.fromEntries(names.map((act) => [act, kindOfAct(act) ?? null])),
  };
}

/** A proposal, or what was sent. */
export function profileFacts({ chain, profiles }: Proposal) {
  return {
    chain,
    profiles: profiles.map(({ profile, acts, version, fromHeight, approvals }) => ({
      ...{ log: profile, acts, version, fromHeight },
      signedBy: approvals.map(({ organisation }) => organisation),
    })),
  };
}

export function standingText(chain: string, height: number, logs: readonly LogStanding[]): string {
  return [`The ledger ${chain}, after block ${height}`, ...logs.flatMap(linesOf)].join('\n');
}

function linesOf(standing: LogStanding): readonly string[] {
  const { log, takes, waits, untaken } = standing;
  return [
    '',
    `${log} takes, by version ${takes.version} of the rules from height ${takes.fromHeight} on:`,
    `  ${namesOf(takes.acts)}`,
    ...(waits === undefined
      ? []
      : [`from height ${waits.fromHeight} on: ${addedText(takes, waits)}`]),
    ...(untaken.length === 0 ? [] : [`not yet, though this version knows: ${namesOf(untaken)}`]),
    ...unknownLines(standing),
  ];
}

/** What is about to be signed or sent. */
export function profileText({ profiles }: Proposal): string {
  return profiles
    .map(
      ({ profile, acts, version, fromHeight, approvals }) =>
        `From height ${fromHeight} on ${profile} takes, by version ${version} of the rules: ` +
        `${namesOf(acts)}. Signed by ${amount(approvals.length, 'organisation')}.`,
    )
    .join('\n');
}

/** What `salus up` says of it; nothing where ledger and version agree. */
export function standingRemarks(logs: readonly LogStanding[]): readonly string[] {
  const untaken = logs.flatMap((it) => it.untaken);
  return [
    ...logs.flatMap(unknownLines),
    ...(untaken.length === 0
      ? []
      : [
          `This version knows acts that the ledger does not take yet: ${namesOf(untaken)}. To let it take them: ./salus ledger profile --take all`,
        ]),
  ];
}

function unknownLines({ unknown, waits, takes }: LogStanding): readonly string[] {
  if (unknown.length === 0) return [];
  const { fromHeight } = waits ?? takes;
  return [
    `From height ${fromHeight} on the ledger takes ${namesOf(unknown)}, which this version does not know: it stops there (LEDGER_NEWER). Update Salus before.`,
  ];
}

function addedText(takes: LogEntry, waits: LogEntry): string {
  const added = waits.acts.filter((act) => !takes.acts.includes(act));
  const rules = waits.version === takes.version ? [] : [`version ${waits.version} of the rules`];
  return [...(added.length === 0 ? [] : [`also ${namesOf(added)}`]), ...rules].join(', ');
}

function namesOf(acts: readonly number[]): string {
  return acts
    .map((act) => {
      const kind = kindOfAct(act);
      return kind === undefined ? `act ${act}` : `${kind} (${act})`;
    })
    .join(', ');
}
