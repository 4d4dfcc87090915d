import { type Card, credentialHashOf, encodeCard } from '../../../api/card.ts';
import { bytesOfText, textOfBytes } from '../../../api/message-parts.ts';
import type { EnrolAnswer, EnrolRequest } from '../../../api/people.ts';
import { maxCardsOfName } from '../../../api/routes/cards-post.ts';
import { encodeSigned } from '../../../api/signed.ts';
import { labelledHash } from '../../../crypto/hash.ts';
import { labels } from '../../../crypto/labels.ts';
import { signLabelled } from '../../../crypto/signature.ts';
import type { Identity } from '../../../ledger/identity.ts';
import { accountIdOfKey, identity as identityShape } from '../../../ledger/identity.ts';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../../primitives/ids.ts';
import { decodeAs } from '../../../primitives/shape.ts';
import type { GatewayBase } from '../../base.ts';
import { definePart, type IndexedAct } from '../../part.ts';
import { housekeepingMs } from '../../settings.ts';
import { Turns } from '../../turns.ts';
import { Desk } from './desk.ts';
import { DeskSessions } from './desk-sessions.ts';
import { type Enrolled, hashOfCode, type Invitation, Invitations } from './invitations.ts';
import { provesIdentity } from './proves-identity.ts';

type EnrolSeen = Pick<IndexedAct, 'sender' | 'txId' | 'height'>;
/** What the hospital signs of somebody: all of it is the desk's word. */
type Stated = Pick<Card, 'name' | 'role' | 'licence' | 'credentialSalt'>;

/**
 * How somebody gets an account: the registration desk, which has seen the person, writes down role, name and licence
 * and gives a one-time code; with it the person's device shows its identity, and the hospital signs a card of what
 * the desk wrote and sends Enrol. Who comes with the code chooses nothing but the keys.
 *
 * The card's salt follows from the code, so that a device whose answer was lost asks again with the same code and
 * gets the same card. Source: docs/protocol/http.md, rule H-13.
 */
export class Enrolment {
  readonly desk: Desk;
  readonly deskSessions: DeskSessions;
  readonly #base: GatewayBase;
  readonly #invitations: Invitations;
  /** Attempts with one invitation follow each other: a refused one frees it only while no other is on its way. */
  readonly #turns = new Turns();

