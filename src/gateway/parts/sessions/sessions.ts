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
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';
import { ExpiringMap } from '../../expiring-map.ts';
import { definePart } from '../../part.ts';

export interface Session {
  readonly account: AccountId;
  readonly role: Role;
}

/**
 * Who is signed in. A challenge serves one account once within a minute; a token is 32 random bytes, kept here
 * as its hash alone and in memory only: a restart signs everybody out. Source: docs/protocol/http.md, H-6.
 */
export class Sessions {
  readonly #challenges: ExpiringMap<AccountId>;
  readonly #sessions: ExpiringMap<Session>;
  readonly #base: GatewayBase;

  constructor(base: GatewayBase) {
    this.#challenges = new ExpiringMap(base.now, 50_000);
    this.#sessions = new ExpiringMap(base.now, 100_000);
    this.#base = base;
  }

  /** For any account id, known or not: the answer does not say who is enrolled. */
  challenge(account: AccountId): string {
    const challenge = textOfBytes(randomBytes(32));
    const { now, settings } = this.#base;
    this.#challenges.set(challenge, account, now() + settings.challengeMs);
    return challenge;
  }

  /** Throws UNAUTHENTICATED (challenge unknown, used, over or another's), SIGNATURE_WRONG, and as `accountActingWith`. */
  async open(request: SessionRequest): Promise<SessionAnswer> {
    const { view, chainId, organisation, now, settings } = this.#base;
    const { account } = request;
    if (this.#challenges.take(request.challenge) !== account) {
      throw new CodedError('UNAUTHENTICATED');
    }
    const publicKey = bytesOfText(request.publicKey, 32);
    const challenge = bytesOfText(request.challenge, 32);
    const signature = bytesOfText(request.signature, 64);
    const { role } = await view.accountActingWith(account, publicKey);
    const proof = encodeSessionProof({ chainId, organisation, account, challenge });
    if (!(await verifyLabelled(publicKey, labels.sessionSign, proof, signature))) {
      throw new CodedError('SIGNATURE_WRONG');
    }
    const token = textOfBytes(randomBytes(32));
    const expiresMs = now() + settings.sessionMs;
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

export const sessions = definePart({
  name: 'sessions',
  open: (base) => new Sessions(base),
  onAct: {
    RotateKey: (part, { sender }) => part.endAll(sender),
    RevokeKey: (part, { act }) => part.endAll(act.account),
  },
});
