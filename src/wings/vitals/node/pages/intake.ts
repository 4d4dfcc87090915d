import { sha256 } from '../../../../crypto/hash.ts';
import { openWith } from '../../../../crypto/letter.ts';
import { verifyLabelled } from '../../../../crypto/signature.ts';
import { bytesToHex, equalBytes, hexToBytes } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { decodeAs } from '../../../../primitives/shape.ts';
import { batchLeafContent } from '../../api/batch-leaf.ts';
import { keptFor } from '../../api/envelope.ts';
import { type PageManifest, pageManifest } from '../../api/page.ts';
import type { RegisteredSensor, Registration } from '../../api/registration.ts';
import { type PageUpload, pageUpload } from '../../api/upload.ts';
import { type PageHead, pageIdOf, sizeOf } from '../../crypto/pages/page-head.ts';
import { truncateShare } from '../../crypto/pages/page-keep.ts';
import { type OpenedShare, openBody } from '../../crypto/pages/page-open.ts';
import { packKept } from '../../crypto/pages/page-rebuild.ts';
import { vitalsNames } from '../../names.ts';
import type { DataServerBase } from '../data-server-base.ts';
import { forged, perhapsForged } from '../forged.ts';
import type { ArrivedPage, KeptEnvelope } from '../stores/page-store.ts';
import { type OwnTrio, ownTrio } from '../trio.ts';
import { headOf, keptBody, splitBodies } from './page-bodies.ts';
import { envelopeBad, requireEnvelope, requireOwnEnvelope } from './rebuild-share.ts';
import { registrationIn } from './registering.ts';
import { countTries } from './sensor-tries.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** How far a device's clock may run ahead. */
const aheadMs = 60_000;
const none = new Uint8Array(0);

