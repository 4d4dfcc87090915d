/** Characters that hide or turn what stands beside them, and those that no file system takes. */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}<>:"/\\|?*]/gu;

/** A name from a record is somebody's text: it hides no ending, leads to no folder and is not too long. */
export function safeFileName(name: string): string {
  const safe = name
    .replace(unsafe, '_')
    .replace(/^[. ]+/u, '_')
    .trim();
  const ending = /\.[a-z0-9]{1,8}$/iu.exec(safe)?.[0] ?? '';
  const short = safe.length <= 120 ? safe : `${safe.slice(0, 120 - ending.length)}${ending}`;
  return short === '' ? 'record' : short;
}

/** Saved by the browser under this name, and never opened as a page: whatever it is, its type is neutral. */
export function saveFile(blob: Blob, name: string): void {
  const neutral = new Blob([blob], { type: 'application/octet-stream' });
  const url = URL.createObjectURL(neutral);
  const link = document.createElement('a');
  link.href = url;
  link.download = safeFileName(name);
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
