import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { ThreeServers } from './three-servers.ts';

const kernel = await openKernel();

/** Three servers at which a patient and her sensor are registered; they close when the test ends. */
export async function openServers(
  t: TestContext,
  { checksEnvelopes = true } = {},
): Promise<ThreeServers> {
  const three = await ThreeServers.open(mkdtempSync(join(tmpdir(), 'salus-servers-')), kernel);
  t.after(() => three.close());
  three.checksEnvelopes = checksEnvelopes;
  await three.registerEverywhere();
  return three;
}
