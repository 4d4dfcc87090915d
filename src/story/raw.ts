import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { textOfBytes } from '../api/common.ts';
import { decodeLeafContent, itemLeafHash } from '../api/item.ts';
import { encodeReadRequest, type ReadRequest } from '../api/read-request.ts';
import { encodeSigned } from '../api/signed.ts';
import { labels } from '../crypto/labels.ts';
import { randomBytes } from '../crypto/random.ts';
import { signLabelled } from '../crypto/signature.ts';
import { isCode } from '../primitives/catalogue.ts';
import { CodedError, isCoded } from '../primitives/errors.ts';
import type { AccountId, RecordId } from '../primitives/ids.ts';
import { readLetter } from '../sdk/grants/letter.ts';
import { openItem } from '../sdk/records/item-open.ts';
import { type ReadingKey, writePairOf } from '../sdk/records/item-wrap.ts';
import type { WalletContent } from '../sdk/wallet/content.ts';
import { deriveAccountKeys, rootSecretOf } from '../sdk/wallet/identity.ts';
import { openFileBlobStore } from '../storage/file/file-blob-store.ts';
import type { Scene } from './scene.ts';

/**
 * What somebody can do who goes round the gateway: takes the raw store of a hospital, everything a reader
 * ever held, another's letter. The story lets them try.
 */
interface RawRow {
  readonly header: Uint8Array;
  readonly leafContent: Uint8Array;
  readonly salt: Uint8Array;
}

function rawRow(scene: Scene, hospital: string, recordId: RecordId): RawRow | undefined {
  const path = join(scene.home, 'servers', hospital, 'gateway.db');
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const row = db
      .prepare(
        'SELECT header, leafContent, salt FROM items WHERE recordId = ? AND header IS NOT NULL',
      )
      .get(recordId);
    if (row === undefined) return undefined;
    const { header, leafContent, salt } = row;
    const bytes = (value: unknown) => (value instanceof Uint8Array ? value : new Uint8Array(0));
    return { header: bytes(header), leafContent: bytes(leafContent), salt: bytes(salt) };
  } finally {
    db.close();
  }
}

/**
 * Tries every key in a wallet on a record taken from the raw store: each segment key, the write pair
 * derived from it, and each opening secret. Returns how many were tried and whether one opened it.
 */
export async function tryEverything(
  scene: Scene,
  content: WalletContent,
  target: { readonly hospital: string; readonly account: AccountId; readonly recordId: RecordId },
): Promise<{ readonly tried: number; readonly opened: boolean; readonly found: boolean }> {
  const row = rawRow(scene, target.hospital, target.recordId);
  if (row === undefined) return { tried: 0, opened: false, found: false };
  const folder = join(scene.home, 'servers', target.hospital, 'blobs');
  const store = openFileBlobStore({ folder, now: Date.now, readOnly: true });
  try {
    const body = await store.read(decodeLeafContent(row.leafContent).blobId);
    const keys = await everyKeyOf(content);
    for (const key of keys) {
      try {
        await openItem(
          {
            ...row,
            leaf: itemLeafHash(row.salt, row.leafContent),
            account: target.account,
            recordId: target.recordId,
            key,
            isKeyOfAuthor: () => true,
          },
          body,
        );
        return { tried: keys.length, opened: true, found: true };
      } catch (error) {
        if (!isCoded(error, 'CANNOT_OPEN')) throw error;
      }
    }
    return { tried: keys.length, opened: false, found: true };
  } finally {
    await store.close();
  }
}

async function everyKeyOf(content: WalletContent): Promise<readonly ReadingKey[]> {
  const segments: ReadingKey[] = [];
  for (const { secret } of content.segments) {
    segments.push({ kind: 'segment', sek: secret });
    segments.push({ kind: 'write-pair', pair: await writePairOf(secret) });
  }
  const openings = content.openings.map(
    ({ secret }) => ({ kind: 'opening-secret', secret }) as const,
  );
  return [...segments, ...openings];
}

/** A read request by `thief` under the letter of somebody else, sent to the custodian. Throws its refusal. */
export async function readWithStolenLetter(
  scene: Scene,
  thief: WalletContent,
  owner: WalletContent,
): Promise<void> {
  const [account] = thief.accounts;
  const [held] = owner.letters;
  if (account === undefined || held === undefined) throw new CodedError('INTERNAL');
  const { letter } = readLetter(held.letter);
  const [generation] = account.generations;
  const root = rootSecretOf(thief, generation?.rootId ?? '');
  const { sign } = await deriveAccountKeys(root, account.organisation, generation?.index ?? 0);
  const custodian = scene.servers.hospital(scene.patient.hospital);
  const request: ReadRequest = {
    chainId: account.chainId,
    organisation: custodian.account,
    consent: letter.consent,
    grantBody: letter.body,
    grantSalt: letter.salt,
    what: { kind: 'since', height: 0, limit: 10, cursor: '' },
    purpose: 'TREAT',
    nonce: randomBytes(16),
    issuedMs: Date.now(),
    reader: account.account,
    readerKey: sign.publicKey,
  };
  const bytes = encodeReadRequest(request);
  const signature = await signLabelled(sign, labels.readSign, bytes);
  const answer = await fetch(`${custodian.url}/v1/read`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'accept-encoding': 'identity' },
    body: JSON.stringify({ request: textOfBytes(encodeSigned({ bytes, signature })) }),
  });
  const { code } = (await answer.json()) as { readonly code?: string };
  if (code !== undefined && isCode(code)) throw new CodedError(code);
}
