import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { blobIdOf } from '../blob-id.ts';
import { kib, sample } from '../blob-store.contract.ts';
import { LargeFiles } from './large-files.ts';
import { Rows } from './rows.ts';
import { Writer } from './writer.ts';

test('a file that is deleted and put again in one batch stays', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'salus-writer-'));
  mkdirSync(join(folder, 'files'));
  const rows = new Rows(join(folder, 'blobs.sqlite'), { readOnly: false, maxPages: 0 });
  t.after(() => {
    rows.close();
    rmSync(folder, { recursive: true });
  });
  const files = new LargeFiles(join(folder, 'files'), () => {});
  const limits = { maxWaiting: 10, maxWaitingBytes: 10 };
  let commits = 0;
  const fault = (point: string) => {
    commits += point === 'commit:commit' ? 1 : 0;
  };
  const writer = new Writer(rows, files, { limits, fault });
  const content = sample(300 * kib);
  const id = blobIdOf(content);

  const putAs = async (owner: string) => {
    const { path, handle } = await files.begin();
    await files.write(handle, content);
    await handle.close();
    return () =>
      writer.submit({
        bytes: 0,
        apply: (effects) => {
          files.publish(path, id);
          effects.folderTouched = true;
          rows.insertBlob(id, content.length, {});
          rows.insertClaim({ id, owner }, content.length, 0);
        },
      });
  };
  await (await putAs('ana'))();
  const putByBob = await putAs('bob');
  const deleteByAna = writer.submit({
    bytes: 0,
    apply: (effects) => {
      assert.ok(rows.deleteClaim({ id, owner: 'ana' })?.isFile);
      effects.filesErased.add(id);
    },
  });
  await Promise.all([deleteByAna, putByBob()]);
  assert.equal(commits, 2, 'the second batch had both');
  const handle = await files.open(id);
  assert.ok(handle, 'the file is there');
  await handle.close();
});
