// A reporter for `node --test`: what failed, whole; of the rest one line with the counts, and the slowest files,
// so that whoever makes a fast test slow sees it here.
const shown = 5;

// biome-ignore lint/style/noDefaultExport: Node takes a reporter by its default export.
export default async function* slowest(source) {
  const files = new Map();
  let counts = {};
  for await (const { type, data } of source) {
    const error = data.details?.error;
    // A suite fails with what is in it, said already, or by itself, as a file does that cannot be imported.
    if (type === 'test:fail' && error.failureType !== 'subtestsFailed') {
      yield `FAILED ${data.name} (${data.file}:${data.line})\n${error.cause?.stack ?? error.stack ?? error}\n`;
    }
    if (type === 'test:stderr') yield data.message;
    if ((type === 'test:pass' || type === 'test:fail') && data.details.type !== 'suite') {
      files.set(data.file, (files.get(data.file) ?? 0) + data.details.duration_ms);
    }
    if (type === 'test:summary' && data.file === undefined) counts = data.counts;
  }
  const { tests = 0, passed = 0, failed = 0, cancelled = 0, skipped = 0, todo = 0 } = counts;
  yield `tests ${tests}, pass ${passed}, fail ${failed}, cancelled ${cancelled}, skipped ${skipped}, todo ${todo}\n`;
  for (const [file, ms] of [...files].sort(([, a], [, b]) => b - a).slice(0, shown)) {
    yield `  ${(ms / 1000).toFixed(1).padStart(5)} s  ${file.replace(`${process.cwd()}/`, '')}\n`;
  }
}
