import type { NetworkAnswer } from '@salus/salus/sdk/browser';
import type { Call } from '../call.ts';
import { siteOf } from '../site.ts';

/** What `/health` says of a hospital that answers at this address. */
export interface HealthView {
  /** The name of its server. */
  readonly hospital: string;
  /** What people call it. */
  readonly title: string;
  readonly ok: boolean;
  readonly reads: boolean;
  readonly writes: boolean;
  readonly height: number;
  readonly behind: number;
  readonly stalledMs: number;
  readonly ageMs: number;
  readonly freeBytes?: number;
}

export interface NetworkView {
  readonly own: NetworkAnswer;
  readonly all: readonly HealthView[];
  readonly askedMs: number;
}

/** How this operator's hospital is, and whether the others that answer here serve. */
const network: Call<void, NetworkView> = async (session, _input, { signal }) => {
  const own = await session.person.network({ ...session.as, signal });
  // 503 says it too: something is not well, and which.
  const response = await fetch('/health', { signal });
  const { hospitals } = (await response.json()) as {
    readonly hospitals: readonly Omit<HealthView, 'title'>[];
  };
  const site = await siteOf();
  const titleOf = (name: string) => site.hospitals.find((it) => it.name === name)?.title ?? name;
  const all = hospitals.map((it) => ({ ...it, title: titleOf(it.hospital) }));
  return { own, all, askedMs: Date.now() };
};

export const networkCalls = { network };
