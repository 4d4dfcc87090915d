import type { SavedFile } from '../worker/proof-view.ts';

/** Hands a file to the browser, to be kept where its person keeps files. */
export function saveFile({ fileName, bytes }: SavedFile, type = 'application/octet-stream'): void {
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  // The download has begun by then; the page keeps no copy.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
