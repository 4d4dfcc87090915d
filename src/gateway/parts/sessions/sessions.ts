import { bytesOfText, textOfBytes } from '../../../api/message-parts.ts';
import {
  encodeSessionProof,
  type SessionAnswer,
  type SessionRequest,
} from '../../../api/session.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { labels } from '../../../crypto/labels.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { verifyLabelled } from '../../../crypto/signature.ts';
import type { Role } from '../../../ledger/roles.ts';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';
import { ExpiringMap } from '../../expiring-map.ts';
import { definePart } from '../../part.ts';
import { Challenges } from './challenges.ts';
import { roleByCode } from './printed-code.ts';

export interface Session {
  readonly account: AccountId;
  readonly role: Role;
  /** Of an organisation that is no member: it speaks for its people, and is told of the ledger what everybody is. */
  readonly hasLeft?: boolean;
}

/** A session, or one opened with the printed code: that one serves for reading copies of the wallet alone. */
export interface WalletSession extends Session {
  readonly withCode: boolean;
}

/** Of all accounts together; each has 16, and four with the printed code. */
const maxSessions = 100_000;
const dayMs = 24 * 60 * 60_000;

/**
 * Who is signed in. A challenge serves one account once within a minute; a token is 32 random bytes, kept here
 * as its hash alone and in memory only: a restart signs everybody out. Source: docs/protocol/http.md, H-6.
 */
export class Sessions {
  readonly #challenges: Challenges;
  readonly #sessions: ExpiringMap<Held>;
  /** Those of the printed code, apart, so that whoever asks for a session never meets one. */
  readonly #byCode: ExpiringMap<Session>;
  /** What stands on sessions and ends with them, by the session's name. */
  readonly #standing = new Map<string, Set<() => void>>();
  readonly #base: GatewayBase;
  readonly #onCode: ((account: AccountId) => void)[] = [];

