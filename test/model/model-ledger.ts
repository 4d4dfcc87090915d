import { createHash } from 'node:crypto';
import type { DataAnchor } from '../../src/ledger/acts/data-anchor.ts';
import type { DiagnosisAnchor } from '../../src/ledger/acts/diagnosis-anchor.ts';
import type { LogProfile } from '../../src/ledger/acts/log-profile.ts';
import type { Identity } from '../../src/ledger/identity.ts';
import type { Act } from '../../src/ledger/protocol.ts';
import type { Role } from '../../src/ledger/roles.ts';
import type { LogName } from '../../src/ledger/shapes.ts';
import type { Tx } from '../../src/ledger/tx.ts';
import { type ModelMembers, type ModelSpine, Refused } from './wing.ts';
import { wings } from './wings.ts';

/**
 * The ledger once more, slow and obvious: maps, loops and the sentences of docs/protocol, no tree, no
 * overlay, no shared rule. Where it and src/ledger differ, one of them is wrong.
 */
export interface ModelAccount {
  role: Role;
  organisation: string;
  frozen: boolean;
  /** All of them, with the block times at which they came and went. */
  identities: {
    identity: Identity;
    from: number;
    until: number;
    fromMs: number;
    untilMs: number;
    byCode: boolean;
  }[];
  /** The printed code's hash in use, and the one that waits. */
  recovery: string;
  pending: { recovery: string; beganMs: number } | undefined;
  counter: number;
  /** Heights between which grants were ended by a rotation. */
  endedGrants: (readonly [from: number, until: number])[];
  usedNonces: Set<number>;
  schedule: { epoch: number; validFromMs: number }[];
  highest: number;
}

export interface ModelConsent {
  account: string;
  notBeforeMs: number;
  notAfterMs: number;
  writeKey: string;
  grantedHeight: number;
  revokedHeight: number;
  /** How many keys the account had had when the write key was set. */
  writeKeyGeneration: number;
  looks: number;
  chain: string;
  usedNonces: Set<number>;
}

export interface ModelState {
  accounts: Map<string, ModelAccount>;
  consents: Map<string, ModelConsent>;
  anchors: Map<string, { consent: string; epoch: number; count: number; log: LogName }>;
  batches: Map<string, { kind: string; count: number }>;
  accepted: Record<LogName, number>;
  /** What the wings wrote, by `table/id`. */
  ofWings: Map<string, string>;
  /** Account by hash of a printed code: the first that named it. */
  recoveries: Map<string, string>;
  consortium: ModelMembers;
  /** What LogProfile acts said, one after the other. */
  profiles: { log: LogName; acts: readonly number[]; version: number; from: number }[];
}

/** Whose key signed. */
type Who = 'key in use' | 'code' | 'former key' | 'write key';

interface Known {
  readonly rights: ReadonlyMap<string, readonly string[]>;
  readonly chainId: string;
  readonly logs: Readonly<Record<LogName, readonly number[]>>;
  /** Missing: one, whose it is nobody knows. */
  readonly validators?: ModelMembers['validators'];
}

export interface ModelTx {
  readonly tx: Tx;
  readonly isSigned: boolean;
  readonly identityHolds: boolean;
}

const actsOfWings = wings.flatMap(({ acts }) => acts);

const numbers: Readonly<Record<string, number>> = {
  ...Object.fromEntries(actsOfWings.map(({ kind, number }) => [kind, number])),
  ...{ Enrol: 1, RotateKey: 2, RevokeKey: 3, KeySet: 4, RecoveryChange: 5, RecoveryStop: 6 },
  ...{ ConsentGrant: 10, ConsentRevoke: 11, WriteKey: 12 },
  ...{ DataAnchor: 20, DiagnosisAnchor: 21, AccessLog: 30, BatchAnchor: 31, LogProfile: 72 },
};

const day = 24 * 60 * 60 * 1_000;
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const hash = (...parts: readonly Uint8Array[]): Buffer => {
  const whole = createHash('sha256');
  for (const part of parts) whole.update(part);
  return whole.digest();
};
const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

