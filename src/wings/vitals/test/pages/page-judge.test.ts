import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCoded } from '../../../../primitives/errors.ts';
import type { PageArithmetic } from '../../crypto/pages/page-arithmetic.ts';
import { plainArithmetic } from '../../crypto/pages/page-arithmetic-plain.ts';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import type { ServerNumber } from '../../crypto/pages/page-head.ts';
import { type JudgedPage, judgeShare } from '../../crypto/pages/page-judge.ts';
import { keepShare } from '../../crypto/pages/page-keep.ts';
import { openBody } from '../../crypto/pages/page-open.ts';
import { type SharedPage, sharePage } from '../../crypto/pages/page-share.ts';
import { prepareShare } from '../../crypto/pages/page-verify.ts';
import { panels } from '../../crypto/panels.ts';
import { drawn, randomnessOf, valuesOf, verifyKey } from '../settings/pages.ts';

const kernel = await openKernel();
/** The same kernel, its expansions by the platform. */
const byPlatform: PageArithmetic = { ...kernel, judge: () => undefined };

const judgedBy = (
  { head, bodies, parts, hashes }: SharedPage,
  server: ServerNumber,
): JudgedPage => ({
  ...{ server, head, parts, verifyKey },
  ...{ body: bodies[server - 1] ?? bodies[0], hash: hashes[server - 1] ?? hashes[0] },
});

/** Step by step. */
async function slowly(of: JudgedPage) {
  const opened = await openBody(kernel, of);
  const share = await prepareShare(kernel, { ...of, opened });
  return { share, kept: keepShare(kernel, { ...of, opened }) };
}

for (const { number, name } of panels) {
  test(`a page of ${name} is judged at once as step by step, with the kernel's expansions and the platform's`, async () => {
    for (const n of [1, 2, 3, 7, 31, 64]) {
      const page = drawn('page', number, n).subarray(0, 16);
      const shared = await sharePage(kernel, page, valuesOf(number, n, n), randomnessOf(n));
      for (const server of [1, 2, 3] as const) {
        const of = judgedBy(shared, server);
        const expected = await slowly(of);
        assert.deepEqual(await judgeShare(kernel, of), expected, `n = ${n}, server ${server}`);
        assert.deepEqual(await judgeShare(byPlatform, of), expected, `n = ${n}, server ${server}`);
      }
    }
  });
}

test('a manifest with parts of others is answered as step by step: with its own in place', async () => {
  const page = drawn('page').subarray(0, 16);
  const shared = await sharePage(kernel, page, valuesOf(1, 9), randomnessOf(1));
  for (const server of [1, 2, 3] as const) {
    for (const parts of [
      [drawn('x'), shared.parts[1], shared.parts[2]],
      [shared.parts[0], drawn('x'), shared.parts[2]],
      [shared.parts[0], shared.parts[1], drawn('x')],
    ] as const) {
      const of = { ...judgedBy(shared, server), parts };
      assert.deepEqual(await judgeShare(kernel, of), await slowly(of));
    }
  }
});

test('a hash of another share is refused: SHARE_HASH_MISMATCH', async () => {
  const page = drawn('page').subarray(0, 16);
  const shared = await sharePage(kernel, page, valuesOf(1, 9), randomnessOf(1));
  for (const arithmetic of [kernel, byPlatform]) {
    for (const server of [1, 2, 3] as const) {
      const of = { ...judgedBy(shared, server), hash: drawn('another') };
      await assert.rejects(
        judgeShare(arithmetic, of),
        (error) => isCoded(error) && error.code === 'SHARE_HASH_MISMATCH',
      );
    }
  }
});

test('the plain arithmetic judges as the kernel does', async () => {
  const page = drawn('page').subarray(0, 16);
  const shared = await sharePage(kernel, page, valuesOf(2, 5), randomnessOf(2));
  for (const server of [1, 3] as const) {
    const of = judgedBy(shared, server);
    assert.deepEqual(await judgeShare(plainArithmetic, of), await judgeShare(kernel, of));
  }
});

test('many pages judged at once do not mix', async () => {
  const shared = await Promise.all(
    [1, 2, 3, 4, 5, 6].map((n) =>
      sharePage(kernel, drawn('p', n).subarray(0, 16), valuesOf(1, n, n), randomnessOf(n)),
    ),
  );
  const all = shared.flatMap((it) => ([1, 2, 3] as const).map((server) => judgedBy(it, server)));
  const together = await Promise.all(all.map((of) => judgeShare(kernel, of)));
  for (const [i, of] of all.entries()) assert.deepEqual(together[i], await slowly(of));
});
