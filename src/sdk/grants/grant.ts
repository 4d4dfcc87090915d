import type { RecordClass } from '../../api/classes.ts';
import { encodeGrantBody, grantBodyHash } from '../../api/grant-body.ts';
import type { Purpose } from '../../api/purposes.ts';
import { sha256 } from '../../crypto/hash.ts';
import { randomBytes } from '../../crypto/random.ts';
import { signingKeyFromSeed } from '../../crypto/signature.ts';
import type { ConsentGrant } from '../../ledger/acts/consent-grant.ts';
import type { Act } from '../../ledger/protocol.ts';
import type { Role } from '../../ledger/roles.ts';
import type { Account } from '../../ledger/tables/accounts.ts';
import type { Consent } from '../../ledger/tables/consents.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import {
  type AccountId,
  type ConsentId,
  consentIdOf,
  type RecordId,
} from '../../primitives/ids.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { sealMessage } from '../client/messages.ts';
import { type ConfirmedTx, sendActs, type TxPlan } from '../client/send-tx.ts';
import { buildKeySet } from '../keys/build-key-set.ts';
import type { OutgoingMessage, OwnGrant, WalletContent } from '../wallet/content.ts';
import { firstGenerations, type Generations } from '../wallet/generations.ts';
import { unlistedOwesKeys, unlistedToEnd } from '../wallet/unlisted-ends.ts';
import { isAsGranted } from './as-granted.ts';
import { type Letter, signLetter } from './letter.ts';
import { rootInUse, writeSeedOf } from './write-seed.ts';

/** What a grant allows, until when. */
export interface GrantTerms {
  readonly grantee: AccountId;
  /** For this wallet alone. */
  readonly granteeName: string;
  readonly readClasses: readonly RecordClass[];
  /** None: all of the classes. */
  readonly recordIds?: readonly RecordId[];
  /** Anchored since; 0: all history. */
  readonly fromMs?: number;
  readonly writeClasses?: readonly RecordClass[];
  readonly purposes: readonly Purpose[];
  /** Undefined: from now. */
  readonly notBeforeMs?: number | undefined;
  readonly notAfterMs: number;
}

/** A grant that stands on the ledger. */
export interface GivenGrant {
  readonly consent: ConsentId;
  readonly grant: OwnGrant;
  readonly confirmed: ConfirmedTx;
}

/** Roles that may be let write a diagnosis: the wallet's check, because the rule cannot see the grantee. */
const diagnosing: readonly Role[] = ['clinician'];

/**
 * Lets somebody read, or write, until a time: one transaction [ConsentGrant, KeySet]; his letter goes to
 * his inbox once it is confirmed.
 *
 * Throws ACCOUNT_UNKNOWN, GRANTEE_ROLE, CONSENT_TIMES, GRANT_TOO_LARGE, and what the ledger refuses.
 * Source: docs/protocol/grants.md, rules G-1 to G-4.
 */
export async function grantAccess(
  ctx: Context,
  terms: GrantTerms,
  { signal }: WorkOptions = {},
): Promise<GivenGrant> {
  const { kemKey } = await ctx.ledger.identity(terms.grantee, signal);
  const grant = await newGrant(ctx, terms, kemKey, signal);
  const letter = await sealedLetter(ctx, grant, kemKey, signal);
  const confirmed = await sendWithKeys(ctx, {
    kind: 'grant',
    acts: [await actOf(grant)],
    grantsOf: (content) => [...liveGrants(ctx, content), grant],
    writeDown: (content) => ({
      ...content,
      grants: [...content.grants.filter((it) => it.consent !== grant.consent), grant],
    }),
    consents: [grant.consent],
    outgoing: [letter],
    signal,
  });
  return { consent: grant.consent, grant, confirmed };
}

/** The act by which the ledger learns of a grant: salted hash, times, and the write key's public half. */
export async function actOf(grant: OwnGrant): Promise<ConsentGrant> {
  const { consent, salt, body, notBeforeMs, notAfterMs, writeSeed } = grant;
  const writeKey =
    writeSeed.length === 0 ? new Uint8Array(0) : (await signingKeyFromSeed(writeSeed)).publicKey;
  const bodyHash = grantBodyHash(salt, body);
  return { kind: 'ConsentGrant', consent, bodyHash, notBeforeMs, notAfterMs, writeKey };
}

