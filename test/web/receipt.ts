import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../cli/salus.ts';
import type { App } from './app.ts';

/** A receipt with its names, as the command line writes it in the demo's home. */
export async function receiptOf({ home }: App): Promise<Uint8Array<ArrayBuffer>> {
  const env = { SALUS_PASSPHRASE: 'demo passphrase' };
  const asked = await run(['looked', '--as', 'eboni', '--json'], { home, env });
  const txId = /"txId":"([0-9a-f]{64})"/u.exec(asked.stdout)?.[1];
  assert.ok(txId !== undefined, asked.stdout + asked.stderr);
  const out = join(home, 'one.receipt');
  const args = ['receipt', txId, '--as', 'eboni', '--bundle', '--out', out, '--force'];
  const made = await run(args, { home, env });
  assert.equal(made.code, 0, made.stderr);
  return new Uint8Array(readFileSync(out));
}
