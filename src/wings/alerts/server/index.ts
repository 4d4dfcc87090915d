import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bytesToBase64url } from '../../../primitives/bytes.ts';
import { type Finding, hospitalsOf, type ServerWing, serversOf } from '../../../server/process.ts';
import { type ChannelName, channels as everyChannel } from '../api/choice.ts';
import type { ServiceFacts } from '../api/service-keys.ts';
import { vapidOf } from '../node/web-push.ts';
import { hasRelay, places } from './places.ts';
import { gatewayKeyOf, hasKeys, makeKeys, pushKeyOf, readServiceKeys } from './service-keys.ts';

/** What the wing brings to the servers of a home: an alert service for each hospital. */
export const alertsServer: ServerWing = {
  name: 'alerts',
  processes: [
    {
      name: 'alerts',
      entry: fileURLToPath(new URL('./alerts-process.ts', import.meta.url)),
      per: 'hospital',
      // Without a relay it would have nothing to do: what is written meanwhile waits in the outbox.
      runsFor: (hospitalFolder) => hasRelay(dirname(dirname(hospitalFolder))),
      check: async (home) => (existsSync(serversOf(home)) ? missingKeys(home) : []),
      keeps: {
        databases: [places.letters, places.inbox],
        keys: [places.outboxKey, ...places.serviceKeys, places.pushKey],
      },
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

/** What each gateway of this home hands out: the newest key of its alert service, and the ways on which it tells. */
async function factsOf(home: string): Promise<ServiceFacts> {
  const channels: readonly ChannelName[] = hasRelay(home) ? everyChannel : [];
  const withKeys = hospitalsOf(home).filter((it) => hasKeys(join(serversOf(home), it)));
  const told = withKeys.map(async (name) => {
    const folder = join(serversOf(home), name);
    const [newest] = await readServiceKeys(folder);
    const pushKey = bytesToBase64url(vapidOf(pushKeyOf(folder), '').publicKey);
    return [name, newest, pushKey] as const;
  });
  const facts = (await Promise.all(told)).flatMap(([name, newest, pushKey]) =>
    newest === undefined
      ? []
      : [
          [
            name,
            {
              ...{ keyId: newest.keyId, publicKey: bytesToBase64url(newest.key.publicKey) },
              ...{ channels: [...channels], pushKey },
            },
          ] as const,
        ],
  );
  return Object.fromEntries(facts);
}