/** `kemKey`: the grantee's, as the ledger has it. Throws ACCOUNT_UNKNOWN, GRANTEE_ROLE, CONSENT_TIMES. */
export async function newGrant(
  ctx: Context,
  terms: GrantTerms,
  kemKey: Uint8Array,
  signal?: AbortSignal,
): Promise<OwnGrant> {
  const row = await ctx.ledger.knownAccount(terms.grantee, signal);
  const writeClasses = terms.writeClasses ?? [];
  if (writeClasses.includes('diagnosis') && !diagnosing.includes(row.role)) {
    throw new CodedError('GRANTEE_ROLE', { account: terms.grantee, role: row.role });
  }
  if (row.role === 'organisation') {
    throw new CodedError('GRANTEE_ROLE', { account: terms.grantee, role: row.role });
  }
  const account = ctx.account.account;
  const body = encodeGrantBody({
    account,
    grantee: terms.grantee,
    readClasses: terms.readClasses,
    recordIds: terms.recordIds ?? [],
    fromMs: terms.fromMs ?? 0,
    writeClasses,
    purposes: terms.purposes,
  });
  // By the newest block that was just verified, not by this device: a grant must not wait for a clock that is ahead.
  const notBeforeMs = terms.notBeforeMs ?? Math.max(0, ctx.ledger.tip.timeMs - 60_000);
  if (terms.notAfterMs <= notBeforeMs) throw new CodedError('CONSENT_TIMES');
  const consent = consentIdOf(randomBytes(16));
  const writing =
    writeClasses.length === 0
      ? { writeSeed: new Uint8Array(0), ...firstGenerations }
      : await firstWriting(ctx, consent, row, signal);
  return {
    account,
    consent,
    grantee: terms.grantee,
    granteeName: terms.granteeName,
    granteeOrganisation: row.organisation,
    granteeKemHash: sha256(kemKey),
    body,
    salt: randomBytes(32),
    tagKey: randomBytes(32),
    ...writing,
    notBeforeMs,
    notAfterMs: terms.notAfterMs,
    confirmed: false,
    ended: false,
    takenBackMs: 0,
    owesKeys: 0,
  };
}

/** What a grant that may write begins with. Throws WALLET_INVALID. */
async function firstWriting(
  ctx: Context,
  consent: ConsentId,
  grantee: Account,
  signal?: AbortSignal,
): Promise<Pick<OwnGrant, 'writeSeed' | keyof Generations>> {
  const owner = await ctx.ledger.currentAccount(ctx.account.account, signal);
  const root = (await rootInUse(ctx, owner)) ?? ctx.newestRoot().secret;
  const now: Generations = {
    ownerGeneration: owner.keyGeneration,
    granteeGeneration: grantee.keyGeneration,
  };
  return { writeSeed: writeSeedOf(root, consent, now), ...now };
}

/** The letter, sealed to the grantee's key as the ledger has it. */
export async function sealedLetter(
  ctx: Context,
  grant: OwnGrant,
  kemKey: Uint8Array,
  signal?: AbortSignal,
): Promise<OutgoingMessage> {
  const { sign } = await ctx.keys(signal);
  const letter: Letter = { ...grant, ownerCard: ctx.account.card };
  const sealed = await sealMessage(kemKey, grant.grantee, await signLetter(sign, letter));
  return { to: grant.grantee, sealed };
}

/** Grants of this account that live or will live, but for those that are being taken back. */
export function liveGrants(ctx: Context, content: WalletContent): readonly OwnGrant[] {
  const { account } = ctx.account;
  const taken = new Set(unlistedToEnd(content, account));
  return content.grants.filter(
    (it) =>
      it.account === account &&
      it.confirmed &&
      !it.ended &&
      it.takenBackMs === 0 &&
      !taken.has(it.consent) &&
      it.notAfterMs > ctx.nowMs(),
  );
}

/** Somebody was taken back without new keys: nothing is written under the keys that he holds. */
export function owesKeys(content: WalletContent, account: AccountId): boolean {
  return (
    content.grants.some((it) => it.account === account && it.owesKeys === 1) ||
    unlistedOwesKeys(content, account)
  );
}