  constructor(base: GatewayBase) {
    this.#base = base;
    this.#invitations = new Invitations(base);
    this.desk = new Desk(base, this.#invitations, this.#turns, (account) => this.#kept(account));
    this.deskSessions = new DeskSessions(base.now);
  }

  /** Throws INVITATION_INVALID, REQUEST_INVALID, CBOR_*, IDENTITY_WRONG and what else refuses Enrol. */
  async enrol(request: EnrolRequest): Promise<EnrolAnswer> {
    const identity = identityOf(request.identity);
    const hash = hashOfCode(request.invitation);
    const { role } = this.#invited(hash, request);
    // Curves only for who has a code, and before it is claimed: a bad identity frees nothing and holds nothing up.
    if (!(await provesIdentity(identity, this.#base, role))) throw new CodedError('IDENTITY_WRONG');
    return this.#turns.take(bytesToHex(hash), () => this.#enrolInTurn(hash, identity, request));
  }

  /** The ledger has an Enrol; of this hospital's: also when the one who asked did not get the answer. */
  enrolled(account: AccountId, { sender, txId, height }: EnrolSeen): void {
    if (sender === this.#base.organisation) this.#invitations.enrolled(account, { txId, height });
  }

  /** Cards of colleagues; a patient's is not here. Throws NOT_FOUND. */
  cardOf(account: AccountId): Uint8Array {
    const card = this.#kept(account);
    if (card === undefined) throw new CodedError('NOT_FOUND');
    return card;
  }

  /** Cards of colleagues who are called so, as people take names for one (H-19); a patient's is not here. */
  cardsOf(name: string): readonly Uint8Array[] {
    return this.#invitations
      .byName(name)
      .flatMap(({ account }) => account ?? [])
      .flatMap((account) => this.#kept(account) ?? [])
      .slice(0, maxCardsOfName);
  }

  /**
   * Forgets names that nobody needs any more: a patient's once her first keys show that she has her card, or once
   * she can no longer ask for it again; and those of people who never came.
   */
  async forgetNames(): Promise<void> {
    const { now, view, db } = this.#base;
    let forgotten = this.#invitations.forgetUnused();
    for (const { id, account } of this.#invitations.namedPatients()) {
      const isOver = this.#invitations.expiresMs(this.#invitations.byId(id)) <= now();
      const hasKeys = ((await view.account(account))?.highestEpoch ?? 0) > 0;
      if (!isOver && !hasKeys) continue;
      this.#invitations.forgetName(id);
      forgotten += 1;
    }
    if (forgotten > 0) db.forgetDeleted();
  }

  /** Throws INVITATION_INVALID. */
  #invited(hash: Uint8Array, request: EnrolRequest): Invitation & { readonly name: string } {
    const held = this.#invitations.byHash(hash);
    const isOpen =
      held !== undefined &&
      held.name !== undefined &&
      !held.isEnded &&
      this.#invitations.expiresMs(held) > this.#base.now() &&
      request.role === held.role &&
      (request.name === undefined || request.name === held.name) &&
      (request.licence === undefined || request.licence === held.licence);
    if (!isOpen || held.name === undefined) throw new CodedError('INVITATION_INVALID');
    return { ...held, name: held.name };
  }

  async #enrolInTurn(
    hash: Uint8Array,
    identity: Identity,
    request: EnrolRequest,
  ): Promise<EnrolAnswer> {
    // Again, because the turn before this one may have used, ended or replaced it.
    const { role, name, licence } = this.#invited(hash, request);
    const account = accountIdOfKey(identity.suite, identity.signKey);
    const credentialSalt = labelledHash(
      labels.identityCredentialSalt,
      hash,
      idBytes(account),
      utf8(request.invitation),
    );
    const stated = { role, name, licence, credentialSalt };
    const isNew = this.#invitations.claim(hash, account);
    const done = this.#done(hash) ?? (await this.#send(hash, identity, { stated, isNew }));
    const card = await this.#card(account, stated);
    const { db } = this.#base;
    db.transaction('invitation', () => {
      this.#invitations.enrolled(account, done);
      if (role !== 'patient') db.run('INSERT OR REPLACE INTO cards VALUES (?, ?)', account, card);
    });
    return { ...done, card: textOfBytes(card) };
  }

  #done(hash: Uint8Array): Enrolled | undefined {
    return this.#invitations.byHash(hash)?.enrolled;
  }

  async #send(
    hash: Uint8Array,
    identity: Identity,
    { stated, isNew }: { readonly stated: Stated; readonly isNew: boolean },
  ): Promise<Enrolled> {
    const { sender, settings } = this.#base;
    const credentialHash = credentialHashOf(stated);
    try {
      const act = { kind: 'Enrol', identity, role: stated.role, credentialHash } as const;
      const { txId, height } = await sender.send('user', [act], settings.stalledMs);
      return { txId, height };
    } catch (error) {
      const done = isCoded(error, 'ACCOUNT_EXISTS') ? this.#done(hash) : undefined;
      if (done !== undefined) return done;
      // A clear no frees what this attempt claimed; when an outcome is open it stays with this account.
      const isNo = isCoded(error) && error.kind !== 'unavailable' && error.kind !== 'fault';
      if (isNew && isNo) {
        this.#invitations.giveBack(hash, accountIdOfKey(identity.suite, identity.signKey));
      }
      throw error;
    }
  }

  #kept(account: AccountId): Uint8Array | undefined {
    return this.#base.db.get('SELECT card FROM cards WHERE account = ?', account)?.bytes('card');
  }

  async #card(account: AccountId, stated: Stated): Promise<Uint8Array> {
    const { chainId, organisation, key } = this.#base;
    const organisationKey = key.publicKey;
    const bytes = encodeCard({ ...stated, chainId, account, organisation, organisationKey });
    return encodeSigned({ bytes, signature: await signLabelled(key, labels.cardSign, bytes) });
  }
}

function identityOf(text: string): Identity {
  return decodeAs(identityShape, bytesOfText(text), 'identity');
}

export const enrolment = definePart({
  name: 'enrolment',
  store: {
    owner: 'enrolment',
    writes: ['invitation'],
    migrations: [
      `
CREATE TABLE invitations (
  hash BLOB PRIMARY KEY, role TEXT NOT NULL, createdMs INTEGER NOT NULL, account TEXT, txId TEXT, height INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE cards (account TEXT PRIMARY KEY, card BLOB NOT NULL) STRICT, WITHOUT ROWID;`,
      // An invitation of before names nobody, so nobody comes with it any more: the desk gives another.
      `
ALTER TABLE invitations ADD COLUMN id TEXT;
ALTER TABLE invitations ADD COLUMN name TEXT;
ALTER TABLE invitations ADD COLUMN nameKey TEXT;
ALTER TABLE invitations ADD COLUMN licence TEXT;
ALTER TABLE invitations ADD COLUMN claimedMs INTEGER;
ALTER TABLE invitations ADD COLUMN endedMs INTEGER;
UPDATE invitations SET id = lower(hex(randomblob(8)));
CREATE UNIQUE INDEX invitations_by_id ON invitations (id);
CREATE INDEX invitations_by_account ON invitations (account) WHERE account IS NOT NULL;
CREATE INDEX invitations_by_name ON invitations (nameKey) WHERE nameKey IS NOT NULL;
CREATE INDEX invitations_by_time ON invitations (createdMs, id);`,
    ],
  },
  open: (base) => new Enrolment(base),
  onAct: {
    Enrol(part, met) {
      const { suite, signKey } = met.act.identity;
      part.enrolled(accountIdOfKey(suite, signKey), met);
    },
  },
  every: (part) => [
    { what: 'names', everyMs: housekeepingMs, atStart: true, run: () => part.forgetNames() },
  ],
});
