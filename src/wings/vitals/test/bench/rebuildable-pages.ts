import { randomFillSync } from 'node:crypto';
import { sha256 } from '../../../../crypto/hash.ts';
import { signLabelled } from '../../../../crypto/signature.ts';
import { leafHash, merkleRoot } from '../../../../ledger/merkle.ts';
import { encodeAs } from '../../../../primitives/shape.ts';
import { blobIdOf } from '../../../../storage/blob-id.ts';
import { batchLeafContent } from '../../api/batch-leaf.ts';
import { keptFor } from '../../api/envelope.ts';
import { type PageManifest, pageManifest, pagesPerUpload } from '../../api/page.ts';
import {
  type OfThree,
  type PageHead,
  pageIdOf,
  type ServerNumber,
} from '../../crypto/pages/page-head.ts';
import { type KeptShare, keptHash } from '../../crypto/pages/page-keep.ts';
import { envelopedBytes, keptFromPart } from '../../crypto/pages/page-rebuild.ts';
import type { SharedPage } from '../../crypto/pages/page-share.ts';
import { batchRowId, statBatches } from '../../ledger/tables/stat-batches.ts';
import { statTrios } from '../../ledger/tables/stat-trios.ts';
import { vitalsNames } from '../../names.ts';
import type { ArrivedPage } from '../../node/stores/page-store.ts';
import { sealEnvelopes } from '../../sdk/sensor/envelopes.ts';
import { hour, type Place, type ThreeServers } from '../settings/three-servers.ts';

const pagesOfBatch = 4_096;
const places: readonly Place[] = [0, 1, 2];
const numberOf = (place: Place): ServerNumber => ([1, 2, 3] as const)[place];

interface MadePage {
  readonly manifest: PageManifest;
  readonly shares: OfThree<KeptShare>;
  /** As far as envelopes are made of it. */
  readonly shared: SharedPage;
}

/**
 * Pages of 64 readings of five vital signs at all three servers, signed by the sensor, with recovery envelopes, in batches on the
 * ledger; shares that hold and are of no values, for nothing is proven. Takes a millisecond a page, and a proof twenty.
 */
export async function loadRebuildable(three: ThreeServers, pages: number): Promise<void> {
  for (let from = 0, number = 1; from < pages; from += pagesOfBatch, number++) {
    const leaves: { readonly page: Uint8Array; readonly leaf: Uint8Array }[] = [];
    const until = Math.min(from + pagesOfBatch, pages);
    for (let at = from; at < until; at += pagesPerUpload)
      leaves.push(...(await loadUpload(three, at, Math.min(pagesPerUpload, until - at))));
    await sealEverywhere(three, number, leaves);
  }
}

async function loadUpload(three: ThreeServers, from: number, count: number) {
  const made: MadePage[] = [];
  for (let at = 0; at < count; at++) made.push(await makePage(three, from + at));
  const { bytes, ids } = await sealEnvelopes(
    { trio: three.trio, recoveryKeys: three.line.recoveryKeys ?? fail() },
    made,
  );
  const arrived = await Promise.all(made.map((it) => arrivedOf(three, it.manifest, ids)));
  for (const place of places) {
    const envelope = bytes[keptFor(numberOf(place)) - 1] ?? fail();
    const store = three.store(place);
    await store.takeIn(arrived, { id: blobIdOf(envelope), bytes: envelope });
    await store.settle(
      arrived.map(({ page, manifestHash }, at) => ({
        ...{ page, manifestHash, kept: made[at]?.shares[place] ?? fail() },
      })),
    );
  }
  return arrived.map(({ page, leaf }) => ({ page, leaf }));
}

async function makePage({ sensor, pseudonym, arithmetic }: ThreeServers, sequence: number) {
  const bytes = randomFillSync(new Uint8Array(16 + 32 + 32));
  const page = pageIdOf(sensor.publicKey, 1, sequence);
  const head: PageHead = { page, nonce: bytes.subarray(0, 16), n: 64, panel: 1, edges: 1 };
  const secrets = [bytes.subarray(16, 48), bytes.subarray(48)] as const;
  const third = randomFillSync(new Uint8Array(envelopedBytes(3, head)));
  // Elements are below p.
  for (let at = 7; at < 8 * 180; at += 8) third[at] = 0;
  const parts: OfThree<Uint8Array> = [...secrets, third];
  const share = (server: ServerNumber) =>
    keptFromPart(arithmetic, { server, head, part: parts[server - 1] ?? fail() });
  const shares: OfThree<KeptShare> = [await share(1), await share(2), await share(3)];
  const hash = (server: ServerNumber) => keptHash(server, head, shares[server - 1] ?? fail());
  const none = new Uint8Array(32);
  const manifest: PageManifest = {
    ...{ page, pseudonym, panel: 1, sequence, startHour: hour + (sequence % 24), n: 64 },
    ...{ nonce: head.nonce, parts: [none, none, none], hashes: [hash(1), hash(2), hash(3)] },
    ...{ envelopes: [], edges: 1 },
  };
  const bodies = [{ secret: secrets[0] }, { secret: secrets[1] }, { secret: none }];
  const shared = { head, third: shares[2], bodies } as unknown as SharedPage;
  return { manifest, shares, shared };
}

async function arrivedOf(
  { sensor, trio, now }: ThreeServers,
  bare: PageManifest,
  envelopes: PageManifest['envelopes'],
): Promise<ArrivedPage> {
  const said = { ...bare, envelopes };
  const manifest = encodeAs(pageManifest, said);
  const { page, pseudonym, panel, startHour, n } = said;
  return {
    ...{ page, trio, manifestHash: sha256(manifest), manifest, pseudonym, panel, startHour, n },
    signature: await signLabelled(sensor, vitalsNames.labels.pageManifest, manifest),
    ...{ sensor: sensor.publicKey, leaf: batchLeafContent(manifest, said), atMs: now },
    body: new Uint8Array(0),
  };
}

async function sealEverywhere(
  three: ThreeServers,
  number: number,
  leaves: readonly { readonly page: Uint8Array; readonly leaf: Uint8Array }[],
): Promise<void> {
  const { ledger, trio } = three;
  const sorted = leaves.toSorted((a, b) => Buffer.compare(a.page, b.page));
  const root = merkleRoot(sorted.map(({ leaf }) => leafHash(leaf)));
  const hours = { firstHour: hour, lastHour: hour + 23 };
  for (const place of places) {
    const batch = { trio, number, root, pages: sorted.map(({ page }) => page), ...hours };
    await three.store(place).planBatch(batch);
    await three.store(place).seal(batch);
  }
  ledger.put(statBatches, batchRowId(trio, number), {
    ...{ root, pages: leaves.length, ...hours, height: number },
  });
  const row = await ledger.row(statTrios, trio);
  ledger.put(statTrios, trio, { servers: row?.servers ?? [], newestBatch: number });
}

function fail(): never {
  throw new Error('of three');
}
