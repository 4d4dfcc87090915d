import {
  amendmentOf,
  CodedError,
  contentOf,
  harmlessText,
  type RecordId,
  type SharedRecord,
  textOfItem,
} from '@salus/salus/sdk/browser';
import type { Chart } from './chart.ts';
import { treatingPurpose } from './chart-grants.ts';
import type { SourceView } from './chart-view.ts';
import { type ItemProofView, itemProof } from './item-proof.ts';
import { type ItemText, itemText } from './item-text.ts';
import { peopleOf } from './people.ts';
import type { Session } from './session.ts';
import { valueShown } from './value-shown.ts';

/** An entry of somebody's chart, opened and verified. */
export interface ChartItemView extends ItemText {
  readonly handle: string;
  readonly recordClass: string;
  readonly name: string;
  readonly marks: readonly string[];
  readonly value: string;
  readonly unit: string;
  readonly flag: string;
  readonly date: string;
  readonly source: SourceView;
  /** Why it took the place of the version before; undefined: it did not. */
  readonly amendment: { readonly reason: string; readonly enteredInError: boolean } | undefined;
  readonly earlier: readonly EarlierView[];
  /** What took its place; undefined: it is the newest. */
  readonly newer: EarlierView | undefined;
  /** It moved here from another hospital, and that does not hold. */
  readonly isNotVerified: boolean;
  readonly hasWrongLine: boolean;
  /** This person wrote it, and may write of its kind still. */
  readonly mayAmend: boolean;
  readonly proof: ItemProofView;
}

/** A version that another one took the place of. */
export interface EarlierView {
  readonly handle: string;
  readonly name: string;
  readonly signedMs: number;
}

/** Throws RECORD_UNKNOWN, and as `Person.readShared`. */
export async function chartItemOf(
  session: Session,
  chart: Chart,
  id: string,
  signal: AbortSignal,
): Promise<ChartItemView> {
  const recordId = id as RecordId;
  const record = chart.record(recordId) ?? (await looked(session, chart, recordId, signal));
  const { head, bytes, path } = contentOf(record);
  const said = textOfItem({ bytes, mediaType: head.mediaType, name: head.name });
  const { headline } = record;
  const personOf = await peopleOf(session, head.author === chart.patient ? [] : [head.author]);
  const source: SourceView =
    head.author === chart.patient
      ? { kind: 'patient' }
      : { kind: 'person', person: personOf(head.author) };
  const isMine = source.kind === 'person' && source.person.isMe;
  const amendment = amendmentOf(head.mediaType);
  const inError = amendment?.enteredInError === true ? ['entered-in-error'] : [];
  return {
    handle: await session.handles.of(recordId),
    recordClass: head.recordClass,
    name: harmlessText(headline.name === '' ? head.name : headline.name),
    marks: [...new Set([...headline.marks, ...inError])],
    // Of what is measured; elsewhere it is a state, which is among the rows.
    ...(headline.type === 'Observation' ? valueShown(headline) : { value: '', unit: '' }),
    flag: headline.flag,
    date: headline.clinicalDate,
    ...itemText(said),
    source,
    amendment,
    earlier: await earlierOf(session, chart, record),
    newer: await newerOf(session, chart, record),
    isNotVerified: path.some((it) => it.notVerified !== undefined),
    hasWrongLine: record.problems.includes('HEADLINE_WRONG'),
    mayAmend: isMine && chart.newerThan(record) === undefined && chart.writes(head.recordClass),
    proof: await itemProof({ head, bytes }, record.row),
  };
}

async function looked(
  session: Session,
  chart: Chart,
  recordId: RecordId,
  signal: AbortSignal,
): Promise<SharedRecord> {
  const grant = chart.grantFor(recordId);
  if (grant === undefined) throw new CodedError('RECORD_UNKNOWN');
  const read = await session.person.readShared(grant.consent, {
    ...{ ...session.as, signal, recordIds: [recordId] },
    purpose: treatingPurpose(grant),
  });
  const [record] = read.records;
  const [gone] = read.missing;
  if (record === undefined) throw gone?.because ?? new CodedError(gone?.code ?? 'RECORD_UNKNOWN');
  return record;
}

/** As far as they came with the chart; whose author is another are no versions. */
async function earlierOf(
  session: Session,
  chart: Chart,
  newest: SharedRecord,
): Promise<readonly EarlierView[]> {
  const found: EarlierView[] = [];
  const seen = new Set<RecordId>([newest.head.recordId]);
  for (let at: SharedRecord | undefined = newest; at !== undefined; ) {
    const { previous, author }: SharedRecord['head'] = at.head;
    const before: SharedRecord | undefined =
      previous === undefined || seen.has(previous) ? undefined : chart.record(previous);
    if (before === undefined || before.head.author !== author) return found;
    const { recordId, name, writtenMs } = before.head;
    seen.add(recordId);
    const handle = await session.handles.of(recordId);
    found.push({ handle, name: harmlessText(name), signedMs: writtenMs });
    at = before;
  }
  return found;
}

async function newerOf(
  session: Session,
  chart: Chart,
  record: SharedRecord,
): Promise<EarlierView | undefined> {
  const newer = chart.newerThan(record);
  if (newer === undefined) return undefined;
  const { recordId, name, writtenMs } = newer.head;
  const handle = await session.handles.of(recordId);
  return { handle, name: harmlessText(name), signedMs: writtenMs };
}