  constructor(base: GatewayBase) {
    this.#challenges = new Challenges(base.now, base.settings.challengeMs);
    this.#sessions = new ExpiringMap(base.now, {
      each: base.settings.sessionsPerAccount,
      all: maxSessions,
      ownerOf: ({ account }) => account,
      onGone: (name) => this.#end(name),
    });
    this.#byCode = new ExpiringMap(base.now, {
      each: base.settings.codeSessionsPerAccount,
      all: maxSessions,
      ownerOf: ({ account }) => account,
    });
    this.#base = base;
  }

  /** For any account id, known or not: the answer does not say who is enrolled. */
  challenge(account: AccountId): string {
    return textOfBytes(this.#challenges.make(account));
  }

  /**
   * By the key in use, or with the printed code where `codeKemHash` is given; each signs under a label of its own. Throws
   * UNAUTHENTICATED (challenge unknown, used, over or another's), SIGNATURE_WRONG, and as `accountActingWith`, `roleByCode`.
   */
  async open(request: SessionRequest): Promise<SessionAnswer> {
    const { chainId, organisation, now, settings } = this.#base;
    const { account, codeKemHash } = request;
    const challenge = bytesOfText(request.challenge, 32);
    if (!this.#challenges.isOpen(challenge, account)) throw new CodedError('UNAUTHENTICATED');
    const publicKey = bytesOfText(request.publicKey, 32);
    const signature = bytesOfText(request.signature, 64);
    const role = await this.#telling(account, async () => {
      const proof = encodeSessionProof({ chainId, organisation, account, challenge });
      const label = codeKemHash === undefined ? labels.sessionSign : labels.sessionRecover;
      const found = await this.#roleOf(request, publicKey);
      const holds = await verifyLabelled(publicKey, label, proof, signature);
      if (!holds) throw new CodedError('SIGNATURE_WRONG');
      return found;
    });
    const hasLeft = role === 'organisation' && !(await this.#base.view.isMember(account));
    // Another answer to the same challenge may have been verified meanwhile.
    if (!this.#challenges.isOpen(challenge, account)) throw new CodedError('UNAUTHENTICATED');
    this.#challenges.use(challenge);
    if (codeKemHash !== undefined) for (const told of this.#onCode) told(account);
    const token = textOfBytes(randomBytes(32));
    const expiresMs = now() + settings.sessionMs;
    const held = { account, role, expiresMs, ...(hasLeft && { hasLeft }) };
    const opened = codeKemHash === undefined ? this.#sessions : this.#byCode;
    opened.set(nameOf(token), held, expiresMs);
    return { token, expiresMs };
  }

  /** Called before somebody who came with an account's printed code gets a session; what it throws keeps him out. */
  onCode(told: (account: AccountId) => void): void {
    this.#onCode.push(told);
  }

  /** Who comes with a key or a code that is not the account's is told of to its owner, once a day: anybody can try. */
  async #telling(account: AccountId, judge: () => Promise<Role>): Promise<Role> {
    try {
      return await judge();
    } catch (error) {
      if (isCoded(error, 'SIGNATURE_WRONG') || isCoded(error, 'KEY_NOT_CURRENT')) {
        const { causes, now } = this.#base;
        const subject = `day ${Math.floor(now() / dayMs)}`;
        causes.tell({ kind: 'sign-in-refused', account, subject });
      }
      throw error;
    }
  }

  async #roleOf({ account, codeKemHash }: SessionRequest, publicKey: Uint8Array): Promise<Role> {
    if (codeKemHash === undefined) {
      return (await this.#base.view.accountActingWith(account, publicKey)).role;
    }
    const code = { publicKey, codeKemHash: bytesOfText(codeKemHash, 32) };
    return roleByCode(this.#base, account, code);
  }

  /** Of `authorization: Bearer TOKEN`; never one of the printed code. */
  find(authorization: string | undefined): Session | undefined {
    const name = nameIn(authorization);
    return name === undefined ? undefined : this.#sessions.get(name);
  }

  /** The same, also one of the printed code: for copies of wallets alone. */
  findForWallet(authorization: string | undefined): WalletSession | undefined {
    const session = this.find(authorization);
    if (session !== undefined) return { ...session, withCode: false };
    const name = nameIn(authorization);
    const byCode = name === undefined ? undefined : this.#byCode.get(name);
    return byCode === undefined ? undefined : { ...byCode, withCode: true };
  }

  /**
   * `end` is called once when the session of this `authorization` is over: by its time, because the account's keys
   * changed or were frozen, or because a newer session took its place. Returns what takes that back.
   */
  onEnd(authorization: string | undefined, end: () => void): () => void {
    const name = nameIn(authorization);
    const held = name === undefined ? undefined : this.#sessions.get(name);
    if (name === undefined || held === undefined) {
      end();
      return () => {};
    }
    const timer = setTimeout(() => this.#end(name), Math.max(0, held.expiresMs - this.#base.now()));
    timer.unref();
    const standing = this.#standing.get(name) ?? new Set();
    this.#standing.set(name, standing.add(end));
    return () => {
      clearTimeout(timer);
      standing.delete(end);
      if (standing.size === 0) this.#standing.delete(name);
    };
  }

  #end(name: string): void {
    const standing = this.#standing.get(name) ?? [];
    this.#standing.delete(name);
    for (const end of standing) end();
  }

  /** Throws UNAUTHENTICATED without a token, SESSION_EXPIRED with one that does not hold (any more). */
  require(authorization: string | undefined): Session {
    return this.#required(this.find(authorization), authorization);
  }

  /** As `require`, for copies of wallets alone. */
  requireForWallet(authorization: string | undefined): WalletSession {
    return this.#required(this.findForWallet(authorization), authorization);
  }

  #required<S>(session: S | undefined, authorization: string | undefined): S {
    if (session !== undefined) return session;
    throw new CodedError(authorization === undefined ? 'UNAUTHENTICATED' : 'SESSION_EXPIRED');
  }

  /** When an account's keys change or are frozen. */
  endAll(account: AccountId): void {
    this.#sessions.deleteWhere((session) => session.account === account);
  }

  /** When the printed code was used to rotate: it may be another one since. */
  endWithCode(account: AccountId): void {
    this.#byCode.deleteWhere((session) => session.account === account);
  }
}

interface Held extends Session {
  readonly expiresMs: number;
}

function nameIn(authorization: string | undefined): string | undefined {
  const token = /^Bearer ([A-Za-z0-9_-]{43})$/.exec(authorization ?? '')?.[1];
  return token === undefined ? undefined : nameOf(token);
}

/** The map is searched by hash, so that the time of a search says nothing about a token. */
function nameOf(token: string): string {
  return bytesToHex(sha256(utf8(token)));
}

export const sessions = definePart({
  name: 'sessions',
  open: (base) => new Sessions(base),
  onAct: {
    RotateKey: (part, { sender, act }) => {
      part.endAll(sender);
      // Whoever stole the key in use ends nothing of who comes with the code.
      if (act.recoveryKey.length !== 0) part.endWithCode(sender);
    },
    RevokeKey: (part, { act }) => part.endAll(act.account),
  },
});
