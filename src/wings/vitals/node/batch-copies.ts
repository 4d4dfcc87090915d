import { sha256 } from '../../../crypto/hash.ts';
import { verifyLabelled } from '../../../crypto/signature.ts';
import { leafHash, merkleRoot } from '../../../ledger/merkle.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { bytes, decodeAs, encodeAs, hexId, list, struct, uint } from '../../../primitives/shape.ts';
import { batchLeafContent } from '../api/batch-leaf.ts';
import { pageManifest } from '../api/page.ts';
import { signedRegistration } from '../api/registration.ts';
import { pageIdOf } from '../crypto/page-head.ts';
import { batchRowId, statBatches } from '../ledger/tables/stat-batches.ts';
import { vitalsNames } from '../names.ts';
import type { DataServerBase } from './data-server-base.ts';
import type { PageNames, PlannedBatch } from './page-store.ts';
import { askPeer } from './statements.ts';
import { type OwnTrio, ownTrio } from './trio.ts';

/** Manifests of so many pages an answer: 500 bytes each. */
const pagesPerCopy = 256;
const askedBatch = struct({ trio: hexId(32), number: uint, from: uint });
const copied = struct({ manifest: bytes(), signature: bytes(64), sensor: bytes(32) });
const copies = list(copied, { most: pagesPerCopy });

const peoplePerCopy = 64;
const askedPeople = struct({ trio: hexId(32), from: uint });
const people = struct({ next: uint, registrations: list(bytes(), { most: peoplePerCopy }) });

/** What was signed of a sealed batch's pages: no share, and nothing that the other two do not have. Throws UNAUTHENTICATED, BATCH_UNKNOWN. Rule VT-11. */
export async function answerBatch(
  base: DataServerBase,
  from: AccountId,
  payload: Uint8Array,
  follow: (trio: string) => Promise<number>,
): Promise<Uint8Array> {
  const asked = decodeAs(askedBatch, payload);
  await requirePeer(base, asked.trio, from);
  await follow(asked.trio);
  const batch = await base.store.sealedBatch(asked.trio, asked.number);
  if (batch === undefined) throw new CodedError('BATCH_UNKNOWN', { number: asked.number });
  const pages = batch.pages.slice(asked.from, asked.from + pagesPerCopy);
  const found = await Promise.all(pages.map((page) => base.store.page(page)));
  return encodeAs(
    copies,
    found.filter((it) => it !== undefined),
  );
}

/** Registrations as their patients signed them. Rule VT-11. */
export async function answerPeople(
  base: DataServerBase,
  from: AccountId,
  payload: Uint8Array,
): Promise<Uint8Array> {
  const asked = decodeAs(askedPeople, payload);
  await requirePeer(base, asked.trio, from);
  const all = await base.store.registrationsSince(asked.from);
  const some = all.slice(0, peoplePerCopy);
  return encodeAs(people, {
    next: all.length > some.length ? (some.at(-1)?.place ?? 0) : 0,
    registrations: some.map(({ signed }) => signed),
  });
}

async function requirePeer(base: DataServerBase, trioId: string, from: AccountId): Promise<void> {
  const trio = await ownTrio(base, trioId);
  if (!trio.others.some(({ account }) => account === from)) throw new CodedError('UNAUTHENTICATED');
}

/**
 * A sealed batch as one of the other two has it, held to the root on the ledger: its list and the manifests of its pages. Throws
 * ROOT_DIFFERS where none of them has it, and what asking throws. Rule VT-11.
 */
export async function copyBatch(
  base: DataServerBase,
  trio: OwnTrio,
  number: number,
): Promise<{ readonly batch: PlannedBatch; readonly pages: readonly PageNames[] }> {
  const row = await base.ledger.row(statBatches, batchRowId(trio.id, number));
  if (row === undefined) throw new CodedError('BATCH_UNKNOWN', { number });
  const { root, firstHour, lastHour } = row;
  let last: unknown = new CodedError('ROOT_DIFFERS', { number });
  for (const { account } of trio.others) {
    try {
      const pages = await pagesFrom(base, trio, { account, number, count: row.pages });
      const leaves = pages.map(({ leaf }) => leafHash(leaf));
      if (pages.length !== row.pages || !equalBytes(merkleRoot(leaves), root))
        throw new CodedError('ROOT_DIFFERS', { number, server: account });
      const batch = { trio: trio.id, number, root, firstHour, lastHour };
      return { batch: { ...batch, pages: pages.map(({ page }) => page) }, pages };
    } catch (error) {
      if (!isCoded(error)) throw error;
      last = error;
    }
  }
  throw last;
}

async function pagesFrom(
  base: DataServerBase,
  trio: OwnTrio,
  of: { readonly account: AccountId; readonly number: number; readonly count: number },
): Promise<readonly PageNames[]> {
  const pages: PageNames[] = [];
  while (pages.length < of.count) {
    const payload = encodeAs(askedBatch, { trio: trio.id, number: of.number, from: pages.length });
    const answer = await askPeer(base, of.account, { word: 'batch', payload });
    const some = decodeAs(copies, answer);
    if (some.length === 0) break;
    for (const it of some) pages.push(await namesOf(trio.id, it));
  }
  return pages;
}

/** Throws SIGNATURE_WRONG: no sensor of this page signed it. */
async function namesOf(
  trio: string,
  {
    manifest,
    signature,
    sensor,
  }: { manifest: Uint8Array; signature: Uint8Array; sensor: Uint8Array },
): Promise<PageNames> {
  const said = decodeAs(pageManifest, manifest);
  const { page, panel, sequence, pseudonym, startHour, n } = said;
  const isHis = equalBytes(pageIdOf(sensor, panel, sequence), page);
  const label = vitalsNames.labels.pageManifest;
  if (!isHis || !(await verifyLabelled(sensor, label, manifest, signature)))
    throw new CodedError('SIGNATURE_WRONG');
  return {
    ...{
      page,
      trio,
      manifestHash: sha256(manifest),
      manifest,
      signature,
      sensor,
      pseudonym,
      panel,
    },
    ...{ startHour, n, leaf: batchLeafContent(manifest, said) },
  };
}

/** Registrations that one of the other two has; each is held against the ledger by who takes it. */
export async function copyPeople(
  base: DataServerBase,
  trio: OwnTrio,
  take: (signed: Uint8Array) => Promise<void>,
): Promise<void> {
  for (const { account } of trio.others) {
    let from = 0;
    do {
      const payload = encodeAs(askedPeople, { trio: trio.id, from });
      const answer = await askPeer(base, account, { word: 'people', payload });
      const { next, registrations } = decodeAs(people, answer);
      for (const signed of registrations) {
        decodeAs(signedRegistration, signed);
        await take(signed);
      }
      from = next;
    } while (from !== 0);
  }
}