interface ReadManifest extends PageManifest {
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * Takes an upload in: all of its pages wait from now on, or none does. Who asks is judged before what he sends is read.
 *
 * Throws TRIO_UNKNOWN, SENSOR_UNKNOWN, SIGNATURE_WRONG, SENSOR_QUOTA, PAGE_REPLAYED, PAGE_WAITS, PAGE_STALE, PANEL_UNKNOWN,
 * EDGES_VERSION, ENVELOPE_BAD, BODY_LENGTH, CANNOT_OPEN, ELEMENT_NOT_CANONICAL, CBOR_SHAPE. Rules VS-7 to VS-9.
 */
export async function takeUpload(
  base: DataServerBase,
  bytes: Uint8Array,
): Promise<readonly Pick<ArrivedPage, 'page' | 'sensor'>[]> {
  const upload = decodeAs(pageUpload, bytes);
  const trio = await ownTrio(base, upload.trio);
  const manifests = upload.pages.map(({ manifest, signature }) => ({
    ...decodeAs(pageManifest, manifest),
    ...{ bytes: manifest, signature },
  }));
  const sender = await senderOf(base, manifests);
  const { key } = sender.sensor;
  const unknown = await unknownOf(base, manifests);
  // Answered as before: its sender may have lost the answer, and nobody has it opened again and again.
  if (unknown.length === 0) return manifests.map(({ page }) => ({ page, sensor: key }));
  await requireQuota(base, key, unknown.length);
  for (const manifest of manifests) {
    await requireNew(base, manifest);
    requireFresh(base, manifest, sender.registration);
    if (!sender.sensor.panels.includes(manifest.panel))
      throw new CodedError('PANEL_UNKNOWN', { panel: manifest.panel });
    sizeOf(headOf(manifest));
  }
  if (!countTries(base, key, unknown.length)) throw new CodedError('SENSOR_QUOTA');
  const envelope = envelopeIn(upload, trio, manifests);
  if (envelope === undefined) await requireNoneIsMissing(base, trio);
  const bodies = await openBodies(base, trio, upload);
  const pages = manifests.map((it, at) =>
    arrived(base, trio, { manifest: it, sensor: key, body: bodies[at] ?? none }),
  );
  const shares: OwnShare[] = [];
  for (const [at, manifest] of manifests.entries()) {
    const body = keptBody(trio.place, bodies[at] ?? none);
    const head = headOf(manifest);
    const opened = await openBody(base.arithmetic, { server: trio.place, head, body });
    shares.push({ head, secret: body.secret, opened });
  }
  if (envelope !== undefined) await requireOwn(base, trio, { manifests, shares });
  base.faultPoint?.('upload:judged');
  await base.store.takeIn(pages, envelope);
  base.faultPoint?.('upload:kept');
  return pages;
}

/** Whose pages these are: one registered patient's, all by one of her sensors. */
async function senderOf(
  { store }: DataServerBase,
  manifests: readonly ReadManifest[],
): Promise<{ readonly registration: Registration; readonly sensor: RegisteredSensor }> {
  const [first] = manifests;
  const kept = first && (await store.registration(first.pseudonym));
  if (first === undefined || kept === undefined) throw new CodedError('SENSOR_UNKNOWN');
  const registration = registrationIn(kept.signed);
  // By its page id a manifest names its sensor: nobody's signature is tried at random.
  const sensor = registration.sensors.find(({ key }) => isOf(first, key));
  // Somebody's own sensor in another's name, or one that she has ended and that goes on.
  if (sensor === undefined) throw perhapsForged('SENSOR_UNKNOWN');
  for (const it of manifests) {
    const isSame = equalBytes(it.pseudonym, first.pseudonym) && isOf(it, sensor.key);
    if (!isSame) throw perhapsForged('SENSOR_UNKNOWN');
    const label = vitalsNames.labels.pageManifest;
    if (!(await verifyLabelled(sensor.key, label, it.bytes, it.signature)))
      throw forged('SIGNATURE_WRONG');
  }
  return { registration, sensor };
}

const isOf = ({ page, panel, sequence }: PageManifest, sensor: Uint8Array): boolean =>
  equalBytes(page, pageIdOf(sensor, panel, sequence));

/** Those that this server does not have. */
async function unknownOf(
  { store }: DataServerBase,
  manifests: readonly ReadManifest[],
): Promise<readonly ReadManifest[]> {
  const before = await Promise.all(manifests.map(({ page }) => store.page(page)));
  return manifests.filter(({ bytes }, at) => {
    const kept = before[at]?.manifest;
    return kept === undefined || !equalBytes(kept, bytes);
  });
}

async function requireQuota(
  { store, settings, now }: DataServerBase,
  key: Uint8Array,
  more: number,
): Promise<void> {
  const sent = await store.sentSince(key, now() - dayMs);
  if (sent + more > settings.pagesPerDay) throw new CodedError('SENSOR_QUOTA');
}

async function requireNew({ store }: DataServerBase, of: ReadManifest): Promise<void> {
  const before = await store.page(of.page);
  // The very same page again is answered as before: its sender may have lost the answer.
  const isSame = before !== undefined && equalBytes(before.manifest, of.bytes);
  if (before?.state === 'accepted' && !isSame) throw new CodedError('PAGE_REPLAYED');
}

function requireFresh(
  { settings, now }: DataServerBase,
  { startHour }: PageManifest,
  { fromHour, untilHour }: Registration,
): void {
  const hasBegun = startHour * hourMs <= now() + aheadMs;
  const isNew = (startHour + settings.freshHours) * hourMs >= now();
  const isRegistered = fromHour <= startHour && startHour < untilHour;
  if (hasBegun && isNew && isRegistered) return;
  const because = !isNew ? 'old' : !hasBegun ? 'early' : 'not registered';
  throw new CodedError('PAGE_STALE', { startHour, because });
}

/**
 * The envelope that this server keeps for another one; undefined: the manifests name none, which is the sensor's to decide.
 * Throws ENVELOPE_BAD. Rule VS-32.
 */
function envelopeIn(
  { envelope }: PageUpload,
  { id, place }: OwnTrio,
  manifests: readonly ReadManifest[],
): KeptEnvelope | undefined {
  const named = manifests[0]?.envelopes ?? [];
  const isSame = ({ envelopes }: ReadManifest): boolean =>
    envelopes.length === named.length && envelopes.every((it, at) => it === named[at]);
  // Pages that travel together share their envelopes; of three servers none is left out.
  if (!manifests.every(isSame) || (named.length !== 0 && named.length !== 3))
    throw envelopeBad('of other pages');
  if (named.length === 0) {
    if (envelope.length > 0) throw envelopeBad('not the one that is named');
    return undefined;
  }
  const server = keptFor(place);
  requireEnvelope(envelope, { trio: id, server, manifests });
  const name = named[server - 1];
  if (name === undefined) throw envelopeBad('missing');
  return { id: name, bytes: envelope };
}

/** Where all three have published a recovery key, a page without envelopes is one that no server could be rebuilt with. Throws ENVELOPE_BAD. Rule VS-32a. */
async function requireNoneIsMissing(base: DataServerBase, { others }: OwnTrio): Promise<void> {
  if (base.recoveryPublicKey === undefined) return;
  if (await base.havePublished?.(others.map(({ account }) => account)))
    throw envelopeBad('missing');
}

/** What this server was sent of one page. */
interface OwnShare {
  readonly head: PageHead;
  readonly secret: Uint8Array;
  readonly opened: OpenedShare;
}

/** The envelope that another keeps for this server must be of what this server was sent. Throws ENVELOPE_BAD. Rule VS-32a. */
async function requireOwn(
  { recoveryPublicKey: recoveryKey, arithmetic }: DataServerBase,
  { id, place }: OwnTrio,
  of: { readonly manifests: readonly ReadManifest[]; readonly shares: readonly OwnShare[] },
): Promise<void> {
  if (recoveryKey === undefined) return;
  const { manifests, shares } = of;
  const parts = shares.map(({ head, secret, opened }) =>
    place === 3 ? packKept(head, truncateShare(arithmetic, opened)) : secret,
  );
  const secret = shares[0]?.secret ?? none;
  await requireOwnEnvelope({ trio: id, server: place, manifests }, { recoveryKey, secret, parts });
}

/** Throws CANNOT_OPEN, CBOR_SHAPE, BODY_LENGTH. */
async function openBodies(
  { kem }: DataServerBase,
  { id, place }: OwnTrio,
  { pages, sealed }: PageUpload,
): Promise<readonly Uint8Array[]> {
  const context = [hexToBytes(id) ?? none, place];
  const bound = sha256(...pages.map(({ manifest }) => manifest));
  const plain = await openWith(kem, vitalsNames.labels.body, context, bound, sealed);
  return splitBodies(place, plain, pages.length);
}

function arrived(
  { now }: DataServerBase,
  { id }: OwnTrio,
  of: { readonly manifest: ReadManifest; readonly sensor: Uint8Array; readonly body: Uint8Array },
): ArrivedPage {
  const { manifest, sensor, body } = of;
  const { page, pseudonym, panel, startHour, n, bytes, signature } = manifest;
  return {
    ...{ page, trio: id, manifestHash: sha256(bytes), manifest: bytes, signature, sensor },
    ...{
      pseudonym,
      panel,
      startHour,
      n,
      leaf: batchLeafContent(bytes, manifest),
      body,
      atMs: now(),
    },
  };
}

/** For logs and keys of maps. */
export const nameOf = (page: Uint8Array, manifestHash: Uint8Array): string =>
  `${bytesToHex(page)} ${bytesToHex(manifestHash)}`;