/** Acts that go together with new keys. */
export interface KeysPlan extends Omit<TxPlan, 'acts' | 'enveloped'> {
  /** Acts that stand before the KeySet. */
  readonly acts: readonly Act[];
  /** Who is to hold the keys from now on. */
  readonly grantsOf: (content: WalletContent) => readonly OwnGrant[];
  /** From which root the keys derive, where that is on its way. */
  readonly rootId?: string;
}

const tries = 5;
const marginStepMs = 2_000;

/**
 * Sends acts together with a KeySet for those who are to read from now on. When another device was faster,
 * or a boundary passed meanwhile, the KeySet is built anew, with a fresh salt.
 */
export async function sendWithKeys(ctx: Context, plan: KeysPlan): Promise<ConfirmedTx> {
  for (let attempt = 0; ; attempt++) {
    const rows = await learnGrants(ctx, plan);
    const given = new Set(
      plan.acts.flatMap((it) => (it.kind === 'ConsentGrant' ? it.consent : [])),
    );
    const isGiven = (it: OwnGrant) =>
      given.has(it.consent) || isAsGranted(it, rows.get(it.consent));
    const built = await buildKeySet(ctx, {
      grants: plan.grantsOf(ctx.vault.content).filter(isGiven),
      marginMs: attempt * marginStepMs,
      rootId: plan.rootId,
      signal: plan.signal,
    });
    try {
      const confirmed = await sendActs(ctx, {
        ...plan,
        acts: [...plan.acts, built.act],
        enveloped: [...built.kemHashes].map(([consent, kemHash]) => ({ consent, kemHash })),
        writeDown: (content) => {
          const edited = plan.writeDown?.(content) ?? content;
          return { ...edited, keySets: [...edited.keySets, built.own] };
        },
      });
      if (built.isPartial) await bringTheRest(ctx, plan);
      return confirmed;
    } catch (error) {
      const isLate = isCoded(error, 'KEYSET_STALE') || isCoded(error, 'KEYSET_SCHEDULE');
      if (!isLate || attempt + 1 >= tries) throw error;
    }
  }
}

/** Whose past had no room gets it by the next KeySet, at once; what was asked for is done already. */
async function bringTheRest(ctx: Context, { signal }: KeysPlan): Promise<void> {
  try {
    await renewKeys(ctx, { signal });
  } catch (error) {
    if (!isCoded(error) || isCoded(error, 'INTERRUPTED')) throw error;
  }
}

/**
 * What this person's other devices did: their grants come with the copy, and the ledger says which of them
 * stand. A KeySet that left one out would shut a reader out whom nobody revoked: it is not built where the copy
 * cannot be had.
 */
async function learnGrants(
  ctx: Context,
  { signal }: KeysPlan,
): Promise<ReadonlyMap<ConsentId, Consent | undefined>> {
  await ctx.writeDown((content) => content, signal);
  const { account } = ctx.account;
  const open = ctx.vault.content.grants.filter(
    (it) => it.account === account && !it.ended && it.notAfterMs > ctx.nowMs(),
  );
  const standing = new Map<ConsentId, 'live' | 'revoked'>();
  const rows = await ctx.ledger.consents(
    open.map((it) => it.consent),
    signal,
  );
  for (const [consent, row] of rows) {
    if (row !== undefined) standing.set(consent, row.revokedHeight === 0 ? 'live' : 'revoked');
  }
  const isNews = open.some(
    (it) => standing.get(it.consent) === 'revoked' || (standing.has(it.consent) && !it.confirmed),
  );
  if (!isNews) return rows;
  await ctx.vault.change((content) => ({
    ...content,
    grants: content.grants.map((it) => {
      const found = standing.get(it.consent);
      if (found === undefined) return it;
      return { ...it, confirmed: true, ended: it.ended || found === 'revoked' };
    }),
  }));
  return rows;
}

/** New keys for everybody who reads now: after a rotation, or when the running epoch is old. */
export function renewKeys(ctx: Context, { signal }: WorkOptions = {}): Promise<ConfirmedTx> {
  return sendWithKeys(ctx, {
    kind: 'keys',
    acts: [],
    grantsOf: (content) => liveGrants(ctx, content),
    signal,
  });
}
