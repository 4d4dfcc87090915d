import { randomFillSync } from 'node:crypto';
import { sha256 } from '../../../../crypto/hash.ts';
import { leafHash, merkleRoot } from '../../../../ledger/merkle.ts';
import { accountIdOf } from '../../../../primitives/ids.ts';
import { encodeAs } from '../../../../primitives/shape.ts';
import { batchLeafContent } from '../../api/batch-leaf.ts';
import { pageManifest } from '../../api/page.ts';
import { noSalt, registration, signedRegistration } from '../../api/registration.ts';
import { keptHash } from '../../crypto/pages/page-keep.ts';
import { batchRowId, statBatches } from '../../ledger/tables/stat-batches.ts';
import { statTrios } from '../../ledger/tables/stat-trios.ts';
import type { ArrivedPage, PageStore, StoredShare } from '../../node/stores/page-store.ts';
import { drawn } from '../settings/pages.ts';
import type { FakeLedger } from '../settings/three-servers.ts';

const pagesOfBatch = 4_096;
/** Of one patient, as a sensor sends them. */
const pagesOfUpload = 16;
const hoursOf = 500_000;

/** Readings of five vital signs, in pages of 64, written into a server's store without proofs: shares that hold, random as they are. */
export async function loadPages(of: {
  readonly store: PageStore;
  readonly ledger: FakeLedger;
  readonly trio: string;
  readonly patients: number;
  readonly pages: number;
}): Promise<void> {
  const { store, ledger, trio, patients, pages } = of;
  for (let who = 0; who < patients; who++) {
    const account = accountIdOf(drawn('account', String(who)));
    const pseudonym = pseudonymOf(who);
    const bytes = encodeAs(registration, {
      ...{ account, pseudonym, counter: 1, sex: 1, arm: 0, ageBand: 4, region: 0 },
      ...{ fromHour: 0, untilHour: 2 ** 32 - 1, sensors: [], datasets: ['ab'.repeat(16)] },
      pseudonymSalt: noSalt,
    });
    const signed = encodeAs(signedRegistration, {
      registration: bytes,
      signature: new Uint8Array(64),
    });
    await store.register({ pseudonym, account, counter: 1, signed });
  }
  const row = await ledger.row(statTrios, trio);
  for (let from = 0, number = 1; from < pages; from += pagesOfBatch, number++) {
    const made = Array.from({ length: Math.min(pagesOfBatch, pages - from) }, (_, at) =>
      pageOf(trio, from + at, Math.floor((from + at) / pagesOfUpload) % patients),
    );
    await store.takeIn(made.map(({ page }) => page));
    await store.settle(
      made.map(({ page, kept }) => ({ page: page.page, manifestHash: page.manifestHash, kept })),
    );
    const sorted = made.map(({ page }) => page).sort((a, b) => Buffer.compare(a.page, b.page));
    const root = merkleRoot(sorted.map(({ leaf }) => leafHash(leaf)));
    const batch = {
      ...{ trio, number, root, pages: sorted.map(({ page }) => page) },
      ...{ firstHour: hoursOf, lastHour: hoursOf + 23 },
    };
    await store.planBatch(batch);
    await store.seal(batch);
    const { firstHour, lastHour } = batch;
    ledger.put(statBatches, batchRowId(trio, number), {
      root,
      pages: made.length,
      firstHour,
      lastHour,
      height: number,
    });
    ledger.put(statTrios, trio, { servers: row?.servers ?? [], newestBatch: number });
  }
}

const pseudonymOf = (who: number): Uint8Array => drawn('pseudonym', String(who)).slice(0, 16);

function pageOf(trio: string, at: number, who: number): { page: ArrivedPage; kept: StoredShare } {
  const bytes = randomFillSync(new Uint8Array(160 + 1_280 + 640 + 32 + 16));
  const kept = {
    ...{ roll: bytes.subarray(0, 160), histogram: bytes.subarray(160, 1_440) },
    ...{ clinical: bytes.subarray(1_440, 2_080), salt: bytes.subarray(2_080, 2_112) },
  };
  const page = drawn('page', String(at)).slice(0, 16);
  const nonce = bytes.subarray(2_112);
  const [n, panel, edges, startHour] = [64, 1, 1, hoursOf + (at % 24)];
  const hash = keptHash(1, { page, nonce, n, panel, edges }, kept);
  const none = new Uint8Array(32);
  const of = { page, panel, startHour, n, pseudonym: pseudonymOf(who) };
  const said = {
    ...of,
    nonce,
    edges,
    sequence: at,
    envelopes: [],
    parts: [none, none, none] as const,
  };
  const manifest = encodeAs(pageManifest, { ...said, hashes: [hash, none, none] });
  const manifestHash = sha256(manifest);
  const leaf = batchLeafContent(manifest, { hashes: [hash, none, none], envelopes: [] });
  const sensor = drawn('sensor', String(who));
  const signature = new Uint8Array(64).fill(at);
  return {
    kept,
    page: {
      ...{ ...of, trio, manifest, manifestHash, leaf, sensor, signature, body: nonce },
      atMs: Math.floor(at / pagesOfUpload),
    },
  };
}
