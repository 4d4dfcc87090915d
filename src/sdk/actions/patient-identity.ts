import { bytesToHex, utf8ToText } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { AccountId, ConsentId, RecordId } from '../../primitives/ids.ts';
import { accountId, list, struct, text } from '../../primitives/shape.ts';
import type { LiveItem } from '../client/check-rows.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { openLineOf } from '../client/open-items.ts';
import { collectKeys, readingKeysOf } from '../grants/collect-keys.ts';
import { heldGrant } from '../grants/received.ts';
import { contentOf } from '../records/carried.ts';
import { aboutOfPatient } from '../records/import/identity.ts';
import { ofFirstPerson } from '../records/import/persons.ts';
import type { ReadingKey } from '../records/item-wrap.ts';
import { bareMediaType } from '../records/media-type.ts';
import { type Note, noteBeside, noted } from './kept-beside.ts';
import { readShared, type SharedRecord } from './read-shared.ts';
import { requestRows } from './shared-pages.ts';

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

/** So many Patients of a chart are opened at most, the first ones: a Patient is short. */
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
 * As the chart's Patients say, by a grant that reads summaries: two looks the first time, none after that. Whose chart it
 * is, the first one says that its owner brought; the newest of the same person is what is told. Undefined: the grant
 * does not read them, there is none, or it is not known which of several is meant. Throws as `readShared`.
 * Source: docs/protocol/items.md, rule I-17a.
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
  const keyOf = readingKeysOf(await collectKeys(ctx, held, options), consent);
  const recordIds = await patientsAmong(
    rows.map(({ row }) => row),
    keyOf,
  );
  if (recordIds.length === 0) return undefined;
  const { records, patient } = await readShared(ctx, consent, { ...options, recordIds });
  return noteIdentity(ctx, patient, records);
}

/** Keeps what opened records say of who it is; undefined: none of them does, or it is not known which person is meant. */
export async function noteIdentity(
  ctx: Context,
  patient: AccountId,
  records: readonly SharedRecord[],
): Promise<PatientIdentity | undefined> {
  const found = patientAmong(records);
  if (found === undefined) return undefined;
  const identity = { patient, name: found.name, born: found.born };
  const others = (await noted(ctx, known)).filter((it) => it.patient !== patient);
  await noteBeside(ctx, known, [...others, identity]);
  return identity;
}

/**
 * Of the opened records of a chart the Patient that says whose it is, and what it says. Undefined: there is none, or it
 * is not known which of several persons is meant. Source: docs/protocol/items.md, rule I-17a.
 */
export function patientAmong(records: readonly SharedRecord[]): FoundPatient | undefined {
  const inOrder = records.toSorted((a, b) => byPlace(a.row, b.row));
  return identityOf(inOrder.flatMap((it) => patientIn(it) ?? []));
}

const byPlace = (a: LiveItem, b: LiveItem): number => a.height - b.height || a.index - b.index;

/** Rows that the owner brought and that are called Patients, or have no line to say so: the first of them. */
async function patientsAmong(
  rows: readonly LiveItem[],
  keyOf: (row: LiveItem) => ReadingKey,
): Promise<readonly RecordId[]> {
  const found: RecordId[] = [];
  const brought = rows.filter(
    (it) => it.recordClass === 'summary' && it.paddedSize <= mostBytes && it.consent === undefined,
  );
  for (const row of brought.toSorted(byPlace)) {
    if (found.length === mostOpened) break;
    if (await mayBePatient(row, keyOf)) found.push(row.recordId);
  }
  return found;
}

async function mayBePatient(row: LiveItem, keyOf: (row: LiveItem) => ReadingKey): Promise<boolean> {
  try {
    return (await openLineOf(row, keyOf(row))).type === 'Patient';
  } catch (error) {
    // Of before there were lines: its body says what it is.
    if (isCoded(error, 'HEADLINE_WRONG')) return true;
    if (isCoded(error, 'KEY_NOT_HERE') || isCoded(error, 'CANNOT_OPEN')) return false;
    throw error;
  }
}

/** A Patient of a chart, as its bytes say it. */
interface ChartPatient extends Omit<PatientIdentity, 'patient'> {
  readonly height: number;
  readonly about: string;
}

interface FoundPatient extends ChartPatient {
  readonly recordId: RecordId;
}

/** Of Patients in the order of the ledger. Undefined: none, or the first anchor has several persons. */
export function identityOf<T extends ChartPatient>(patients: readonly T[]): T | undefined {
  const [first] = patients;
  const together = patients.filter((it) => it.height === first?.height);
  const about = ({ about }: T) => about;
  if (ofFirstPerson(together, about).length < together.length) return undefined;
  return ofFirstPerson(patients, about).at(-1);
}

/** What is said to have moved counts where that holds; what another than the owner wrote does not count. */
function patientIn(record: SharedRecord): FoundPatient | undefined {
  const { head, bytes, path } = contentOf(record);
  const owners = [record.row.account, ...path.map((it) => it.account)];
  if (path.some((it) => it.notVerified !== undefined) || !owners.includes(head.author)) {
    return undefined;
  }
  if (!/[/+]json$/.test(bareMediaType(head.mediaType))) return undefined;
  try {
    const said: unknown = JSON.parse(utf8ToText(bytes));
    if (typeof said !== 'object' || said === null) return undefined;
    const { resourceType, birthDate } = said as { resourceType?: unknown; birthDate?: unknown };
    if (resourceType !== 'Patient') return undefined;
    const isDate = typeof birthDate === 'string' && /^\d{4}(-\d\d(-\d\d)?)?$/.test(birthDate);
    const [name, born] = [head.name.slice(0, 100), isDate ? birthDate : ''];
    const about = bytesToHex(aboutOfPatient(name, born));
    const { recordId, height } = record.row;
    return { name, born, about, recordId, height };
  } catch (error) {
    if (error instanceof SyntaxError || isCoded(error)) return undefined;
    throw error;
  }
}
