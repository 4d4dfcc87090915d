import { contentOf, skeletonMediaType } from '@salus/salus/sdk/browser';
import type { Call } from '../call.ts';
import { chartLines } from '../chart-lines.ts';
import { ExportPage, type ExportWords } from '../export-page.ts';
import { fileNameFor, patientOf } from '../item-view.ts';
import { Zip } from '../zip.ts';

/** The whole record, made on this device. */
export interface ExportView {
  /** All files as they came, what others wrote, and the page. */
  readonly zip: Blob;
  /** One page that is read without a network and without this app. */
  readonly page: Blob;
  readonly files: number;
  readonly entries: number;
  /** What did not open, by name. */
  readonly failures: readonly { readonly name: string; readonly code: string }[];
}

/** Everything that is live: each imported file byte for byte, then what no file gave back. */
const all: Call<
  { readonly words: ExportWords; readonly madeMs: number; readonly pageName: string },
  ExportView
> = async (session, { words, madeMs, pageName }, { signal, onProgress }) => {
  const { byId, all: lines } = await chartLines(session, signal);
  const zip = new Zip(madeMs);
  const page = new ExportPage(words);
  const failures: { name: string; code: string }[] = [];
  const told = new Set<string>();
  let entries = 0;
  const tell = (record: Parameters<ExportPage['add']>[0], file: string): void => {
    const { head } = contentOf(record);
    if (head.mediaType === skeletonMediaType || told.has(head.recordId)) return;
    told.add(head.recordId);
    // What has a newer version stays in its file; who reads the page wants what holds.
    if (byId.get(head.recordId)?.isOlder === true) return;
    entries += 1;
    page.add(record, file);
  };
  await session.person.exportAll(
    async (given) => {
      if (given.kind === 'missing') {
        const name = byId.get(given.recordId)?.headline?.name ?? given.recordId;
        failures.push({ name, code: given.code });
      } else if (given.kind === 'import') {
        const name = zip.add(`files/${given.fileName.replace(/\//gu, '_')}`, given.bytes);
        for (const record of given.records) tell(record, name);
      } else {
        const { head, bytes } = contentOf(given.record);
        const name = zip.add(`entries/${fileNameFor(head).replace(/\//gu, '_')}`, bytes);
        tell(given.record, name);
      }
    },
    { ...session.as, signal, onProgress },
  );
  const made = page.finish(patientOf(session, lines), failures);
  zip.add(pageName, new Uint8Array(await made.arrayBuffer()));
  const files = zip.count - 1;
  return { zip: zip.finish(), page: made, files, entries, failures };
};

export const exportCalls = { 'record.export': all };
