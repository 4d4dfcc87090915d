import type { ServerWing } from '../../../server/process.ts';
import { machineFactsOf } from './machine-facts.ts';

/** What the wing brings to the servers of a home: what its operator is told of this machine among the others. */
export const consortiumServer: ServerWing = {
  name: 'consortium',
  processes: [],
  machine: (home) => machineFactsOf(home, Date.now()),
};
