import { readVectorsFrom } from '../../vectors/files.ts';
import { runVectors } from '../../vectors/suites.ts';
import { base64, type Outcome } from '../../vectors/tally.ts';
import { fetchBytes } from './people.ts';

/** Runs every set with this engine's cryptography; the files come as one JSON of base64 by path. */
export async function vectors(): Promise<readonly Outcome[]> {
  const text = new TextDecoder().decode(await fetchBytes('/vectors.json'));
  const files: Readonly<Record<string, string>> = JSON.parse(text);
  const paths = Object.keys(files);
  readVectorsFrom({
    has: (path) => paths.some((it) => it === path || it.startsWith(`${path}/`)),
    bytes: (path) => base64(files[path] ?? ''),
    below: (folder) =>
      paths
        .filter((it) => it.startsWith(`${folder}/`))
        .map((it) => it.slice(folder.length + 1))
        .sort(),
  });
  const outcomes: Outcome[] = [];
  for await (const outcome of runVectors(['vectors/published', 'vectors'])) outcomes.push(outcome);
  return outcomes;
}
