import { bytesOfText, textOfBytes } from '../api/message-parts.ts';
import { encodeSessionProof, type SessionAnswer, type SessionRequest } from '../api/session.ts';
import { sha256 } from '../crypto/hash.ts';
import { labels } from '../crypto/labels.ts';
import { randomBytes } from '../crypto/random.ts';
import { verifyLabelled } from '../crypto/signature.ts';
import type { Role } from '../ledger/roles.ts';
import { bytesToHex, utf8 } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import type { AccountId } from '../primitives/ids.ts';
import { Expiring } from './expiring.ts';
import type { LedgerView } from './ledger-view.ts';

export interface Session {
  readonly account: AccountId;
  readonly role: Role;
}

/**
 * Who is signed in. A challenge serves one account once within a minute; a token is 32 random bytes, kept here
 * as its hash alone and in memory only: a restart signs everybody out. Source: docs/protocol/http.md, H-6.
 */
export class Sessions {
  readonly #challenges: Expiring<AccountId>;
  readonly #sessions: Expiring<Session>;
  readonly #view: LedgerView;
  readonly #chainId: string;
  readonly #organisation: AccountId;
  readonly #now: () => number;
  readonly #settings: { readonly sessionMs: number; readonly challengeMs: number };

  constructor(parts: {
    readonly view: LedgerView;
    readonly chainId: string;
    readonly organisation: AccountId;
    readonly now: () => number;
    readonly settings: { readonly sessionMs: number; readonly challengeMs: number };
  }) {
    this.#challenges = new Expiring(parts.now, 50_000);
    this.#sessions = new Expiring(parts.now, 100_000);
    this.#view = parts.view;
    this.#chainId = parts.chainId;
    this.#organisation = parts.organisation;
    this.#now = parts.now;
    this.#settings = parts.settings;
  }

  /** For any account id, known or not: the answer does not say who is enrolled. */
  challenge(account: AccountId): string {
    const challenge = textOfBytes(randomBytes(32));
    this.#challenges.set(challenge, account, this.#now() + this.#settings.challengeMs);
    return challenge;
  }

  /** Throws UNAUTHENTICATED (challenge unknown, used, over or another's), SIGNATURE_WRONG, and as `accountActingWith`. */
  async open(request: SessionRequest): Promise<SessionAnswer> {
    const { account } = request;
    if (this.#challenges.take(request.challenge) !== account) {
      throw new CodedError('UNAUTHENTICATED');
    }
    const publicKey = bytesOfText(request.publicKey, 32);
    const challenge = bytesOfText(request.challenge, 32);
    const signature = bytesOfText(request.signature, 64);
    const { role } = await this.#view.accountActingWith(account, publicKey);
    const proof = encodeSessionProof({
      chainId: this.#chainId,
      organisation: this.#organisation,
      account,
      challenge,
    });
    if (!(await verifyLabelled(publicKey, labels.sessionSign, proof, signature))) {
      throw new CodedError('SIGNATURE_WRONG');
    }
    const token = textOfBytes(randomBytes(32));
    const expiresMs = this.#now() + this.#settings.sessionMs;
    this.#sessions.set(nameOf(token), { account, role }, expiresMs);
    return { token, expiresMs };
  }

  /** Of `authorization: Bearer TOKEN`. */
  find(authorization: string | undefined): Session | undefined {
    const token = /^Bearer ([A-Za-z0-9_-]{43})$/.exec(authorization ?? '')?.[1];
    return token === undefined ? undefined : this.#sessions.get(nameOf(token));
  }

  /** Throws UNAUTHENTICATED without a token, SESSION_EXPIRED with one that does not hold (any more). */
  require(authorization: string | undefined): Session {
    const session = this.find(authorization);
    if (session !== undefined) return session;
    throw new CodedError(authorization === undefined ? 'UNAUTHENTICATED' : 'SESSION_EXPIRED');
  }

  /** When an account's keys change or are frozen. */
  endAll(account: AccountId): void {
    this.#sessions.deleteWhere((session) => session.account === account);
  }
}

/** The map is searched by hash, so that the time of a search says nothing about a token. */
function nameOf(token: string): string {
  return bytesToHex(sha256(utf8(token)));
}
