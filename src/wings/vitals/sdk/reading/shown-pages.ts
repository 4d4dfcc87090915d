import { sha256 } from '../../../../crypto/hash.ts';
import { verifyLabelled } from '../../../../crypto/signature.ts';
import { isIncluded } from '../../../../ledger/merkle.ts';
import type { Keys } from '../../../../ledger/tables/keys.ts';
import { bytesToHex, equalBytes } from '../../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../../../primitives/ids.ts';
import { decodeAs } from '../../../../primitives/shape.ts';
import { batchLeaf } from '../../api/batch-leaf.ts';
import { type PageManifest, pageManifest } from '../../api/page.ts';
import { type Registration, registration, signedRegistration } from '../../api/registration.ts';
import { decodeSensorReading, type ShownPage } from '../../api/sensor-read.ts';
import {
  type PageHead,
  pageIdOf,
  type ServerNumber,
  sizeOf,
} from '../../crypto/pages/page-head.ts';
import { type KeptShare, keptHash } from '../../crypto/pages/page-keep.ts';
import { keptLength, rollLength } from '../../crypto/pages/page-layout.ts';
import { basePanel } from '../../crypto/panels.ts';
import type { StatBatchRow } from '../../ledger/tables/stat-batches.ts';
import { vitalsNames } from '../../names.ts';

/** What a reader asked the three servers for, and what he knows beforehand. */
export interface AskedFor {
  readonly patient: AccountId;
  readonly pseudonym: Uint8Array;
  /** No padded one: pages of that come with it. */
  readonly panel: number;
  readonly firstHour: number;
  /** Included. */
  readonly lastHour: number;
}

/** As much of the ledger as checking asks; every row proven. */
export interface ShownLedger {
  /** The patient's directory. */
  keys(account: AccountId): Promise<Pick<Keys, 'identities'>>;
  /** Of the trio that was asked. */
  batch(number: number): Promise<StatBatchRow | undefined>;
}

/** A page of which one share holds: the manifest that the sensor signed stands in a batch, and the share has its hash. */
export interface ProvenPage {
  readonly manifestHash: string;
  readonly manifest: PageManifest;
  readonly batch: number;
  /** Undefined: no registration that came lists the sensor (any more). */
  readonly sensor: string | undefined;
  readonly kept: KeptShare;
}

/** What one server showed, and all of it holds. */
export interface ProvenReading {
  readonly registration: Registration;
  /** As the patient signed it. */
  readonly signedRegistration: Uint8Array;
  /** The server says that it has all pages up to this batch. */
  readonly newestBatch: number;
  /** By page id, hex. */
  readonly pages: ReadonlyMap<string, ProvenPage>;
}

/** Signatures of sensors: three servers show the same manifest with the same one, which is verified once. */
export class SensorSignatures {
  readonly #verified = new Map<string, Promise<boolean>>();

  holds(key: Uint8Array, manifest: Uint8Array, signature: Uint8Array): Promise<boolean> {
    // Lengths of key and signature are given, so the three cannot be cut otherwise.
    const name = bytesToHex(sha256(key, signature, manifest));
    const verified =
      this.#verified.get(name) ??
      verifyLabelled(key, vitalsNames.labels.pageManifest, manifest, signature);
    this.#verified.set(name, verified);
    return verified;
  }
}

/**
 * Checks what one server answered, whose signature was checked before. Throws SERVER_LIED with a `reason` (encoding,
 * request, place, registration, page, batch, share) and what the ledger throws. `signatures`: one for all three.
 * Source: docs/protocol/vitals-reading.md, rule VR-14.
 */
export async function provenReading(
  payload: Uint8Array,
  of: AskedFor & {
    /** SHA-256 of what was sent. */
    readonly request: Uint8Array;
    readonly place: ServerNumber;
  },
  ledger: ShownLedger,
  signatures: SensorSignatures,
): Promise<ProvenReading> {
  const reading = orLied('encoding', () => decodeSensorReading(payload));
  if (!equalBytes(reading.request, of.request)) throw lied('request');
  if (reading.place !== of.place) throw lied('place');
  const signed = reading.registration;
  const registered = await provenRegistration(signed, of, ledger);
  const pages = new Map<string, ProvenPage>();
  for (const shown of reading.pages) {
    const page = await provenPage(shown, { ...of, registered, signatures }, ledger);
    pages.set(bytesToHex(page.manifest.page), page);
  }
  const { newestBatch } = reading;
  return { registration: registered, signedRegistration: signed, newestBatch, pages };
}

