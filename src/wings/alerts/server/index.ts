import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scrubBoundFile } from '../../../server/maintenance/scrub/bound-file.ts';
import {
  type Finding,
  hospitalsOf,
  type ScrubbedPart,
  type ServerWing,
  serversOf,
} from '../../../server/process.ts';
import { factsOf } from './facts.ts';
import { hasRelay, isDemoRelay, places } from './places.ts';
import { gatewayKeyOf, hasKeys, lettersKeyOf, makeKeys, outboxKeyOf } from './service-keys.ts';

/** What the wing brings to the servers of a home: an alert service for each hospital. */
export const alertsServer: ServerWing = {
  name: 'alerts',
  processes: [
    {
      name: 'alerts',
      entry: fileURLToPath(new URL('./alerts-process.ts', import.meta.url)),
      per: 'hospital',
      together: true,
      // Without a relay it would have nothing to do: what is written meanwhile waits in the outbox.
      runsFor: (hospitalFolder) => hasRelay(dirname(dirname(hospitalFolder))),
      check: async (home) => (existsSync(serversOf(home)) ? missingKeys(home) : []),
      scrub: (home) => hospitalsOf(home).flatMap((it) => scrubbedFiles(home, it)),
      keeps: {
        databases: [places.letters, places.inbox],
        keys: [places.outboxKey, ...places.serviceKeys, places.pushKey],
      },
    },
    {
      name: 'alerts-mail',
      entry: fileURLToPath(new URL('./demo-mail-process.ts', import.meta.url)),
      per: 'hospital',
      together: true,
      // Its letters are a show, and in no backup.
      runsFor: (hospitalFolder) => isDemoRelay(dirname(dirname(hospitalFolder))),
      keeps: {},
    },
  ],
  found: async ({ hospitals }) => {
    for (const { folder } of hospitals) makeKeys(folder, Date.now());
  },
  gatewayKey: gatewayKeyOf,
  machine: factsOf,
};

const missingKeys = (home: string): Finding[] =>
  hospitalsOf(home)
    .filter((it) => !hasKeys(join(serversOf(home), it)))
    .map((it) => ({
      ...{ check: 'alerts', ok: false, value: `${it}: no keys` },
      advice: 'put back alerts/*.key of this hospital; if they are lost: salus alerts new-keys',
    }));

/** None, where no service ran yet. Source: docs/protocol/stores.md, rule SR-11. */
function scrubbedFiles(home: string, hospital: string): readonly ScrubbedPart[] {
  const folder = join(serversOf(home), hospital);
  const key = hasKeys(folder) ? lettersKeyOf(outboxKeyOf(folder)) : undefined;
  return (['letters', 'inbox'] as const).flatMap((store) => {
    const path = join(folder, places[store]);
    if (!existsSync(path)) return [];
    const file = { hospital, store, path, key };
    return [{ store: `${hospital} ${store}`, scrub: () => scrubBoundFile(file) }];
  });
}
