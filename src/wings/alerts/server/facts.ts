import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bytesToBase64url } from '../../../primitives/bytes.ts';
import { hospitalsOf, serversOf } from '../../../server/process.ts';
import { channels } from '../api/choice.ts';
import { codeKeyIdOf } from '../api/confirmation.ts';
import type { Fault, HospitalFacts, ServiceFacts } from '../api/service-keys.ts';
import type { AlertsStanding } from '../api/standing.ts';
import { readStanding } from '../node/standing.ts';
import { vapidOf } from '../node/web-push.ts';
import { readDemoLetters } from './demo-letters.ts';
import { faultOf } from './fault.ts';
import { demoLetters, hasRelay, isDemoRelay, places, readRelay } from './places.ts';
import { hasKeys, outboxKeyOf, pushKeyOf, readServiceKeys } from './service-keys.ts';

/** Everybody who lists their choices asks: counting letters is not done for each. */
const standingMs = 2_000;
const shownIncidents = 50;
const standings = new Map<string, { readonly atMs: number; readonly standing: AlertsStanding }>();

/** What each gateway of this home hands out: the newest key of its alert service, and the ways on which it tells. */
export async function factsOf(home: string): Promise<ServiceFacts> {
  const withKeys = hospitalsOf(home).filter((it) => hasKeys(join(serversOf(home), it)));
  const facts = await Promise.all(
    withKeys.map(async (name) => [name, await orFault(() => factsOfOne(home, name))] as const),
  );
  return Object.fromEntries(facts.flatMap(([name, told]) => (told ? [[name, told]] : [])));
}

/** What cannot be read of one hospital, or of its letters, keeps nothing else back. */
async function orFault<Told>(read: () => Told | Promise<Told>): Promise<Told | { fault: Fault }> {
  try {
    return await read();
  } catch (error) {
    return { fault: faultOf(error) };
  }
}

async function factsOfOne(home: string, hospital: string): Promise<HospitalFacts | undefined> {
  const folder = join(serversOf(home), hospital);
  const [newest] = await readServiceKeys(folder);
  if (newest === undefined) return undefined;
  const standing = await orFault(() => standingOf(home, folder));
  return {
    ...{ keyId: newest.keyId, publicKey: bytesToBase64url(newest.key.publicKey) },
    pushKey: bytesToBase64url(vapidOf(pushKeyOf(folder), '').publicKey),
    codeKeyId: bytesToBase64url(codeKeyIdOf(outboxKeyOf(folder))),
    channels: hasRelay(home) ? [...channels] : [],
    ...(standing !== undefined && { standing }),
  };
}

function standingOf(home: string, folder: string): AlertsStanding | undefined {
  const held = standings.get(folder);
  const atMs = performance.now();
  if (held !== undefined && atMs - held.atMs < standingMs) return held.standing;
  const path = join(folder, places.letters);
  if (!existsSync(path)) return undefined;
  const relay = readRelay(home);
  const { states, codes, incidents } = readStanding(path);
  const letters = isDemoRelay(home)
    ? readDemoLetters(join(serversOf(home), demoLetters))
    : undefined;
  const standing = {
    ...(relay !== undefined && { relay: `${relay.host}:${relay.port}` }),
    ...{ states, codes, incidents: incidents.slice(0, shownIncidents) },
    ...(letters !== undefined && { letters: [...letters] }),
  };
  standings.set(folder, { atMs, standing });
  return standing;
}
