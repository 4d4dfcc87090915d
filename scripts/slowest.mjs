// A reporter for `node --test`: what failed, whole; of the rest one line with the counts, and the slowest files,
// so that whoever makes a fast test slow sees it here.
const shown = 5;

// biome-ignore lint/style/noDefaultExport: Node takes a reporter by its default export.
export default async function* slowest(source) {
  const files = [];
  let counts = {};
  for await (const { type, data } of source) {
    if (type === 'test:fail' && data.details.type !== 'suite') {
      const { error } = data.details;
      yield `FAILED ${data.name} (${data.file}:${data.line})\n${error.cause?.stack ?? error.stack ?? error}\n`;
    }
    if (type === 'test:stderr') yield data.message;
    if (type === 'test:summary') {
      if (data.file === undefined) counts = data.counts;
      else files.push({ file: data.file, ms: data.duration_ms });
    }
  }
  const { tests = 0, passed = 0, failed = 0, cancelled = 0, skipped = 0, todo = 0 } = counts;
  yield `tests ${tests}, pass ${passed}, fail ${failed}, cancelled ${cancelled}, skipped ${skipped}, todo ${todo}\n`;
  for (const { file, ms } of files.sort((a, b) => b.ms - a.ms).slice(0, shown)) {
    yield `  ${(ms / 1000).toFixed(1).padStart(5)} s  ${file.replace(`${process.cwd()}/`, '')}\n`;
  }
}
