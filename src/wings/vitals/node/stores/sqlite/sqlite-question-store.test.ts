import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { questionStoreContract } from '../question-store.contract.ts';
import { RowMacs } from '../row-macs.ts';
import { sqliteQuestionStore } from './sqlite-question-store.ts';

const testMacs = new RowMacs(new Uint8Array(32));

const folder = mkdtempSync(join(tmpdir(), 'questions-'));
after(() => rmSync(folder, { recursive: true }));
let count = 0;

questionStoreContract('SQLite', async () => {
  const path = join(folder, `${count++}.db`);
  return async () => sqliteQuestionStore(path, testMacs);
});
