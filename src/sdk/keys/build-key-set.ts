import { recordClasses } from '../../api/classes.ts';
import { decodeGrantBody } from '../../api/grant-body.ts';
import { sha256 } from '../../crypto/hash.ts';
import { xwingKeyFromSeed } from '../../crypto/kem.ts';
import { randomBytes } from '../../crypto/random.ts';
import type { KeySet } from '../../ledger/acts/key-set.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { ConsentId } from '../../primitives/ids.ts';
import { blobIdOf } from '../../storage/blob-id.ts';
import type { Context } from '../client/context.ts';
import { uploadBlobs } from '../client/upload.ts';
import type { OwnGrant, OwnKeySet } from '../wallet/content.ts';
import {
  type Envelope,
  type EnvelopeContent,
  maxEnvelopeSetBytes,
  mostBytesOf,
  sealEnvelopeSet,
} from './envelope-set.ts';
import { pastOf } from './history.ts';
import { type OwnerKeys, ownerKeys } from './key-ring.ts';
import { type EpochWriteKeys, encodeKeySetBlob } from './key-set-blob.ts';
import { type PlannedEpoch, planSchedule } from './schedule.ts';
import { segmentKey, segmentWriteSeed } from './segment.ts';

export interface BuiltKeySet {
  readonly act: KeySet;
  /** To be written down before the act is sent. */
  readonly own: OwnKeySet;
  /** Consent to SHA-256 of the KEM key that its envelope was sealed to; 32 zeros: his past comes with the next. */
  readonly kemHashes: ReadonlyMap<ConsentId, Uint8Array>;
  /** Whether somebody's past waits for the next KeySet. */
  readonly isPartial: boolean;
}