export class ModelLedger {
  state: ModelState = {
    accounts: new Map(),
    consents: new Map(),
    anchors: new Map(),
    batches: new Map(),
    accepted: { user: 0, doc: 0 },
    profiles: [],
    ofWings: new Map(),
    recoveries: new Map(),
    consortium: { members: [], named: new Map(), validators: [], punished: [], isAlone: true },
  };
  readonly #known: Known;
  /** Of the last block that was run. */
  height = 0;

  constructor(
    known: Known,
    organisations: readonly (readonly [id: string, identity: Identity, name: string])[],
  ) {
    this.#known = known;
    const { validators = [] } = known;
    this.state.consortium = {
      ...this.state.consortium,
      validators: [...validators],
      isAlone: validators.length < 2,
    };
    for (const [id, identity, name] of organisations) {
      this.state.accounts.set(id, newAccount('organisation', id, identity, 0));
      const rights = [{ from: 0, rights: known.rights.get(id) ?? [] }];
      this.state.consortium.members.push({ id, from: 0, until: 0 });
      this.state.consortium.named.set(id, { name, url: `https://${name}.example`, rights });
    }
  }

  isMember(id: string, height: number): boolean {
    return this.state.consortium.members.some(
      (it) => it.id === id && it.from <= height && (it.until === 0 || height < it.until),
    );
  }

  rightsOf(id: string, height: number): readonly string[] {
    const steps = this.state.consortium.named.get(id)?.rights ?? [];
    return steps.filter(({ from }) => from <= height).at(-1)?.rights ?? [];
  }

