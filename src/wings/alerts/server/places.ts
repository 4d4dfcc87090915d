import { existsSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { utf8 } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { makeFolder, writeWhole } from '../../../server/files.ts';
import { serversOf } from '../../../server/process.ts';
import { lettersFile } from '../api/codes-sent.ts';
import { inboxFile } from '../api/inbox-entry.ts';
import { parseRelay, type Relay } from '../node/relay-url.ts';
import { relayGreeting } from '../node/smtp-relay.ts';

/** Where the alert service of a hospital keeps what it has, below the hospital's folder. */
export const places = {
  folder: 'alerts',
  outboxKey: 'alerts/outbox.key',
  /** Of three years: who never seals anew keeps the one that he sealed to, and no other from turning. */
  serviceKeys: [...'abcdefghijkl'].map((it) => `alerts/service-${it}.key`),
  letters: lettersFile,
  /** That there was a file of letters: one that is gone is not as one that never was (AL-19). */
  lettersMade: 'alerts/letters.made',
  /** Who sends pushes: browsers that asked for them take none of another, so it stays. */
  pushKey: 'alerts/push.key',
  /** The gateway reads it too, as the inbox: their names stand in `api`. */
  inbox: inboxFile,
} as const;

interface RelayFile {
  readonly relay: string;
  /** It is the demonstration's: a process of this home. */
  readonly demo: boolean;
}
const relayPath = (home: string): string => join(serversOf(home), 'alerts.json');

/** The relay for all hospitals of a home, as `salus up --smtp` was told last. It may hold a password: for its owner alone. */
export function writeRelay(home: string, url: string, isDemo = false): void {
  parseRelay(url);
  makeFolder(serversOf(home));
  writeWhole(
    relayPath(home),
    utf8(`${JSON.stringify({ relay: url, ...(isDemo && { demo: true }) })}\n`),
    0o600,
  );
}

export function forgetRelay(home: string): void {
  rmSync(relayPath(home), { force: true });
}

/** Undefined: none was named. Throws HOME_INVALID, RELAY_INVALID. */
export function readRelay(home: string): Relay | undefined {
  const said = relayFileIn(home);
  return said === undefined ? undefined : parseRelay(said.relay);
}

/** Whether letters of this home go to the demonstration's relay. Throws HOME_INVALID. */
export const isDemoRelay = (home: string): boolean => relayFileIn(home)?.demo === true;

/** Below the folder of the servers: letters that the demonstration's relay took. */
export const demoLetters = 'alerts-mail.db';

/** The demonstration's relay is a process of this home, at a port that is free now; where it runs already it stays. */
export async function chooseDemoRelay(home: string): Promise<void> {
  const before = isDemoRelay(home) ? readRelay(home) : undefined;
  if (before !== undefined && (await isServed(before.port))) return;
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await new Promise((resolve) => server.close(resolve));
  const operator = 'operator=operator@salus.example';
  writeRelay(home, `smtp://127.0.0.1:${port}?from=alerts@salus.example&tls=none&${operator}`, true);
}

/** Whether a relay like ours greets there. */
function isServed(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (isOurs: boolean) => {
      socket.destroy();
      resolve(isOurs);
    };
    socket.setTimeout(1_000, () => end(false));
    socket.once('error', () => end(false));
    socket.once('data', (greeting) => end(greeting.toString('latin1').startsWith(relayGreeting)));
  });
}

/** By hand: the demonstration's relay, which reads nothing else, would load a library for two fields. */
function relayFileIn(home: string): RelayFile | undefined {
  const path = relayPath(home);
  if (!existsSync(path)) return undefined;
  const { relay, demo } = parsed(readFileSync(path, 'utf8'));
  const isRelay = typeof relay === 'string' && relay !== '' && relay.length <= 2_048;
  if (!isRelay || (demo !== undefined && demo !== true))
    throw new CodedError('HOME_INVALID', { file: 'alerts.json' });
  return { relay, demo: demo === true };
}

export const hasRelay = (home: string): boolean => existsSync(relayPath(home));

function parsed(text: string): { readonly relay?: unknown; readonly demo?: unknown } {
  try {
    return Object(JSON.parse(text));
  } catch (cause) {
    throw new CodedError('HOME_INVALID', { file: 'alerts.json' }, cause);
  }
}
