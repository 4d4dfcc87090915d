import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesToBase64url, utf8 } from '../../primitives/bytes.ts';
import { makeFolder, writeWhole } from '../files.ts';
import { organisationKeys } from '../home-members.ts';
import { serversOf } from '../process.ts';
import { machineCertificate } from './certificates.ts';
import { keepAuthorities, type NetworkMember, networkIn, ownIn, tlsFolderIn } from './network.ts';

const dayMs = 86_400_000;
/** So long before its end a machine's certificate is replaced. */
export const renewDays = 30;

export const machineFiles = (home: string) => ({
  cert: join(tlsFolderIn(home), 'machine.pem'),
  key: join(tlsFolderIn(home), 'machine.key'),
  members: join(tlsFolderIn(home), 'members.pem'),
});

/** A new key and certificate for this machine, by the organisation's key. Throws HOME_INVALID. */
export async function certifyMachine(
  home: string,
  { name, title, host }: Pick<NetworkMember, 'name' | 'title' | 'host'>,
  nowMs: number,
): Promise<void> {
  const { sign } = await organisationKeys(join(serversOf(home), name));
  const made = await machineCertificate(sign, { organisation: title, hosts: [host], nowMs });
  const { cert, key } = machineFiles(home);
  makeFolder(tlsFolderIn(home));
  writeWhole(key, utf8(made.key), 0o600);
  writeWhole(cert, utf8(made.cert), 0o644);
}

/** When the certificate of this machine ends; undefined: it has none. */
export function machineEndsMs(home: string): number | undefined {
  const { cert } = machineFiles(home);
  return existsSync(cert) ? endsMs(readFileSync(cert)) : undefined;
}

export const endsMs = (pem: Buffer | string): number =>
  new X509Certificate(pem).validToDate.getTime();

/** Whole days from now; negative: it has ended. */
export const daysUntil = (ms: number, nowMs: number): number => Math.floor((ms - nowMs) / dayMs);

/** Whether key and certificate go together: a renewal that was cut off leaves the new one of the one and the old other. */
function isPair(home: string): boolean {
  const { cert, key } = machineFiles(home);
  if (!existsSync(key)) return false;
  return new X509Certificate(readFileSync(cert)).checkPrivateKey(
    createPrivateKey(readFileSync(key)),
  );
}

/** Whether the organisation's key of now made the certificate: after `take-keys` the others refuse the one of before. */
async function isByOwnKey(home: string, { name }: NetworkMember): Promise<boolean> {
  const { sign } = await organisationKeys(join(serversOf(home), name));
  const x = bytesToBase64url(sign.publicKey);
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return new X509Certificate(readFileSync(machineFiles(home).cert)).verify(key);
}

/**
 * Replaces the machine's certificate when it ends within 30 days, is none of its key, or is by a key that the organisation had before; true: it was. A home of no consortium has none. Throws
 * HOME_INVALID.
 */
export async function renewMachine(home: string, nowMs: number): Promise<boolean> {
  const own = ownIn(home);
  if (own === undefined) return false;
  // A restored home has neither, and who was taken out of the list is let in no more.
  keepAuthorities(home, networkIn(home));
  const ends = machineEndsMs(home);
  const isGood = ends !== undefined && daysUntil(ends, nowMs) >= renewDays;
  if (isGood && isPair(home) && (await isByOwnKey(home, own))) return false;
  await certifyMachine(home, own, nowMs);
  return true;
}
