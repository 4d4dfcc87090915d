import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isCoded } from '../../../../primitives/errors.ts';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { valuesOf } from './pages.ts';
import { Killed, type OpenStores, type Place, ThreeServers } from './three-servers.ts';

const places: readonly Place[] = [0, 1, 2];
const kernel = await openKernel();

/** Three servers that are killed so often end with the same batches. `at`: at the how manieth step that it comes to. */
export async function endAlike(
  kills: readonly { readonly place: Place; readonly at: number }[],
  openStores?: OpenStores,
): Promise<void> {
  const three = await ThreeServers.open(
    mkdtempSync(join(tmpdir(), 'salus-kills-')),
    kernel,
    openStores,
  );
  try {
    await three.registerEverywhere();
    const left = [...kills];
    const steps = new Map<Place, number>();
    three.onStep = (place) => {
      const step = (steps.get(place) ?? 0) + 1;
      steps.set(place, step);
      const due = left.findIndex((it) => it.place === place && it.at === step);
      if (due < 0) return;
      left.splice(due, 1);
      throw new Killed();
    };
    // What a supervisor does: a server that was killed begins again with what it wrote down.
    const patiently = async (place: Place, work: () => Promise<unknown>) => {
      for (let tries = 0; tries < 8; tries++) {
        try {
          await work();
          return;
        } catch (error) {
          if (error instanceof Killed) await three.kill(place);
          else if (!isCoded(error)) throw error;
        }
      }
    };
    const pages = [];
    for (let at = 0; at < 3; at++) pages.push(await three.sign(valuesOf(3, 4, at), at));
    for (const part of [pages.slice(0, 2), pages.slice(2)]) {
      const uploads = await three.uploads(part);
      for (const place of places)
        await patiently(place, () => three.server(place).upload(uploads[place]));
      for (let turn = 0; turn < 6; turn++) {
        for (const place of places) await patiently(place, () => three.server(place).judge());
        for (const place of places) await patiently(place, () => three.server(place).seal());
      }
    }
    const batches = await Promise.all(
      places.map(async (place) => {
        const newest = await three.store(place).newestBatch(three.trio);
        const found = [];
        for (let number = 1; number <= newest; number++)
          found.push(await three.store(place).sealedBatch(three.trio, number));
        return found;
      }),
    );
    assert.deepEqual(batches[1], batches[0]);
    assert.deepEqual(batches[2], batches[0]);
    const count = batches[0]?.reduce((sum, it) => sum + (it?.pages.length ?? 0), 0);
    assert.equal(count, pages.length);
  } finally {
    await three.close();
  }
}
