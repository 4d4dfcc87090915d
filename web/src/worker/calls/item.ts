import {
  amendmentOf,
  contentOf,
  harmlessText,
  type ListedGrant,
  type OpenedRecord,
  openAttachment,
  openKept,
  type Person,
  parseRecordClass,
  type RecordId,
  type RecordLine,
  reclassifyRecord,
} from '@salus/salus/sdk/browser';
import type { Call, Work } from '../call.ts';
import { chartLines, heldLines, isNotBelieved, recordOf } from '../chart-lines.ts';
import { type GrantView, grantViews } from '../grant-view.ts';
import { fileNameFor, type ItemView, isPicture, itemView } from '../item-view.ts';
import { type PersonView, peopleOf } from '../people.ts';
import { asLastSeen, orFromDevice } from '../seen.ts';
import type { Session } from '../session.ts';
import { hospitalOf } from '../site.ts';

/** An entry: opened; erased; or not believed, and then nothing of it is shown. */
export type OpenedItemView =
  | ItemView
  | { readonly state: 'erased'; readonly writtenMs: number }
  | {
      readonly state: 'refused';
      readonly code: string;
      /** Title of the hospital that served it. */
      readonly servedBy: string;
      readonly ms: number;
    };

interface OfItem {
  readonly handle: string;
}

const lastOpened = new WeakMap<Person, OpenedRecord>();

/** The one that was opened last is not opened again for its bytes. */
async function opened(
  session: Session,
  recordId: RecordId,
  { signal, onAsOf }: Pick<Work, 'signal' | 'onAsOf'>,
): Promise<OpenedRecord> {
  const last = lastOpened.get(session.person);
  if (last?.head.recordId === recordId) return last;
  const { person, as } = session;
  const options = { ...as, signal };
  const record = await orFromDevice<OpenedRecord>(
    () => person.openRecord(recordId, options),
    async () => {
      const { kept, ...held } = await person.run(openKept, { recordId }, options);
      onAsOf(kept.openedMs);
      return held;
    },
  );
  lastOpened.set(session.person, record);
  return record;
}

const open: Call<OfItem, OpenedItemView> = async (session, { handle }, work) => {
  const { signal } = work;
  const { recordId, line } = await recordOf(session, handle, signal);
  if (line?.state === 'erased') return { state: 'erased', writtenMs: line.timeMs };
  try {
    const record = await opened(session, recordId, work);
    return await itemView(session, await heldLines(session, signal), record);
  } catch (error) {
    if (!isNotBelieved(error)) throw error;
    const { organisation, organisationName } = session.account;
    const hospital = await hospitalOf(organisation).catch(() => undefined);
    const servedBy = hospital?.title ?? organisationName;
    return { state: 'refused', code: error.code, servedBy, ms: Date.now() };
  }
};

export interface VersionView {
  readonly handle: string;
  readonly title: string;
  readonly author: PersonView;
  readonly writtenMs: number;
  readonly reason: string | undefined;
  readonly isThis: boolean;
}

/** All versions, newest first. */
const versions: Call<OfItem, readonly VersionView[]> = async (session, { handle }, { signal }) => {
  const { recordId } = await recordOf(session, handle, signal);
  const all = await session.person.history(recordId, { ...session.as, signal });
  const contents = all.map((it) => ({ it, content: contentOf(it) }));
  const personOf = await peopleOf(
    session,
    contents.map(({ content }) => content.head.author),
  );
  return Promise.all(
    contents.map(async ({ it, content }) => ({
      handle: await session.handles.of(it.head.recordId),
      title: harmlessText(content.head.name),
      author: personOf(content.head.author),
      writtenMs: content.head.writtenMs,
      reason: amendmentOf(it.head.mediaType)?.reason,
      isThis: it.head.recordId === recordId,
    })),
  );
};

/** Who may read this entry now, whose share leaves it out, and who did read it. */
export interface ReadersView {
  readonly can: readonly GrantView[];
  readonly cannot: readonly { readonly grant: GrantView; readonly why: 'kind' | 'time' | 'list' }[];
  readonly looks: readonly {
    readonly person: PersonView;
    readonly purpose: string;
    readonly ms: number;
  }[];
  /** At least one look is missing from the list. */
  readonly withheld: boolean;
}

const readers: Call<OfItem, ReadersView> = async (session, { handle }, { signal }) => {
  const { recordId, line } = await recordOf(session, handle, signal);
  const { person, as } = session;
  const [grants, looked] = await Promise.all([
    person.grants({ ...as, signal }),
    person.looked({ ...as, signal }),
  ]);
  const open = grants.filter((it) => it.state === 'live' || it.state === 'not yet');
  const views = new Map((await grantViews(session, open)).map((it) => [it.consent, it]));
  const judged = open.flatMap((it) => {
    const grant = views.get(it.consent);
    return grant === undefined ? [] : [{ grant, why: whyNot(it, recordId, line) }];
  });
  const looks = looked.notices.flatMap((it) =>
    it.kind === 'look' && it.recordIds.includes(recordId) ? [it] : [],
  );
  const personOf = await peopleOf(
    session,
    looks.map((it) => it.reader),
  );
  const withheld = new Set(looked.withheld.map((it) => it.consent));
  return {
    can: judged.filter((it) => it.why === undefined).map((it) => it.grant),
    cannot: judged.flatMap(({ grant, why }) => (why === undefined ? [] : [{ grant, why }])),
    looks: looks
      .map((it) => ({ person: personOf(it.reader), purpose: it.purpose, ms: it.servedMs }))
      .toSorted((a, b) => b.ms - a.ms),
    withheld: withheld.size > 0,
  };
};

