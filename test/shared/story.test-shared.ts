import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const data = join(process.env.SALUS_SHARED ?? '../shared', 'data');
const run = promisify(execFile);

async function story(...args: readonly string[]) {
  const { stdout } = await run(process.execPath, ['src/story/main.ts', '--json', ...args], {
    maxBuffer: 256 * 1024 * 1024,
  });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

const filesIn = (folder: string, ending: string) =>
  readdirSync(join(data, folder))
    .filter((file) => file.endsWith(ending))
    .sort()
    .map((file) => join(data, folder, file));

test('the story holds for all patients together, with PDFs and a DICOM file attached', async () => {
  const bundles = filesIn('fhir/synthea-r4', '.json').flatMap((file) => ['--bundle', file]);
  const attached = [...filesIn('documents', '.pdf'), ...filesIn('imaging', '.dcm')];
  const lines = await story(...bundles, ...attached.flatMap((file) => ['--attach', file]));
  assert.deepEqual([lines.at(-1)?.ok, lines.at(-1)?.steps], [true, 18]);
});

test('the story holds for a patient without medication alone', async () => {
  const [bundle] = filesIn('fhir/synthea-r4', '.json').filter((file) =>
    file.includes('Balistreri'),
  );
  const lines = await story('--bundle', bundle ?? '');
  assert.equal(lines.at(-1)?.ok, true);
});

test('every file of the FHIR corpus is imported and given back, or refused with a code', async () => {
  const lines = await story('--corpus', join(data, 'fhir'));
  const files = lines.filter((line) => 'file' in line);
  assert.equal(lines.at(-1)?.ok, true);
  assert.ok(files.length > 170);
  for (const { result, code, sha256In, sha256Out, file } of files) {
    if (result === 'imported') assert.equal(sha256Out, sha256In, String(file));
    else assert.match(String(code), /^[A-Z_]+$/, String(file));
  }
});