export interface KeySetOptions {
  /** Grants that are to live on: those being given included, those being revoked not. */
  readonly grants: readonly OwnGrant[];
  /** Since the block may be later than we think; grows with every retry. */
  readonly marginMs?: number;
  /** From which root it derives, where that is on its way; missing: the newest. */
  readonly rootId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Builds the next KeySet from the newest state and uploads its two blobs: keys that begin now, and at each
 * beginning and end of a grant, and an envelope for everybody who is to read.
 *
 * What each grant gets, and why:
 * - *The future*: the keys of the scheduled epochs in which it lives. An epoch ends where a grant ends, so a
 *   grant that ends needs nothing taken back: it was never given the next epoch's keys, though the patient's
 *   phone may be off at that moment.
 * - *The past*, but only if the grant or the grantee's KEM key is new to the wallet: he keeps what an earlier
 *   set gave him. Whole epochs by their keys; of an epoch that began before `fromMs`, only the secrets of
 *   items anchored since, for its key would open older ones too.
 * - *Single records*: a grant that names records gets one secret an item and never an epoch's key, which
 *   would open every record of the class.
 * - When the pasts of all do not fit into one set, some wait for the next KeySet: readers who all change their keys at
 *   once must not keep the patient from taking a grant back.
 * - A grant that has ended gets nothing, and revoking is just this: the next KeySet leaves it out.
 * Everybody else gets the public half: to the write keys of an epoch anybody seals, who may not read.
 *
 * Order: salt and schedule; write keys and their blob, whose id binds the envelopes to this set; envelopes;
 * upload; the act is sent by the caller, after `own` was written down. The salt is fresh each time, also for
 * a retry: else the uploaded envelopes of a KeySet that was never taken would open the epoch of the same
 * number. Throws GRANT_TOO_LARGE, ACCOUNT_UNKNOWN, KEY_NOT_HERE, KEY_WEAK.
 * Source: docs/protocol/keys.md, rules K-2 to K-12.
 */
export async function buildKeySet(ctx: Context, options: KeySetOptions): Promise<BuiltKeySet> {
  const { grants, signal } = options;
  const keys = await ownerKeys(ctx, signal);
  const { rootId, secret } =
    options.rootId === undefined
      ? ctx.newestRoot()
      : { rootId: options.rootId, secret: ctx.rootSecret(options.rootId) };
  const salt = randomBytes(16);
  const after = keys.account.highestEpoch;
  const account = ctx.account.account;
  const plan = planSchedule({
    nowMs: ctx.nowMs(),
    after,
    grants,
    marginMs: options.marginMs ?? 0,
  });
  const sekOf = remembered((recordClass, epoch) =>
    segmentKey(secret, { account, class: recordClass, epoch, salt }),
  );

  const keySetBytes = encodeKeySetBlob(await writeKeysOf(plan, sekOf));
  const keySetBlob = blobIdOf(keySetBytes);
  const envelopes = await envelopesOf(ctx, keys, { grants, plan, sekOf, signal });
  const envelopeBytes = await sealEnvelopeSet(keySetBlob, envelopes, throwAwayKey);
  const envelopeSetBlob = blobIdOf(envelopeBytes);
  await uploadBlobs(
    ctx.gateway,
    [
      { id: keySetBlob, bytes: keySetBytes },
      { id: envelopeSetBlob, bytes: envelopeBytes },
    ],
    { signal },
  );
  const schedule = plan.map(({ epoch, validFromMs }) => ({ epoch, validFromMs }));
  return {
    act: { kind: 'KeySet', after, salt, schedule, keySetBlob, envelopeSetBlob },
    own: { account, after, salt, rootId },
    kemHashes: new Map(
      envelopes.map((it) => [it.consent, it.pastWaits ? notEnveloped : sha256(it.kemKey)]),
    ),
    isPartial: envelopes.some((it) => it.pastWaits),
  };
}

/** In place of a KEM key's hash: the next KeySet brings the past. */
export const notEnveloped = new Uint8Array(32);
/** Half of a set; what is to come of a thousand grants has room in the other. */
const maxPastBytes = maxEnvelopeSetBytes / 2;

const nothing: EnvelopeContent = { segments: [], openings: [] };

type SegmentKeyOf = (recordClass: string, epoch: number) => Uint8Array;

/** One for each grant that lives, to the KEM key that the ledger has for its grantee now. */
async function envelopesOf(
  ctx: Context,
  keys: OwnerKeys,
  parts: {
    readonly grants: readonly OwnGrant[];
    readonly plan: readonly PlannedEpoch[];
    readonly sekOf: SegmentKeyOf;
    readonly signal: AbortSignal | undefined;
  },
): Promise<readonly (Envelope & { readonly pastWaits: boolean })[]> {
  const { plan, sekOf, signal } = parts;
  // Who is granted something now is given its past before those who had it once.
  const living = parts.grants
    .filter((it) => it.notAfterMs > ctx.nowMs())
    .sort((a, b) => Number(a.confirmed) - Number(b.confirmed));
  const identities = await ctx.ledger.identities(
    living.map((it) => it.grantee),
    signal,
  );
  const envelopes: (Envelope & { readonly pastWaits: boolean })[] = [];
  let pastBytes = 0;
  for (const grant of living) {
    const { consent, grantee, tagKey } = grant;
    const kemKey = identities.get(grantee)?.kemKey;
    if (kemKey === undefined) throw new CodedError('ACCOUNT_UNKNOWN', { account: grantee });
    const future = futureOf(grant, plan, sekOf);
    const past = await pastOf(ctx, keys, grant, isNewTo(grant, kemKey), signal);
    const bytes = mostBytesOf(past);
    const pastWaits = pastBytes > 0 && pastBytes + bytes > maxPastBytes;
    if (!pastWaits) pastBytes += bytes;
    const { segments, openings } = pastWaits ? nothing : past;
    const keysNow = [...segments, ...future];
    envelopes.push({ consent, tagKey, kemKey, segments: keysNow, openings, pastWaits });
  }
  return envelopes;
}

/** A thousand readers are given the same few keys. */
function remembered(keyOf: SegmentKeyOf): SegmentKeyOf {
  const kept = new Map<string, Uint8Array>();
  return (recordClass, epoch) => {
    const name = `${recordClass} ${epoch}`;
    const key = kept.get(name) ?? keyOf(recordClass, epoch);
    kept.set(name, key);
    return key;
  };
}

async function throwAwayKey(): Promise<Uint8Array> {
  return (await xwingKeyFromSeed(randomBytes(32))).publicKey;
}

/** The grant, or the grantee's KEM key, is new: then the past is enveloped too. */
function isNewTo(grant: OwnGrant, kemKey: Uint8Array): boolean {
  return !grant.confirmed || !equalBytes(grant.granteeKemHash, sha256(kemKey));
}

async function writeKeysOf(
  plan: readonly PlannedEpoch[],
  sekOf: SegmentKeyOf,
): Promise<readonly EpochWriteKeys[]> {
  const epochs: EpochWriteKeys[] = [];
  for (const { epoch } of plan) {
    const writeKeys = new Map<string, Uint8Array>();
    for (const recordClass of recordClasses) {
      const pair = await xwingKeyFromSeed(segmentWriteSeed(sekOf(recordClass, epoch)));
      writeKeys.set(recordClass, pair.publicKey);
    }
    epochs.push({ epoch, writeKeys });
  }
  return epochs;
}

/** Keys of the scheduled epochs in which the grant lives; single records bring none. */
function futureOf(
  grant: OwnGrant,
  plan: readonly PlannedEpoch[],
  sekOf: SegmentKeyOf,
): Envelope['segments'] {
  const body = decodeGrantBody(grant.body);
  if (body.recordIds.length > 0) return [];
  return plan
    .filter((epoch) => epoch.consents.includes(grant.consent))
    .flatMap(({ epoch }) =>
      body.readClasses.map((recordClass) => ({
        class: recordClass,
        epoch,
        secret: sekOf(recordClass, epoch),
      })),
    );
}
