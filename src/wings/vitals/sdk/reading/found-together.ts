import { isCoded } from '../../../../primitives/errors.ts';
import type { ServerTold, VitalsFound } from './ask-servers.ts';
import { inOrder } from './joined-pages.ts';

/** Worst first. */
const states = ['lied', 'refused', 'silent', 'answered'] as const;

/** What was found of several panels at the same three servers, of each server the worst that it came to. */
export function foundTogether(all: readonly VitalsFound[]): VitalsFound {
  const [first] = all;
  const servers = (first?.servers ?? []).map(({ server }) =>
    worst(all.flatMap((it) => it.servers.filter((one) => one.server === server))),
  );
  const numbers = (of: (found: VitalsFound) => readonly number[]) =>
    [...new Set(all.flatMap(of))].sort((a, b) => a - b);
  return {
    pages: inOrder(all.flatMap(({ pages }) => pages)),
    servers: servers.filter((it) => it !== undefined),
    behind: [...new Set(all.flatMap(({ behind }) => behind))],
    missingHours: numbers(({ missingHours }) => missingHours),
    missingDays: numbers(({ missingDays }) => missingDays),
    gaps: all.flatMap(({ gaps }) => gaps),
  };
}

function worst(told: readonly ServerTold[]): ServerTold | undefined {
  const rank = ({ state }: ServerTold): number => states.indexOf(state);
  return told.toSorted((a, b) => rank(a) - rank(b))[0];
}

/**
 * Those that were found; of a panel that is not here there is nothing. Throws what every other one threw, and
 * VITALS_NOT_HERE where no panel is.
 */
export async function someOf(
  panels: readonly Promise<VitalsFound>[],
): Promise<readonly VitalsFound[]> {
  const settled = await Promise.allSettled(panels);
  const failures = settled.flatMap((it) =>
    it.status === 'rejected' ? [it.reason as unknown] : [],
  );
  const found = settled.flatMap((it) => (it.status === 'fulfilled' ? [it.value] : []));
  const fatal = failures.find((it) => !isCoded(it, 'VITALS_NOT_HERE'));
  if (fatal !== undefined) throw fatal;
  if (found.length === 0 && failures.length > 0) throw failures[0];
  return found;
}
