import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { utf8 } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { makeFolder, writeWhole } from '../../../server/files.ts';
import { serversOf } from '../../../server/process.ts';
import { inboxFile } from '../api/inbox-entry.ts';
import { parseRelay, type Relay } from '../node/relay-url.ts';

/** Where the alert service of a hospital keeps what it has, below the hospital's folder. */
export const places = {
  folder: 'alerts',
  outboxKey: 'alerts/outbox.key',
  /** Two: a new key is written into the place of the older one. */
  serviceKeys: ['alerts/service-a.key', 'alerts/service-b.key'],
  letters: 'alerts/letters.db',
  /** Who sends pushes: browsers that asked for them take none of another, so it stays. */
  pushKey: 'alerts/push.key',
  /** The gateway reads it: the name stands in `api/inbox-entry.ts`. */
  inbox: inboxFile,
} as const;

const relayFile = z.strictObject({ relay: z.string().min(1).max(2_048) });
const relayPath = (home: string): string => join(serversOf(home), 'alerts.json');

/** The relay for all hospitals of a home, as `salus up --smtp` was told last. It may hold a password: for its owner alone. */
export function writeRelay(home: string, url: string): void {
  parseRelay(url);
  makeFolder(serversOf(home));
  writeWhole(relayPath(home), utf8(`${JSON.stringify({ relay: url })}\n`), 0o600);
}

export function forgetRelay(home: string): void {
  rmSync(relayPath(home), { force: true });
}

/** Undefined: none was named. Throws HOME_INVALID, RELAY_INVALID. */
export function readRelay(home: string): Relay | undefined {
  const path = relayPath(home);
  if (!existsSync(path)) return undefined;
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new CodedError('HOME_INVALID', { file: 'alerts.json' }, cause);
  }
  const checked = relayFile.safeParse(read);
  if (!checked.success) throw new CodedError('HOME_INVALID', { file: 'alerts.json' });
  return parseRelay(checked.data.relay);
}

export const hasRelay = (home: string): boolean => existsSync(relayPath(home));