  get #spine(): ModelSpine {
    const { accounts, consortium, profiles } = this.state;
    return {
      consortium,
      profiles,
      account: (id) => accounts.get(id),
      keyOf: (id) =>
        hex(accounts.get(id)?.identities.at(-1)?.identity.signKey ?? new Uint8Array(0)),
      generationOf: (id) => (accounts.get(id)?.identities.length ?? 1) - 1,
      knowsKey: (id, signKey) =>
        (accounts.get(id)?.identities ?? [])
          .slice(-41)
          .some(({ identity }) => hex(identity.signKey) === hex(signKey)),
      begin: (id, identity, height) =>
        accounts.set(id, newAccount('organisation', id, identity, height)),
      rekey: (id, identity, { height, timeMs }) => {
        const account = this.#account(id);
        account.pending = undefined;
        this.#changeKeys(account, identity, { height, timeMs, byCode: true });
        this.#nameCode(account.recovery, id, height);
      },
      takes: (log, height) => this.takes(log, height),
    };
  }

  /**
   * The code, and the answer of every act or the index of the one that refused. `final`: who asks holds a refusal for the
   * end, so nothing is kept to undo the acts before it.
   */
  run(
    { tx, isSigned, identityHolds }: ModelTx,
    height: number,
    timeMs: number,
    refusal: 'undone' | 'final' = 'undone',
  ) {
    this.height = height;
    try {
      if (tx.body.chainId !== this.#known.chainId) throw new Refused('CHAIN_WRONG');
      if (tx.body.validUntilMs < timeMs) throw new Refused('EXPIRED');
      if (tx.body.validUntilMs > timeMs + day) throw new Refused('TOO_FAR');
      const by = this.#speaker(tx, timeMs);
      const { nonce } = tx.body;
      if (by.numbers !== undefined) {
        const top = Math.max(0, ...by.numbers);
        if (nonce > top + 1_024) throw new Refused('NONCE_FAR');
        if (nonce < top - 256) throw new Refused('NONCE_OLD');
        if (nonce === 0 || by.numbers.has(nonce)) throw new Refused('NONCE_USED');
      }
      if (!isSigned) throw new Refused('SIGNATURE_WRONG');
      by.numbers?.add(nonce);
      if (by.who === 'code') this.#account(tx.body.sender).counter = nonce;
      const before = refusal === 'undone' ? structuredClone(this.state) : this.state;
      return this.#acts(tx, by.who, identityHolds, height, timeMs, before);
    } catch (error) {
      if (error instanceof Refused) return { code: error.code, data: [] };
      throw error;
    }
  }

  #acts(tx: Tx, who: Who, holds: boolean, height: number, timeMs: number, before: ModelState) {
    const byWriteKey = who === 'write key';
    const answers: Uint8Array[] = [];
    for (const [index, act] of tx.body.acts.entries()) {
      try {
        const { log } = tx.body;
        const isUnlisted = act.kind === 'LogProfile' && log === 'user';
        const number = numbers[act.kind] ?? 0;
        if (!isUnlisted && !this.takes(log, height).includes(number))
          throw new Refused('LOG_WRONG');
        this.#mayAct(tx.body.sender, act.kind, byWriteKey);
        answers.push(this.#act(tx, act, who, holds, height, timeMs));
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        this.state = before;
        return { code: error.code, data: [index] };
      }
    }
    this.state.accepted[tx.body.log]++;
    return { code: 'accepted', data: answers };
  }

  /** Who speaks by the key that signed, and whose numbers are used up. */
  #speaker(tx: Tx, timeMs: number): { who: Who; numbers?: Set<number> } {
    const account = this.state.accounts.get(tx.body.sender);
    if (account === undefined) throw new Refused('SENDER_UNKNOWN');
    const { acts, nonce } = tx.body;
    if (tx.signatures.length !== 1) throw new Refused('KEY_NOT_CURRENT');
    const key = hex(tx.signatures[0]?.publicKey ?? new Uint8Array(0));
    const only = acts.length === 1 ? acts[0] : undefined;
    if (only?.kind === 'RotateKey' && hex(only.recoveryKey) === key) {
      if (nonce <= account.counter || nonce > account.counter + 64) {
        throw new Refused('RECOVERY_COUNTER');
      }
      if (codeHash(only.recoveryKey, only.codeKemHash) !== this.codeOf(account, timeMs)) {
        throw new Refused('KEY_NOT_CURRENT');
      }
      return { who: 'code' };
    }
    if (key === hex(newest(account).signKey)) {
      return { who: 'key in use', numbers: account.usedNonces };
    }
    const { pending } = account;
    if (only?.kind === 'RecoveryStop' && pending !== undefined) {
      const isWaiting = timeMs - pending.beganMs < 7 * day;
      const isOldCode =
        only.codeKemHash.length > 0 &&
        codeHash(Buffer.from(key, 'hex'), only.codeKemHash) === this.codeOf(account, timeMs);
      const wasInUse = account.identities.some(
        (it) =>
          only.codeKemHash.length === 0 &&
          hex(it.identity.signKey) === key &&
          it.until > 0 &&
          it.fromMs <= pending.beganMs &&
          it.untilMs >= pending.beganMs - 30 * day,
      );
      if (isWaiting && (isOldCode || wasInUse)) return { who: 'former key' };
    }
    const named = new Set(acts.map((a) => ('epoch' in a ? a.consent : '')));
    const [consentId = ''] = named;
    if (named.size !== 1 || consentId === '') throw new Refused('KEY_NOT_CURRENT');
    const consent = this.state.consents.get(consentId);
    if (consent?.account !== tx.body.sender) throw new Refused('CONSENT_UNKNOWN');
    if (consent.writeKey === '') throw new Refused('CONSENT_CANNOT_WRITE');
    if (consent.writeKey !== key) throw new Refused('KEY_NOT_CURRENT');
    if (consent.writeKeyGeneration !== account.identities.length - 1) {
      throw new Refused('KEY_NOT_CURRENT');
    }
    return { who: 'write key', numbers: consent.usedNonces };
  }

  /** The printed code in use: a change that has waited seven days counts. */
  codeOf({ recovery, pending }: ModelAccount, timeMs: number): string {
    const isThrough = pending !== undefined && timeMs - pending.beganMs >= 7 * day;
    return isThrough ? pending.recovery : recovery;
  }

  #mayAct(sender: string, kind: Act['kind'], byWriteKey: boolean): void {
    const account = this.#account(sender);
    const patientActs = [
      'KeySet',
      'ConsentGrant',
      'ConsentRevoke',
      'DataAnchor',
      'DiagnosisAnchor',
      'WriteKey',
    ];
    const everybodysActs = ['RotateKey', 'RevokeKey', 'RecoveryChange', 'RecoveryStop'];
    const organisationActs = ['Enrol', 'AccessLog', 'BatchAnchor', 'LogProfile'];
    if (!everybodysActs.includes(kind)) {
      const ofWing = actsOfWings.find((act) => act.kind === kind)?.senders ?? [];
      const isPatient = account.role === 'patient' && patientActs.includes(kind);
      const isOrganisation = account.role === 'organisation' && organisationActs.includes(kind);
      if (!isPatient && !isOrganisation && !ofWing.includes(account.role)) {
        throw new Refused('ROLE_WRONG');
      }
    }
    const whileFrozen = ['ConsentRevoke', 'RotateKey', 'RecoveryStop'];
    if (account.frozen && !byWriteKey && !whileFrozen.includes(kind)) {
      throw new Refused('ACCOUNT_FROZEN');
    }
  }

  #act(tx: Tx, act: Act, who: Who, holds: boolean, height: number, timeMs: number): Uint8Array {
    const { sender } = tx.body;
    const none = new Uint8Array(0);
    const byWriteKey = who === 'write key';
    const { consents, accounts } = this.state;
    switch (act.kind) {
      case 'Enrol': {
        this.#needsRight(sender, 'enrol');
        if (act.role === 'organisation') throw new Refused('ROLE_WRONG');
        if (isZero(act.identity.signKey)) throw new Refused('KEY_WEAK');
        if (!holds) throw new Refused('IDENTITY_WRONG');
        const id = modelAccountId(act.identity);
        if (accounts.has(id)) throw new Refused('ACCOUNT_EXISTS');
        accounts.set(id, newAccount(act.role, sender, act.identity, height));
        this.#nameCode(hex(act.identity.recovery), id, height);
        return none;
      }
      case 'RotateKey':
        this.#rotate(tx, act, who, holds, height, timeMs);
        return none;
      case 'RevokeKey': {
        const target = accounts.get(act.account);
        if (target === undefined) throw new Refused('ACCOUNT_UNKNOWN');
        const enrolled = target.organisation === sender && this.isMember(sender, height);
        const mayFreeze = act.account === sender || enrolled;
        if (!mayFreeze) throw new Refused('SENDER_WRONG');
        if (target.frozen) throw new Refused('ACCOUNT_FROZEN');
        target.frozen = true;
        this.#settleCode(target, timeMs);
        target.pending = undefined;
        return none;
      }
      case 'RecoveryChange': {
        const account = this.#account(sender);
        const code = hex(act.recovery);
        if (code === this.codeOf(account, timeMs)) throw new Refused('KEY_TAKEN');
        const { pending } = account;
        if (pending !== undefined && timeMs - pending.beganMs < 7 * day) {
          throw new Refused('RECOVERY_PENDING');
        }
        const keySince = account.identities.length === 1 ? -Infinity : newestHeld(account).fromMs;
        if (timeMs - keySince < 7 * day) throw new Refused('RECOVERY_NEEDED');
        this.#settleCode(account, timeMs);
        account.pending = { recovery: code, beganMs: timeMs };
        this.#nameCode(code, sender, height);
        return none;
      }
      case 'RecoveryStop': {
        const account = this.#account(sender);
        const { pending } = account;
        const isWaiting = pending !== undefined && timeMs - pending.beganMs < 7 * day;
        if (!isWaiting || pending.recovery !== hex(act.recovery)) {
          throw new Refused('RECOVERY_UNKNOWN');
        }
        account.pending = undefined;
        return none;
      }
      case 'KeySet': {
        const account = this.#account(sender);
        if (act.after !== account.highest) throw new Refused('KEYSET_STALE');
        const times = act.schedule.map((e, i) =>
          i === 0 && e.validFromMs === 0 ? timeMs : e.validFromMs,
        );
        const isFirstNow = act.schedule[0]?.validFromMs === 0;
        const fits = act.schedule.every(({ epoch }, i) => {
          const time = times[i] ?? 0;
          const later = i === 0 ? isFirstNow || time > timeMs : time > (times[i - 1] ?? 0);
          return epoch === act.after + i + 1 && later;
        });
        if (!fits || times.length < 1 || times.length > 16) throw new Refused('KEYSET_SCHEDULE');
        account.schedule = account.schedule.filter(({ validFromMs }) => validFromMs <= timeMs);
        times.forEach((validFromMs, i) => {
          account.schedule.push({ epoch: act.after + i + 1, validFromMs });
        });
        account.highest += times.length;
        return none;
      }
      case 'ConsentGrant': {
        if (consents.has(act.consent)) throw new Refused('CONSENT_ID_TAKEN');
        if (act.notAfterMs <= act.notBeforeMs) throw new Refused('CONSENT_TIMES');
        if (act.notAfterMs <= timeMs) throw new Refused('NOT_AFTER_PASSED');
        if (act.notAfterMs - timeMs > 3_653 * day) throw new Refused('NOT_AFTER_FAR');
        if (act.writeKey.length > 0 && isZero(act.writeKey)) throw new Refused('KEY_WEAK');
        const { notBeforeMs, notAfterMs } = act;
        const shared = { account: sender, notBeforeMs, notAfterMs, writeKey: hex(act.writeKey) };
        const writeKeyGeneration = this.#account(sender).identities.length - 1;
        const fresh = {
          grantedHeight: height,
          writeKeyGeneration,
          revokedHeight: 0,
          looks: 0,
          chain: '00'.repeat(32),
        };
        consents.set(act.consent, { ...shared, ...fresh, usedNonces: new Set() });
        return none;
      }
      case 'ConsentRevoke': {
        const consent = consents.get(act.consent);
        if (consent?.account !== sender) throw new Refused('CONSENT_UNKNOWN');
        if (this.#isTakenBack(consent)) throw new Refused('CONSENT_ENDED');
        consent.revokedHeight = height;
        return none;
      }
      case 'WriteKey': {
        const consent = consents.get(act.consent);
        if (consent?.account !== sender) throw new Refused('CONSENT_UNKNOWN');
        const hasEnded = this.#isTakenBack(consent) || timeMs >= consent.notAfterMs;
        if (hasEnded) throw new Refused('CONSENT_ENDED');
        if (consent.writeKey === '') throw new Refused('CONSENT_CANNOT_WRITE');
        if (isZero(act.writeKey)) throw new Refused('KEY_WEAK');
        if (hex(act.writeKey) === consent.writeKey) throw new Refused('KEY_TAKEN');
        consent.writeKey = hex(act.writeKey);
        consent.writeKeyGeneration = this.#account(sender).identities.length - 1;
        consent.usedNonces = new Set();
        return none;
      }
      case 'DataAnchor':
        if (byWriteKey !== (act.consent !== '')) throw new Refused('SENDER_WRONG');
        this.#anchor(tx, act, timeMs);
        return none;
      case 'DiagnosisAnchor':
        if (!byWriteKey) throw new Refused('SENDER_WRONG');
        this.#anchor(tx, act, timeMs);
        return none;
      case 'AccessLog': {
        this.#needsRight(sender, 'serve');
        if (act.entries.length === 0 || act.entries.length > 500) {
          throw new Refused('ACCESS_LOG_SIZE');
        }
        const bits = act.entries.map(({ consent: id, entryHash }) => {
          const consent = consents.get(id);
          if (consent === undefined || this.#whyNotLive(consent, timeMs) !== undefined) return 0;
          consent.looks++;
          const label = Buffer.from('salus/1/read/chain\0');
          consent.chain = hex(hash(label, Buffer.from(consent.chain, 'hex'), entryHash));
          return 1;
        });
        return Uint8Array.from(bits);
      }
      case 'BatchAnchor': {
        this.#needsRight(sender, 'batch');
        const isOrdered = act.firstMs <= act.lastMs && act.lastMs <= timeMs + 60_000;
        if (act.count === 0 || !isOrdered) throw new Refused('BATCH_TIMES');
        const id = sender + hex(act.root);
        if (this.state.batches.has(id)) throw new Refused('ANCHOR_TAKEN');
        this.state.batches.set(id, { kind: act.batch, count: act.count });
        return none;
      }
      case 'LogProfile':
        this.#profile(sender, act, holds, height);
        return none;
      default: {
        const { kind } = act as { readonly kind: string };
        const ofWing = actsOfWings.find((it) => it.kind === kind);
        if (ofWing === undefined) throw new Error(`no model of ${kind}`);
        const { chainId } = this.#known;
        const context = { sender, height, timeMs, holds, chainId, spine: this.#spine };
        ofWing.judge(this.state.ofWings, act, context);
        return none;
      }
    }
  }

  /** A-9, sentence by sentence. */
  #profile(sender: string, act: LogProfile, holds: boolean, height: number): void {
    const { profile: log, acts, version, fromHeight: from } = act;
    this.#needsRight(sender, 'enrol');
    if (from <= height || from > height + 100_000) throw new Refused('PROFILE_HEIGHT');
    const before = this.state.profiles.filter((it) => it.log === log);
    if (before.some((it) => it.from > height)) throw new Refused('PROFILE_PENDING');
    const must = [...this.takes(log, height), ...(log === 'user' ? [2, 3, 11] : [])];
    if (log === 'user' && acts.includes(5)) must.push(6);
    const rises = acts.every((act, i) => i === 0 || act > Number(acts[i - 1]));
    const isOlder = version < (before.at(-1)?.version ?? 1);
    if (!rises || isOlder || must.some((act) => !acts.includes(act))) {
      throw new Refused('PROFILE_SHRINKS');
    }
    if (!holds) throw new Refused('SIGNATURE_WRONG');
    const enrolling = [...this.state.consortium.named.keys()].filter(
      (id) => this.isMember(id, height) && this.rightsOf(id, height).includes('enrol'),
    );
    const expected = enrolling.map((id) => `${id} ${hex(newest(this.#account(id)).signKey)}`);
    const given = act.approvals.map((it) => `${it.organisation} ${hex(it.signKey)}`);
    if (expected.sort().join() !== given.sort().join()) throw new Refused('PROFILE_APPROVAL');
    this.state.profiles.push({ log, acts, version, from });
  }

  /** The numbers of the acts that a log takes at a height. */
  takes(log: LogName, height: number): readonly number[] {
    const said = this.state.profiles.filter((it) => it.log === log && it.from <= height).at(-1);
    return said?.acts ?? this.#known.logs[log];
  }

  #rotate(
    tx: Tx,
    act: Extract<Act, { kind: 'RotateKey' }>,
    who: Who,
    holds: boolean,
    height: number,
    timeMs: number,
  ) {
    const account = this.#account(tx.body.sender);
    const signKey = hex(act.identity.signKey);
    if (isZero(act.identity.signKey)) throw new Refused('KEY_WEAK');
    if (!holds) throw new Refused('IDENTITY_WRONG');
    // The row knows the newest 41 signing keys: 40 that ended and the one in use.
    if (account.identities.slice(-41).some((old) => hex(old.identity.signKey) === signKey)) {
      throw new Refused('KEY_TAKEN');
    }
    const code = this.codeOf(account, timeMs);
    const isLost = code === '00'.repeat(32);
    if (who === 'code') {
      if (act.endGrantsFrom > 0 && act.endGrantsFrom <= height) {
        account.endedGrants.push([act.endGrantsFrom, height]);
      }
      account.pending = undefined;
    } else {
      if (act.recoveryKey.length > 0 || act.codeKemHash.length > 0) {
        throw new Refused('KEY_NOT_CURRENT');
      }
      const isOther = !isLost && hex(act.identity.recovery) !== code;
      const lastByCode = account.identities.findLastIndex((it) => it.byCode);
      const since = account.identities.slice(Math.max(lastByCode, 0) + 1);
      const isSoon = since.length > 0 && timeMs - newestHeld(account).fromMs < day;
      const isOften = !isLost && since.length >= 32;
      if (account.frozen || isOther || act.endGrantsFrom > 0 || isSoon || isOften) {
        throw new Refused('RECOVERY_NEEDED');
      }
      this.#settleCode(account, timeMs);
    }
    this.#changeKeys(account, act.identity, { height, timeMs, byCode: who === 'code' });
    this.#nameCode(account.recovery, tx.body.sender, height);
  }

  #changeKeys(
    account: ModelAccount,
    identity: Identity,
    at: { readonly height: number; readonly timeMs: number; readonly byCode: boolean },
  ): void {
    const last = newestHeld(account);
    last.until = at.height;
    last.untilMs = at.timeMs;
    const since = { from: at.height, until: 0, fromMs: at.timeMs, untilMs: 0 };
    account.identities.push({ identity, ...since, byCode: at.byCode });
    account.recovery = hex(identity.recovery);
    account.usedNonces = new Set();
    account.frozen = false;
    account.schedule = [];
  }

  #anchor(tx: Tx, act: DataAnchor | DiagnosisAnchor, timeMs: number): void {
    const { sender, log } = tx.body;
    if (act.consent !== '') {
      const consent = this.state.consents.get(act.consent);
      if (consent === undefined) throw new Refused('CONSENT_UNKNOWN');
      const problem = this.#whyNotLive(consent, timeMs);
      if (problem !== undefined) throw new Refused(problem);
    }
    if (act.count === 0) throw new Refused('ANCHOR_EMPTY');
    const account = this.#account(sender);
    if (account.schedule.length === 0) throw new Refused('EPOCH_NONE');
    if (this.inForce(account, timeMs) !== act.epoch) throw new Refused('EPOCH_STALE');
    const id = sender + hex(act.root);
    if (this.state.anchors.has(id)) throw new Refused('ANCHOR_TAKEN');
    const { consent, epoch, count } = act;
    this.state.anchors.set(id, { consent, epoch, count, log });
  }

  /** The last scheduled epoch whose time has come; 0: none. */
  inForce(account: ModelAccount, timeMs: number): number | undefined {
    return account.schedule.filter(({ validFromMs }) => validFromMs <= timeMs).at(-1)?.epoch;
  }

  #whyNotLive(consent: ModelConsent, timeMs: number): string | undefined {
    if (this.#isTakenBack(consent) || timeMs >= consent.notAfterMs) return 'CONSENT_ENDED';
    return timeMs < consent.notBeforeMs ? 'CONSENT_NOT_LIVE' : undefined;
  }

  /** By its own act, or by a rotation that ended all that was granted since a height. */
  #isTakenBack({ account, grantedHeight, revokedHeight }: ModelConsent): boolean {
    const { endedGrants } = this.#account(account);
    return (
      revokedHeight > 0 ||
      endedGrants.some(([from, until]) => grantedHeight >= from && grantedHeight <= until)
    );
  }

  /** What has waited long enough is in use, whatever comes after it. */
  #settleCode(account: ModelAccount, timeMs: number): void {
    const code = this.codeOf(account, timeMs);
    if (code === account.recovery) return;
    account.recovery = code;
    account.pending = undefined;
  }

  /** On a ledger that takes RecoveryChange. */
  #nameCode(code: string, account: string, height: number): void {
    const isKept = this.takes('user', height).includes(5) && code !== '00'.repeat(32);
    if (isKept && !this.state.recoveries.has(code)) this.state.recoveries.set(code, account);
  }

  #needsRight(sender: string, right: string): void {
    if (!this.rightsOf(sender, this.height).includes(right)) throw new Refused('SENDER_WRONG');
  }

  #account(id: string): ModelAccount {
    const account = this.state.accounts.get(id);
    if (account === undefined) throw new Refused('SENDER_UNKNOWN');
    return account;
  }
}

