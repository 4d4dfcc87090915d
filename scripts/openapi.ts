// Writes docs/openapi.json from the schemas of the routes; a test fails when it is not up to date.
import { mkdirSync, writeFileSync } from 'node:fs';
import { describeInterface } from '../src/gateway/openapi.ts';

mkdirSync('docs', { recursive: true });
const text = JSON.stringify(await describeInterface(), undefined, 2);
writeFileSync('docs/openapi.json', `${text}\n`);
