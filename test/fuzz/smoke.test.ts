import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from './loop.ts';
import { Random } from './random.ts';
import { failureOf, type Target } from './target.ts';
import { targets } from './targets/all.ts';

/** Bounded by their number and not by time, so that every machine tries the same inputs. */
const inputs = 40;

// The gateway's routes have a town to build first: `npm run fuzz` and found.test.ts go there.
for (const [name, { open }] of Object.entries(targets).filter(([one]) => one !== 'http')) {
  test(`${name}: seeds and a few changed inputs are accepted or refused with a code`, async () => {
    const target = await open();
    const found: string[] = [];
    const bounded = { ...target, boundMs: Number.POSITIVE_INFINITY };
    const maxInputs = target.seeds.length + inputs;
    await fuzz(bounded, {
      ...{ seed: 1, maxInputs },
      found: (_, { sign, text }) => void found.push(`${sign}\n${text}`),
    });
    await target.close?.();
    assert.deepEqual(found, []);
  });
}

const fragile: Target = {
  ...{ name: 'fragile', shape: 'bytes', seeds: [Uint8Array.of(1, 2, 3)] },
  run: (input) => {
    if (input.includes(0xff)) throw new TypeError('ff');
  },
};

test('a fault is found, and the same seed finds it at the same input', async () => {
  const once = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    await fuzz(fragile, {
      ...{ seed: 7, maxInputs: 500 },
      found: (input) => void found.push(input.join()),
    });
    return found;
  };
  const [first, second] = [await once(), await once()];
  assert.ok(first.length > 0);
  assert.deepEqual(second, first);
  assert.match((await failureOf(fragile, Uint8Array.of(0xff)))?.sign ?? '', /^TypeError/);
});

test('another seed makes other numbers', () => {
  const draw = (seed: number) => Array.from({ length: 8 }, () => new Random(seed).bits());
  assert.notDeepEqual(draw(1), draw(2));
});
