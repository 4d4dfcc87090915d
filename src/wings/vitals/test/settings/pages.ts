import { sha256 } from '../../../../crypto/hash.ts';
import { u32be, utf8 } from '../../../../primitives/bytes.ts';
import { edgesVersion } from '../../crypto/histogram-edges.ts';
import type { PageArithmetic } from '../../crypto/pages/page-arithmetic.ts';
import type { OfThree, ServerNumber } from '../../crypto/pages/page-head.ts';
import { type OpenedShare, openBody } from '../../crypto/pages/page-open.ts';
import type { PageRandomness, SharedPage } from '../../crypto/pages/page-share.ts';
import { encodePage, type Measured, type PageValues } from '../../crypto/pages/page-values.ts';
import {
  decidePage,
  type PreparedShare,
  prepareShare,
  type Verdict,
} from '../../crypto/pages/page-verify.ts';
import { panelOf, vitalsOf } from '../../crypto/panels.ts';
import { statisticsValue } from '../../crypto/vital-signs.ts';

/** 32 bytes that are the same every time. */
export const drawn = (...from: readonly (number | string)[]): Uint8Array =>
  sha256(...from.map((it) => (typeof it === 'string' ? utf8(it) : u32be(it))));

export const randomnessOf = (seed: number): PageRandomness => ({
  nonce: drawn('nonce', seed).subarray(0, 16),
  secrets: [drawn('secret 1', seed), drawn('secret 2', seed), drawn('secret 3', seed)],
});

/** Readings of a panel around the middle of each window, all different. */
export function readingsOf(panel: number, n: number, seed = 0): readonly (readonly Measured[])[] {
  const vitals = vitalsOf(panelOf(panel));
  return Array.from({ length: n }, (_, row) =>
    vitals.map((vital, v) => {
      const [byte = 0] = drawn('reading', seed, row, v);
      const { low, high } = vital.clinical;
      const value = statisticsValue(vital, byte);
      return { value: Math.min(high / 100_000, Math.max(low / 100_000, value)), unit: vital.unit };
    }),
  );
}

export const valuesOf = (panel: number, n: number, seed = 0): PageValues =>
  encodePage(readingsOf(panel, n, seed), { panel, edges: edgesVersion });

export const verifyKey = drawn('verify key');

/** Three servers over what they were sent; each may have been told something else. */
export async function verify(
  arithmetic: PageArithmetic,
  { head, parts, bodies }: SharedPage,
): Promise<{ verdict: Verdict; opened: OfThree<OpenedShare>; said: OfThree<PreparedShare> }> {
  const three = async <Part>(
    run: (server: ServerNumber) => Promise<Part>,
  ): Promise<OfThree<Part>> => [...([await run(1), await run(2)] as const), await run(3)];
  const opened = await three((server) =>
    openBody(arithmetic, { server, head, body: bodies[server - 1] ?? bodies[0] }),
  );
  const said = await three((server) =>
    prepareShare(arithmetic, {
      ...{ server, head, parts, opened: opened[server - 1] ?? opened[0], verifyKey },
    }),
  );
  return { verdict: verdictOf(arithmetic, parts, said), opened, said };
}

/** All three judge by themselves, and alike. */
export function verdictOf(
  arithmetic: PageArithmetic,
  parts: OfThree<Uint8Array>,
  said: OfThree<PreparedShare>,
): Verdict {
  const verdicts = said.map(({ jointRand }) => decidePage(arithmetic, { parts, said, jointRand }));
  const [first] = verdicts;
  if (first === undefined || verdicts.some((it) => it !== first)) throw new Error(verdicts.join());
  return first;
}
