import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { decodeLeafContent, itemLeafHash } from '../../../api/item.ts';
import { textOfBytes } from '../../../api/message-parts.ts';
import { encodeReadRequest, type ReadRequest } from '../../../api/read-request.ts';
import { encodeSigned } from '../../../api/signed.ts';
import { isCode } from '../../../codes/index.ts';
import { labels } from '../../../crypto/labels.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { signLabelled } from '../../../crypto/signature.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import type { AccountId, RecordId } from '../../../primitives/ids.ts';
import { readLetter } from '../../../sdk/grants/letter.ts';
import { openItem } from '../../../sdk/records/item-open.ts';
import { type ReadingKey, writePairOf } from '../../../sdk/records/item-wrap.ts';
import type { WalletContent } from '../../../sdk/wallet/content.ts';
import { deriveAccountKeys, rootSecretOf } from '../../../sdk/wallet/identity.ts';
import { openFileBlobStore } from '../../../storage/file/file-blob-store.ts';
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
  const path = join(scene.servers.homeOf(hospital), 'servers', hospital, 'gateway.db');
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
  const folder = join(scene.servers.homeOf(target.hospital), 'servers', target.hospital, 'blobs');
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
  if (answer.ok) return;
  const { code } = (await answer.json()) as { readonly code?: string };
  if (code !== undefined && isCode(code)) throw new CodedError(code);
}

/**
 * Changes one byte behind the servers' back, as somebody with their disk could: of the body of a record, of
 * a block in the middle of the ledger, or of a record's header. Returns what should be named.
 */
export function changeOneByte(
  home: string,
  hospital: string,
  kind: 'blob' | 'block' | 'header',
  recordId: RecordId,
): string {
  const servers = join(home, 'servers');
  if (kind === 'block') {
    return edit(join(servers, 'ledger', 'blocks.db'), (db) => {
      // The ledger's own triggers forbid it; who has the file drops them.
      for (const { name } of db
        .prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        .all()) {
        db.exec(`DROP TRIGGER "${String(name)}"`);
      }
      const row = db
        .prepare(
          'SELECT height, txs FROM blocks WHERE length(txs) > 400 ORDER BY height LIMIT 1 OFFSET 3',
        )
        .get();
      const height = Number(row?.height);
      db.prepare('UPDATE blocks SET txs = ? WHERE height = ?').run(flipped(row?.txs), height);
      return String(height);
    });
  }
  const item = edit(join(servers, hospital, 'gateway.db'), (db) => {
    const row = db
      .prepare('SELECT header, leafContent FROM items WHERE recordId = ?')
      .get(recordId);
    if (kind === 'header') {
      db.prepare('UPDATE items SET header = ? WHERE recordId = ?').run(
        flipped(row?.header),
        recordId,
      );
    }
    return row?.leafContent;
  });
  if (kind === 'header') return recordId;
  const { blobId } = decodeLeafContent(item instanceof Uint8Array ? item : new Uint8Array(0));
  changeBlob(join(servers, hospital, 'blobs'), blobId);
  return blobId;
}

function edit<T>(path: string, work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path);
  try {
    return work(db);
  } finally {
    db.close();
  }
}

function flipped(value: unknown): Uint8Array {
  const bytes = value instanceof Uint8Array ? new Uint8Array(value) : new Uint8Array(1);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  return bytes;
}

/** A small blob is a row, a large one a file of its name. */
function changeBlob(folder: string, blobId: string): void {
  const isRow = edit(join(folder, 'blobs.sqlite'), (db) => {
    const row = db.prepare('SELECT content FROM blobs WHERE id = ?').get(blobId);
    if (!(row?.content instanceof Uint8Array)) return false;
    db.prepare('UPDATE blobs SET content = ? WHERE id = ?').run(flipped(row.content), blobId);
    return true;
  });
  if (isRow) return;
  const files = join(folder, 'files');
  const name = readdirSync(files, { recursive: true, encoding: 'utf8' }).find((it) =>
    it.endsWith(blobId),
  );
  if (name === undefined) throw new CodedError('BLOB_UNKNOWN', { blobId });
  writeFileSync(join(files, name), flipped(readFileSync(join(files, name))));
}
