import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deriveKey, sha256 } from '../../../crypto/hash.ts';
import { type KemKey, xwingKeyFromSeed } from '../../../crypto/kem.ts';
import { bytesToBase64url } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { bytes, decodeAs, encodeAs, struct, uint } from '../../../primitives/shape.ts';
import { makeFolder, writeWhole } from '../../../server/files.ts';
import { hospitalsOf, serversOf } from '../../../server/process.ts';
import { alertsNames } from '../names.ts';
import { newSender } from '../node/web-push.ts';
import { places } from './places.ts';

/** So old a key becomes before the next one is made (docs/protocol/alerts.md, AL-6). */
export const keyAgeMs = 90 * 24 * 60 * 60_000;

const kept = struct({ madeMs: uint, seed: bytes(32) });

/** A key of the alert service. */
export interface ServiceKey {
  readonly keyId: string;
  readonly madeMs: number;
  readonly key: KemKey;
}

/** What the service and its gateway share: the key of the MACs. Throws HOME_INVALID {file}. */
export function outboxKeyOf(hospitalFolder: string): Uint8Array {
  const path = join(hospitalFolder, places.outboxKey);
  if (!existsSync(path)) throw new CodedError('HOME_INVALID', { file: places.outboxKey });
  const key = new Uint8Array(readFileSync(path));
  if (key.length !== 32) throw new CodedError('HOME_INVALID', { file: places.outboxKey });
  return key;
}

/** The same, for the gateway, which serves also without. */
export function gatewayKeyOf(hospitalFolder: string): Uint8Array | undefined {
  return hasKeys(hospitalFolder) ? outboxKeyOf(hospitalFolder) : undefined;
}

/** A home that was restored without keys has none. */
export function hasKeys(hospitalFolder: string): boolean {
  const isThere = (it: string) => existsSync(join(hospitalFolder, it));
  return isThere(places.outboxKey) && places.serviceKeys.some(isThere);
}

/** What a hospital's alert service begins with; what is there stays. */
export function makeKeys(hospitalFolder: string, nowMs: number): void {
  makeFolder(join(hospitalFolder, places.folder));
  const outbox = join(hospitalFolder, places.outboxKey);
  if (!existsSync(outbox)) writeWhole(outbox, randomBytes(32));
  const [first] = places.serviceKeys;
  const isNone = places.serviceKeys.every((it) => !existsSync(join(hospitalFolder, it)));
  if (isNone && first !== undefined) writeKey(join(hospitalFolder, first), nowMs);
  pushKeyOf(hospitalFolder);
}

/** The names of those hospitals of a home whose alert services had none. Throws HOME_INVALID: there are no servers in it. */
export function makeMissingKeys(home: string, nowMs: number): readonly string[] {
  if (!existsSync(serversOf(home))) throw new CodedError('HOME_INVALID', { file: 'servers' });
  const without = hospitalsOf(home).filter((it) => !hasKeys(join(serversOf(home), it)));
  for (const name of without) makeKeys(join(serversOf(home), name), nowMs);
  return without;
}

/** The secret number of the hospital's pushes; a home of before gets one now. Throws HOME_INVALID. */
export function pushKeyOf(hospitalFolder: string): Uint8Array {
  const path = join(hospitalFolder, places.pushKey);
  if (!existsSync(path)) writeOnce(path, newPushKey());
  const key = new Uint8Array(readFileSync(path));
  if (key.length !== 32) throw new CodedError('HOME_INVALID', { file: places.pushKey });
  return key;
}

/** Gateway and service may both be the first: one of them writes, and both read what it wrote. */
function writeOnce(path: string, key: Uint8Array): void {
  try {
    writeFileSync(path, key, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== 'EEXIST') throw error;
  }
}

/** OpenSSL draws one that is a number of the curve; leading zeros stay. */
function newPushKey(): Uint8Array {
  const key = new Uint8Array(32);
  const drawn = newSender().getPrivateKey();
  key.set(drawn, 32 - drawn.length);
  return key;
}

function writeKey(path: string, madeMs: number): void {
  writeWhole(path, encodeAs(kept, { madeMs, seed: new Uint8Array(randomBytes(32)) }));
}

/** The newest first; one at least. Throws HOME_INVALID. */
export async function readServiceKeys(hospitalFolder: string): Promise<readonly ServiceKey[]> {
  const there = places.serviceKeys.filter((it) => existsSync(join(hospitalFolder, it)));
  const keys = await Promise.all(there.map((it) => readKey(join(hospitalFolder, it), it)));
  if (keys.length === 0) throw new CodedError('HOME_INVALID', { file: places.folder });
  return keys.toSorted((one, other) => other.madeMs - one.madeMs);
}

async function readKey(path: string, file: string): Promise<ServiceKey> {
  try {
    const { madeMs, seed } = decodeAs(kept, new Uint8Array(readFileSync(path)));
    const key = await xwingKeyFromSeed(seed);
    return { madeMs, key, keyId: bytesToBase64url(sha256(key.publicKey).slice(0, 16)) };
  } catch (cause) {
    throw new CodedError('HOME_INVALID', { file }, cause);
  }
}

/**
 * Makes a new key when the one in use is old, and takes away those before it to which nothing is sealed any more; true when it
 * made one. Where something is sealed to as many as there are places, or the clock was set back, it makes none.
 */
export async function turnKeys(
  hospitalFolder: string,
  inUse: ReadonlySet<string>,
  nowMs: number,
): Promise<boolean> {
  const [newest] = await readServiceKeys(hospitalFolder);
  if (newest === undefined || nowMs - newest.madeMs < keyAgeMs) return false;
  for (const place of places.serviceKeys) {
    const path = join(hospitalFolder, place);
    if (!existsSync(path)) continue;
    const { keyId } = await readKey(path, place);
    if (keyId !== newest.keyId && !inUse.has(keyId)) rmSync(path);
  }
  const free = places.serviceKeys.find((it) => !existsSync(join(hospitalFolder, it)));
  if (free === undefined) return false;
  writeKey(join(hospitalFolder, free), nowMs);
  return true;
}

/** Binds letters: made of what the service shares with the gateway. */
export const lettersKeyOf = (outboxKey: Uint8Array): Uint8Array =>
  deriveKey(outboxKey, alertsNames.labels.alertLetterKey, []);
