import type { KemKey } from '../../../../crypto/kem.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import type { AccountId, BlobId } from '../../../../primitives/ids.ts';
import {
  bytes,
  decodeAs,
  decodeViewsAs,
  encodeAs,
  hexId,
  list,
  struct,
} from '../../../../primitives/shape.ts';
import { blobIdOf } from '../../../../storage/blob-id.ts';
import { keeperOf, keptFor, recoveryEnvelope } from '../../api/envelope.ts';
import { pageManifest } from '../../api/page.ts';
import type { DataServerBase } from '../data-server-base.ts';
import { askPeer } from '../statements.ts';
import type { StoredPage } from '../stores/page-store.ts';
import { type OwnTrio, ownTrio } from '../trio.ts';
import { type BadEnvelope, rebuildShare } from './rebuild-share.ts';

/** So many pages a question: the envelopes of 16 pages, each of an upload of its own, take 600 kB. */
export const pagesPerAsking = 16;
const asked = struct({
  trio: hexId(32),
  pages: list(bytes(16), { least: 1, most: pagesPerAsking }),
});
const answered = list(bytes(), { most: pagesPerAsking });
const none = new Uint8Array(0);

/** The envelopes that this server keeps of pages, to the server whose they are. Throws UNAUTHENTICATED. Rule VS-35. */
export async function answerEnvelopes(
  base: DataServerBase,
  from: AccountId,
  payload: Uint8Array,
): Promise<Uint8Array> {
  const { trio: trioId, pages } = decodeAs(asked, payload);
  const trio = await ownTrio(base, trioId);
  if (trio.servers[keptFor(trio.place) - 1] !== from) throw new CodedError('UNAUTHENTICATED');
  const kept = await base.store.envelopes(pages);
  return encodeAs(
    answered,
    kept.map((it) => it.bytes).filter((it) => isOf(trioId, it)),
  );
}

/** Whether an envelope was made for this trio; one that cannot be read is nobody's. */
function isOf(trio: string, envelope: Uint8Array): boolean {
  try {
    return decodeAs(recoveryEnvelope, envelope).trio === trio;
  } catch (error) {
    if (isCoded(error)) return false;
    throw error;
  }
}

/** What this server's keeper has of it, by id; of a page that it has nothing of, nothing. Throws as `askPeer`. */
export async function askEnvelopes(
  base: DataServerBase,
  trio: OwnTrio,
  pages: readonly Uint8Array[],
): Promise<ReadonlyMap<BlobId, Uint8Array>> {
  const keeper = trio.servers[keeperOf(trio.place) - 1] ?? trio.servers[0];
  const payload = encodeAs(asked, { trio: trio.id, pages });
  const answer = await askPeer(base, keeper, { word: 'envelopes', payload });
  return new Map(decodeViewsAs(answered, answer).map((it) => [blobIdOf(it), it]));
}

export interface EnvelopesChecked {
  /** Sealed pages that were drawn, each once. */
  readonly tried: number;
  /** Of them those whose manifest names no envelope. */
  readonly without: number;
  readonly bad: readonly { readonly page: Uint8Array; readonly because: BadEnvelope }[];
}

/**
 * Whether this server could be rebuilt: draws sealed pages, asks their keeper for the envelopes and rebuilds the shares, which
 * are its own. `draw`: a number below another one, by chance. Throws what asking throws: a keeper that is away proves nothing.
 * Rule VS-35.
 */
export async function checkEnvelopes(
  base: DataServerBase,
  key: KemKey,
  of: { readonly trio: string; readonly draw: (below: number) => number },
): Promise<EnvelopesChecked> {
  const trio = await ownTrio(base, of.trio);
  const drawn = await drawnPages(base, of);
  const named = drawn.filter((page) => nameOf(trio, page) !== undefined);
  if (named.length === 0) return { tried: drawn.length, without: drawn.length, bad: [] };
  const ids = named.map(({ page }) => page);
  const envelopes = await askEnvelopes(base, trio, ids);
  const bad: { page: Uint8Array; because: BadEnvelope }[] = [];
  for (const page of named) {
    const name = nameOf(trio, page);
    const envelope = (name && envelopes.get(name)) ?? none;
    const because = await judge(base, key, { trio, page, envelope });
    if (because !== undefined) bad.push({ page: page.page, because });
  }
  return { tried: drawn.length, without: drawn.length - named.length, bad };
}

const nameOf = (trio: OwnTrio, { manifest }: StoredPage): BlobId | undefined =>
  decodeAs(pageManifest, manifest).envelopes[trio.place - 1];

async function judge(
  { arithmetic }: DataServerBase,
  key: KemKey,
  of: { readonly trio: OwnTrio; readonly page: StoredPage; readonly envelope: Uint8Array },
): Promise<BadEnvelope | undefined> {
  const { trio, page, envelope } = of;
  const { id, place: server } = trio;
  try {
    const { manifest } = page;
    await rebuildShare(arithmetic, key, { trio: id, server, manifest, envelope });
    return undefined;
  } catch (error) {
    if (!isCoded(error, 'ENVELOPE_BAD')) throw error;
    return error.details.because as BadEnvelope;
  }
}

/** A batch by chance, of it a page by chance: each at most once. */
async function drawnPages(
  { store }: DataServerBase,
  { trio, draw }: { readonly trio: string; readonly draw: (below: number) => number },
): Promise<readonly StoredPage[]> {
  const newest = await store.newestBatch(trio);
  const found = new Map<string, StoredPage>();
  for (let i = 0; newest > 0 && i < pagesPerAsking; i++) {
    const batch = await store.sealedBatch(trio, 1 + draw(newest));
    const id = batch?.pages[draw(batch.pages.length)];
    const page = id && (await store.page(id));
    if (page !== undefined) found.set(page.page.join(), page);
  }
  return [...found.values()];
}