function whyNot(
  { terms }: ListedGrant,
  recordId: RecordId,
  line: RecordLine | undefined,
): 'kind' | 'time' | 'list' | undefined {
  if (line?.recordClass === undefined || !terms.readClasses.includes(line.recordClass))
    return 'kind';
  if (terms.recordIds.length > 0 && !terms.recordIds.includes(recordId)) return 'list';
  return line.timeMs < terms.fromMs ? 'time' : undefined;
}

/** A file for the page to save, or a picture for it to show. */
export interface FileView {
  readonly name: string;
  /** Of a neutral type, so that a browser saves it and never opens it; of a picture its own. */
  readonly blob: Blob;
}

const bytes: Call<OfItem, FileView> = async (session, { handle }, work) => {
  const { recordId } = await recordOf(session, handle, work.signal);
  const { head, bytes } = contentOf(await opened(session, recordId, work));
  return { name: fileNameFor(head), blob: blobOf(bytes, head.mediaType) };
};

const mostHexBytes = 2_048;

/** The first of its bytes as they are read aloud: sixteen a line, with what of them is text. */
const hex: Call<OfItem, { readonly shown: number; readonly lines: readonly string[] }> = async (
  session,
  { handle },
  work,
) => {
  const { recordId } = await recordOf(session, handle, work.signal);
  const { bytes } = contentOf(await opened(session, recordId, work));
  const some = bytes.subarray(0, mostHexBytes);
  const lines: string[] = [];
  for (let at = 0; at < some.length; at += 16) {
    const row = some.subarray(at, at + 16);
    const pairs = Array.from(row, (it) => it.toString(16).padStart(2, '0')).join(' ');
    const text = Array.from(row, (it) => (it > 31 && it < 127 ? String.fromCharCode(it) : '.'));
    lines.push(`${at.toString(16).padStart(6, '0')}  ${pairs.padEnd(47)}  ${text.join('')}`);
  }
  return { shown: some.length, lines };
};

const attachment: Call<OfItem & { readonly number: number }, FileView> = async (
  session,
  { handle, number },
  work,
) => {
  const { recordId } = await recordOf(session, handle, work.signal);
  const record = contentOf(await opened(session, recordId, work));
  const { attachment, bytes } = openAttachment(record.bytes, number);
  return { name: attachment.fileName, blob: blobOf(bytes, attachment.contentType) };
};

const blobOf = (bytes: Uint8Array, mediaType: string): Blob =>
  new Blob([bytes as BlobPart], {
    type: isPicture(mediaType) ? mediaType : 'application/octet-stream',
  });

const receipt: Call<OfItem, Blob> = async (session, { handle }, { signal }) => {
  const { recordId } = await recordOf(session, handle, signal);
  const bytes = await session.person.receiptOfRecord(recordId, { ...session.as, signal });
  return new Blob([bytes as BlobPart], { type: 'application/octet-stream' });
};

/** For good: this one, and with `all` every version of it. Returns how many. */
const erase: Call<OfItem & { readonly all: boolean }, number> = async (
  session,
  { handle, all },
  { signal },
) => {
  const { recordId } = await recordOf(session, handle, signal);
  const { person, as } = session;
  const options = { ...as, signal };
  const ids = all
    ? (await person.history(recordId, options)).map((it) => it.head.recordId)
    : [recordId];
  const erased = await person.erase(ids, options);
  lastOpened.delete(person);
  await chartLines(session, signal);
  return erased.recordIds.length;
};

/** Under another kind or title: a new version with the same bytes. Returns its handle. */
const reclassify: Call<
  OfItem & { readonly recordClass: string; readonly title: string },
  string
> = async (session, { handle, recordClass, title }, { signal }) => {
  const { recordId } = await recordOf(session, handle, signal);
  const request = { recordId, recordClass: parseRecordClass(recordClass), name: title };
  const done = await session.person.run(reclassifyRecord, request, { ...session.as, signal });
  await chartLines(session, signal);
  return session.handles.of(done.recordId);
};

export const itemCalls = {
  'item.open': open,
  'item.versions': versions,
  'item.readers': asLastSeen('item.readers', readers),
  'item.bytes': bytes,
  'item.hex': hex,
  'item.attachment': attachment,
  'item.receipt': receipt,
  'item.erase': erase,
  'item.reclassify': reclassify,
};
