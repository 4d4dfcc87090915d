import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type KemKey, xwingKeyFromSeed } from '../../../crypto/kem.ts';
import { equalBytes, utf8 } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { type AccountKeys, deriveAccountKeys } from '../../../sdk/wallet/identity.ts';
import { makeFolder, readSecretFile, writeWhole } from '../../../server/files.ts';
import { trustedProxies } from '../../../server/trusted-proxies.ts';
import { recoveryKeyBytes } from '../api/notice.ts';
import { isDatabaseAddress, withPassword } from './database-address.ts';

/** What the data server of one hospital keeps, below its hospital's folder. */
export const dataServerFolder = (hospital: string): string => join(hospital, 'data-server');
const keyPath = (hospital: string): string => join(dataServerFolder(hospital), 'server.key');
const settingsPath = (hospital: string): string =>
  join(dataServerFolder(hospital), 'settings.json');

const settingsFile = z.strictObject({
  /** Where it listens; 0: any free port. */
  port: z.int().min(0).max(65_535),
  host: z.string(),
  /** Where others reach it; missing: at the address at which it listens. */
  publicUrl: z.string().optional(),
  /** How old a page's hour may be: more than 48 only to replay recorded days. */
  freshHours: z.int().min(1).max(1_000_000),
  batchSeconds: z.int().min(1).max(86_400),
  roundMs: z.int().min(10).max(60_000),
  /** Of one core, for the scrub in the background; 0: none. Rule VT-8. */
  scrubPercent: z.number().min(0).max(5).default(2),
  /** Times its longest rest that a sensor may rest before its patient is told; 0: she never is. Rule VR-35. */
  silentAfter: z.number().min(0).max(100).default(3),
  /** Proxies before it whose `x-forwarded-for` is believed: addresses, or networks such as 10.0.0.0/8. Rule VS-3b. */
  trustedProxy: z.array(z.string().min(1).max(100)).max(100).default([]),
  /** `postgres://user@host/name`; missing: files beside this one. Rule VS-19b. */
  database: z.string().optional(),
});
export type DataServerFile = z.infer<typeof settingsFile>;

const defaults: DataServerFile = {
  ...{ port: 0, host: '127.0.0.1', freshHours: 48, batchSeconds: 60, roundMs: 500 },
  ...{ scrubPercent: 2, silentAfter: 3, trustedProxy: [] },
};

/** Makes the key and the settings of a hospital's data server; what is there stays. */
export function makeDataServer(hospital: string, settings: Partial<DataServerFile> = {}): void {
  makeFolder(dataServerFolder(hospital));
  readSecretFile(keyPath(hospital), () => new Uint8Array(randomBytes(32)));
  if (existsSync(settingsPath(hospital))) return;
  const text = JSON.stringify({ ...defaults, ...settings }, undefined, 2);
  writeWhole(settingsPath(hospital), utf8(`${text}\n`));
}

const recoveryPath = (hospital: string): string => join(dataServerFolder(hospital), 'recovery.key');
const recoveryPublicPath = (hospital: string): string =>
  join(dataServerFolder(hospital), 'recovery.pub');

/**
 * The public half of the recovery key; made with the key where there is neither. The secret may have been taken to another
 * place since: a server needs the public half alone. Throws HOME_INVALID {file}. Rule VS-27.
 */
export async function recoveryPublicKey(hospital: string): Promise<Uint8Array> {
  const path = recoveryPublicPath(hospital);
  if (!existsSync(path)) {
    const seed = readSecretFile(recoveryPath(hospital), () => new Uint8Array(randomBytes(32)));
    writeWhole(path, (await xwingKeyFromSeed(seed)).publicKey);
  }
  const key = new Uint8Array(readFileSync(path));
  if (key.length !== recoveryKeyBytes)
    throw new CodedError('HOME_INVALID', { file: 'data-server/recovery.pub' });
  return key;
}

/** The recovery key, where it is at hand. Throws HOME_INVALID {file}: it is another one than the public half. */
export async function recoveryKey(hospital: string): Promise<KemKey | undefined> {
  if (!existsSync(recoveryPath(hospital))) return undefined;
  const seed = new Uint8Array(readFileSync(recoveryPath(hospital)));
  const key = seed.length === 32 ? await xwingKeyFromSeed(seed) : undefined;
  if (key === undefined || !equalBytes(key.publicKey, await recoveryPublicKey(hospital)))
    throw new CodedError('HOME_INVALID', { file: 'data-server/recovery.key' });
  return key;
}

/** Whether this hospital has one. */
export const hasDataServer = (hospital: string): boolean => existsSync(keyPath(hospital));

/** Throws HOME_INVALID {file}; `at`: where in it. */
export function dataServerSettings(hospital: string): DataServerFile {
  const file = 'data-server/settings.json';
  let settings: DataServerFile;
  try {
    settings = settingsFile.parse(JSON.parse(readFileSync(settingsPath(hospital), 'utf8')));
  } catch {
    // What went wrong quotes the file, where somebody may have written a password all the same.
    throw new CodedError('HOME_INVALID', { file });
  }
  if (settings.database !== undefined && !isDatabaseAddress(settings.database))
    throw new CodedError('HOME_INVALID', { file, at: 'database' });
  try {
    trustedProxies(settings.trustedProxy);
  } catch (error) {
    throw new CodedError('HOME_INVALID', { file, at: 'trustedProxy' }, error);
  }
  return settings;
}

/** With the password that stands in a file of its own, for a backup holds the settings in the clear; undefined: SQLite. */
export function databaseOf(hospital: string): string | undefined {
  const { database } = dataServerSettings(hospital);
  const path = join(dataServerFolder(hospital), 'database.password');
  if (database === undefined || !existsSync(path)) return database;
  return withPassword(database, readFileSync(path, 'utf8').trim());
}

/** The root secret and the account keys that follow from it. Throws HOME_INVALID {file}: there is none. */
export async function dataServerKeys(
  hospital: string,
  organisation: AccountId,
): Promise<{ readonly rootSecret: Uint8Array; readonly keys: AccountKeys }> {
  if (!hasDataServer(hospital))
    throw new CodedError('HOME_INVALID', { file: 'data-server/server.key' });
  const rootSecret = new Uint8Array(readFileSync(keyPath(hospital)));
  return { rootSecret, keys: await deriveAccountKeys(rootSecret, organisation, 0) };
}