/** A registration by a key that the patient's account has or had. Throws SERVER_LIED (registration). */
export async function provenRegistration(
  signed: Uint8Array,
  of: Pick<AskedFor, 'patient' | 'pseudonym'>,
  ledger: Pick<ShownLedger, 'keys'>,
): Promise<Registration> {
  const { bytes, signature, said } = orLied('registration', () => {
    const parts = decodeAs(signedRegistration, signed);
    const { registration: bytes, signature } = parts;
    return { bytes, signature, said: decodeAs(registration, bytes) };
  });
  if (said.account !== of.patient || !equalBytes(said.pseudonym, of.pseudonym)) {
    throw lied('registration');
  }
  const { identities } = await ledger.keys(of.patient);
  const label = vitalsNames.labels.registration;
  for (const { identity } of identities) {
    if (await verifyLabelled(identity.signKey, label, bytes, signature)) return said;
  }
  throw lied('registration');
}

async function provenPage(
  shown: ShownPage,
  of: AskedFor & {
    readonly place: ServerNumber;
    readonly registered: Registration;
    readonly signatures: SensorSignatures;
  },
  ledger: ShownLedger,
): Promise<ProvenPage> {
  const manifest = orLied('page', () => decodeAs(pageManifest, shown.manifest));
  const { panel, startHour, pseudonym } = manifest;
  const isAsked =
    basePanel(panel) === of.panel &&
    of.firstHour <= startHour &&
    startHour <= of.lastHour &&
    equalBytes(pseudonym, of.pseudonym);
  if (!isAsked) throw lied('page');
  const sensor = await sensorOf(shown, manifest, of);
  const batch = await ledger.batch(shown.batch);
  const leaf = batchLeaf(shown.manifest, manifest);
  const isInBatch =
    batch !== undefined && isIncluded(leaf, shown.index, batch.pages, shown.path, batch.root);
  if (!isInBatch) throw lied('batch');
  const head: PageHead = manifest;
  const { n, k } = orLied('page', () => sizeOf(head));
  const { roll, histogram, clinical, salt } = shown;
  const kept = { roll, histogram, clinical, salt };
  const isWhole =
    roll.length === 8 * rollLength &&
    histogram.length === 8 * (keptLength - rollLength) &&
    clinical.length === 2 * n * k;
  const named = manifest.hashes[of.place - 1];
  if (!isWhole || named === undefined || !equalBytes(keptHash(of.place, head, kept), named)) {
    throw lied('share');
  }
  const manifestHash = bytesToHex(sha256(shown.manifest));
  return { manifestHash, manifest, batch: shown.batch, sensor, kept };
}

/**
 * The page's id is a hash of its sensor's key: so it says which of those that are listed signed it, and a wrong signature is
 * a lie. Undefined where it is none of them: three servers signed the batch all the same.
 */
async function sensorOf(
  { manifest: bytes, signature }: ShownPage,
  { page, panel, sequence }: PageManifest,
  of: { readonly registered: Registration; readonly signatures: SensorSignatures },
): Promise<string | undefined> {
  const { sensors } = of.registered;
  const sensor = sensors.find(({ key }) => equalBytes(pageIdOf(key, panel, sequence), page));
  if (sensor === undefined) return undefined;
  if (!(await of.signatures.holds(sensor.key, bytes, signature))) throw lied('page');
  return bytesToHex(sensor.key);
}

function orLied<T>(reason: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!isCoded(cause)) throw cause;
    throw new CodedError('SERVER_LIED', { reason }, cause);
  }
}

const lied = (reason: string): CodedError => new CodedError('SERVER_LIED', { reason });

/** The context of the seal: the answer is for this reader and this request. */
export const sealContext = (reader: AccountId, request: Uint8Array) => [idBytes(reader), request];
