import { type ConsortiumAnswer, consortiumNow } from '@salus/salus/sdk/consortium';
import type { Call } from '../../worker/call.ts';

export interface ConsortiumView extends ConsortiumAnswer {
  readonly askedMs: number;
}

/** How the members of this operator’s ledger stand, and this machine among them. */
const consortium: Call<void, ConsortiumView> = async (session, _input, { signal }) => {
  const told = await session.person.run(consortiumNow, undefined, { ...session.as, signal });
  return { ...told, askedMs: Date.now() };
};

export const consortiumCalls = { consortium };
