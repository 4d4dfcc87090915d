import { utf8ToText } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { AccountId, ConsentId, RecordId } from '../../primitives/ids.ts';
import { accountId, list, struct, text } from '../../primitives/shape.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { heldGrant } from '../grants/received.ts';
import { contentOf } from '../records/carried.ts';
import { bareMediaType } from '../records/media-type.ts';
import { type Note, noteBeside, noted } from './kept-beside.ts';
import { readShared, requestRows, type SharedRecord } from './read-shared.ts';

/** Who a patient is by her own chart: what a clinician compares before he writes. */
export interface PatientIdentity {
  readonly patient: AccountId;
  /** As the record says it; may be empty. */
  readonly name: string;
  /** `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; empty: the record does not say. */
  readonly born: string;
}

const entry = struct({ patient: accountId, name: text(200), born: text(10) });
const known: Note<readonly PatientIdentity[]> = {
  ...{ name: 'identities', shape: list(entry), nothing: [] },
};

/** The smallest records of the class are opened, so many at most: a Patient is short. */
const mostOpened = 40;
const mostBytes = 256 * 1024;

/** As it was read on this device before; undefined: it was not. */
export async function knownIdentity(
  ctx: Context,
  consent: ConsentId,
): Promise<PatientIdentity | undefined> {
  const { patient } = heldGrant(ctx, consent);
  return (await noted(ctx, known)).find((it) => it.patient === patient);
}

/**
 * As the chart's Patient record says, by a grant that reads summaries: two looks the first time, none after that.
 * Undefined: the grant does not read them, or there is no such record. Throws as `readShared`.
 */
export async function readIdentity(
  ctx: Context,
  consent: ConsentId,
  options: WorkOptions = {},
): Promise<PatientIdentity | undefined> {
  const before = await knownIdentity(ctx, consent);
  if (before !== undefined) return before;
  const held = heldGrant(ctx, consent);
  if (!held.terms.readClasses.includes('summary')) return undefined;
  const { rows } = await requestRows(ctx, held, options);
  const recordIds = rows
    .map(({ row }) => row)
    .filter((it) => it.recordClass === 'summary' && it.paddedSize <= mostBytes)
    .sort((a, b) => a.paddedSize - b.paddedSize)
    .slice(0, mostOpened)
    .map((it): RecordId => it.recordId);
  if (recordIds.length === 0) return undefined;
  const { records, patient } = await readShared(ctx, consent, { ...options, recordIds });
  const found = records.flatMap((it) => identityIn(it) ?? []).at(-1);
  if (found === undefined) return undefined;
  const identity = { patient, ...found };
  const others = (await noted(ctx, known)).filter((it) => it.patient !== patient);
  await noteBeside(ctx, known, [...others, identity]);
  return identity;
}

/** What somebody else wrote is read as text alone, and short; what is said to have moved counts where that holds. */
function identityIn(record: SharedRecord): Omit<PatientIdentity, 'patient'> | undefined {
  const { head, bytes, path } = contentOf(record);
  if (path.some((it) => it.notVerified !== undefined)) return undefined;
  if (!/[/+]json$/.test(bareMediaType(head.mediaType))) return undefined;
  try {
    const said: unknown = JSON.parse(utf8ToText(bytes));
    if (typeof said !== 'object' || said === null) return undefined;
    const { resourceType, birthDate } = said as { resourceType?: unknown; birthDate?: unknown };
    if (resourceType !== 'Patient') return undefined;
    const isDate = typeof birthDate === 'string' && /^\d{4}(-\d\d(-\d\d)?)?$/.test(birthDate);
    return { name: head.name.slice(0, 100), born: isDate ? birthDate : '' };
  } catch (error) {
    if (error instanceof SyntaxError || isCoded(error)) return undefined;
    throw error;
  }
}