function newAccount(role: Role, organisation: string, identity: Identity, from: number) {
  return {
    role,
    organisation,
    frozen: false,
    identities: [{ identity, from, until: 0, fromMs: 0, untilMs: 0, byCode: false }],
    recovery: hex(identity.recovery),
    pending: undefined,
    counter: 0,
    endedGrants: [],
    usedNonces: new Set<number>(),
    schedule: [],
    highest: 0,
  };
}

function newestHeld(account: ModelAccount) {
  const last = account.identities.at(-1);
  if (last === undefined) throw new Error('an account without keys');
  return last;
}

export function newest(account: ModelAccount): Identity {
  return newestHeld(account).identity;
}

/** SHA-256('salus/1/account/recovery-keys' ‖ 0x00 ‖ CBOR[key, hash]). */
export function codeHash(recoveryKey: Uint8Array, codeKemHash: Uint8Array): string {
  const part = (bytes: Uint8Array) =>
    Buffer.concat([bytes.length === 0 ? Buffer.of(0x40) : Buffer.of(0x58, bytes.length), bytes]);
  const cbor = Buffer.concat([Buffer.of(0x82), part(recoveryKey), part(codeKemHash)]);
  return hex(hash(Buffer.from('salus/1/account/recovery-keys\0'), cbor));
}

/** SHA-256('salus/1/account/id' ‖ 0x00 ‖ CBOR[2, key]). */
export function modelAccountId(identity: Identity): string {
  const cbor = Buffer.concat([Buffer.of(0x82, 2, 0x58, 32), identity.signKey]);
  return hex(hash(Buffer.from('salus/1/account/id\0'), cbor));
}
