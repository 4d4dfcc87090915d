import { parseArgs } from 'node:util';
import { vectorsOnDisk } from './disk.ts';
import { readVectorsFrom } from './files.ts';
import { runVectors } from './suites.ts';

/**
 * `npm run vectors -- [--json] [--dir DIR]`: runs every set of vectors that lies here, or in DIR, against
 * the product's own functions. Ends with 1 when a case fails, or when there was none to run.
 */
const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, dir: { type: 'string' } },
});
const here = import.meta.dirname;
const folders = values.dir === undefined ? [`${here}/published`, here] : [values.dir];

readVectorsFrom(vectorsOnDisk);
let cases = 0;
let failed = 0;
for await (const outcome of runVectors(folders)) {
  const { file, passed, failures } = outcome;
  cases += outcome.cases;
  failed += failures.length;
  if (values.json) console.log(JSON.stringify({ file, cases: outcome.cases, passed }));
  else
    console.log(
      `${failures.length === 0 ? 'ok    ' : 'FAILED'} ${passed}/${outcome.cases} ${file}`,
    );
  for (const failure of failures) console.error(`${file}: ${failure}`);
}
process.exitCode = failed > 0 || cases === 0 ? 1 : 0;
