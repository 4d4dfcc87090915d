import { CodedError, isCoded } from '../primitives/errors.ts';
import type { RecordId } from '../primitives/ids.ts';
import {
  type KeptLine,
  type KeptRecord,
  keptLines,
  openKept,
  type RecordLine,
} from '../sdk/index.ts';
import { type Acting, work } from './acting.ts';
import { Choosing } from './choosing.ts';
import type { CommandContext } from './commands/command.ts';
import { accountOrUndefined, pickId } from './finding.ts';
import { short, when } from './format.ts';
import { named } from './harmless.ts';
import { listedAt } from './last-list.ts';
import { recordByName } from './record-by-name.ts';

/** What `--offline` of a command that reads means. */
export const offlineOption = [
  '--offline',
  'from what was opened on this device, asking nobody (as it is when no hospital answers)',
] as const;

/** That a device answered in place of a hospital. */
export interface FromDevice {
  /** When it was last opened while the hospital answered; of a list the oldest. */
  readonly asOfMs: number;
  /** Which hospital was asked and did not answer; undefined: none was asked. */
  readonly noAnswer: string | undefined;
}

/** `From this device, as of 2026-03-01 10:00 UTC; North did not answer.` */
export const fromDeviceText = ({ asOfMs, noAnswer }: FromDevice): string =>
  `From this device, as of ${when(asOfMs)}; ${
    noAnswer === undefined ? 'no hospital was asked' : `${named(noAnswer)} did not answer`
  }.`;

/** The field of `--json` that says so. */
export const fromDeviceFacts = (it: FromDevice | undefined): Record<string, unknown> =>
  it === undefined ? {} : { fromDevice: { asOfMs: it.asOfMs, noAnswer: it.noAnswer ?? null } };

/**
 * What a hospital answers; where none can be reached, what this device has, unless that is nothing (undefined): then what
 * the hospital's silence means is thrown. `isOffline`: nobody is asked. Throws NOT_KEPT, and what either throws.
 */
export async function orFromDevice<T>(
  acting: Acting,
  isOffline: boolean,
  from: {
    readonly hospital: () => Promise<T>;
    readonly device: (noAnswer: string | undefined) => Promise<T | undefined>;
  },
): Promise<T> {
  if (isOffline) {
    const kept = await from.device(undefined);
    if (kept === undefined) throw new CodedError('NOT_KEPT');
    return kept;
  }
  try {
    return await from.hospital();
  } catch (error) {
    if (!isCoded(error, 'GATEWAY_UNREACHABLE')) throw error;
    const hospitals = new Set(acting.accounts.map((it) => it.organisationName));
    const kept = await from.device([...hospitals].join(', '));
    if (kept === undefined) throw error;
    return kept;
  }
}

/** Whose kept records are meant: one's own, or those of a patient (or of a grant) that she shared. */
export type Whose =
  | { readonly own: true }
  | { readonly own: false; readonly who: string | undefined };

/** A kept line, and as which account it was opened. */
interface KeptHere {
  readonly line: KeptLine;
  readonly as: Acting['accounts'][number];
}

/** Throws AMBIGUOUS: of several patients. */
async function keptHere(
  context: CommandContext,
  acting: Acting,
  whose: Whose,
): Promise<readonly KeptHere[]> {
  const all: KeptHere[] = [];
  for (const as of acting.accounts) {
    const lines = await acting.person.run(keptLines, undefined, work(context, as));
    for (const line of lines) all.push({ line, as });
  }
  const meant = all.filter(({ line }) => (line.consent === undefined) === whose.own);
  if (whose.own || whose.who === undefined) return whose.own ? meant : ofOnePatient(meant);
  const { who } = whose;
  const grants = meant.flatMap(({ line }) => line.consent ?? []);
  const consent = /^[0-9a-f]+$/.test(who) ? pickId(grants, who) : undefined;
  if (consent !== undefined) return meant.filter(({ line }) => line.consent === consent);
  const account = accountOrUndefined(acting, who);
  const name = who.toLowerCase();
  return meant.filter(
    ({ line: { patient, patientName } }) =>
      patient === account || patient === who || patientName.toLowerCase() === name,
  );
}

function ofOnePatient(kept: readonly KeptHere[]): readonly KeptHere[] {
  const patients = new Map(kept.map(({ line }) => [line.patient, line.patientName]));
  if (patients.size <= 1) return kept;
  throw new Choosing(
    'AMBIGUOUS',
    [...patients].map(([account, name]) => ({ patient: name || short(account), account })),
  );
}

/** What is kept of somebody's records; undefined: nothing. Throws AMBIGUOUS. */
export async function keptLinesOf(
  context: CommandContext,
  acting: Acting,
  whose: Whose,
): Promise<readonly KeptLine[] | undefined> {
  const kept = await keptHere(context, acting, whose);
  // One that two grants opened is one line, as of the last time.
  const lines = new Map(kept.map(({ line }) => [line.recordId, line]));
  return lines.size === 0 ? undefined : [...lines.values()];
}

/** One of them, by the number of the last list, by id or its beginning, by name; undefined: it is not here. Throws AMBIGUOUS. */
export async function openKeptOf(
  context: CommandContext,
  acting: Acting,
  text: string,
  whose: Whose,
): Promise<KeptRecord | undefined> {
  const kept = await keptHere(context, acting, whose);
  const recordId = recordIdIn(kept, acting, text);
  const found = kept.findLast(({ line }) => line.recordId === recordId);
  if (found === undefined) return undefined;
  const { line, as } = found;
  const asked = { recordId: line.recordId, consent: line.consent };
  return acting.person.run(openKept, asked, work(context, as));
}

function recordIdIn(kept: readonly KeptHere[], acting: Acting, text: string): RecordId | undefined {
  const ids = kept.map(({ line }) => line.recordId);
  const byId = listedAt(acting, text) ?? pickId(ids, text);
  if (byId !== undefined || /^[0-9a-f]{32}$/.test(text)) return byId;
  return recordByName(
    kept.map(({ line }) => recordLineOf(line)),
    text,
  );
}

/** As other lists have it; which versions there are the device does not know alone. */
export function recordLineOf(line: KeptLine): RecordLine {
  const { recordId, recordClass, headline, height, timeMs, writtenUnder: consent } = line;
  const about = { recordId, recordClass, headline, height, timeMs, consent };
  return { ...about, state: 'live', versions: 1, isOlder: false, isWithdrawn: false };
}
