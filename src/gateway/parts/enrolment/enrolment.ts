import { type Card, credentialHashOf, encodeCard } from '../../../api/card.ts';
import { bytesOfText, textOfBytes } from '../../../api/message-parts.ts';
import type { EnrolAnswer, EnrolRequest } from '../../../api/people.ts';
import { encodeSigned } from '../../../api/signed.ts';
import { labelledHash, sha256 } from '../../../crypto/hash.ts';
import { labels } from '../../../crypto/labels.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { signLabelled } from '../../../crypto/signature.ts';
import type { Identity } from '../../../ledger/identity.ts';
import { accountIdOfKey, identity as identityShape } from '../../../ledger/identity.ts';
import type { Role } from '../../../ledger/roles.ts';
import { utf8 } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import { type AccountId, idBytes, parseTxId, type TxId } from '../../../primitives/ids.ts';
import { decodeAs } from '../../../primitives/shape.ts';
import type { GatewayBase } from '../../base.ts';
import { definePart, type IndexedAct } from '../../part.ts';

type EnrolSeen = Pick<IndexedAct, 'sender' | 'txId' | 'height'>;

/**
 * How somebody gets an account: the registration desk, which has seen the person, gives a one-time invitation;
 * with it the person's device shows its identity, and the hospital signs a card and sends Enrol.
 *
 * The card's salt follows from the invitation, so that a device whose answer was lost asks again with the same
 * invitation and gets the same card; a patient's name is stored nowhere. Source: docs/protocol/http.md, H-13.
 */
export class Enrolment {
  readonly #base: GatewayBase;

  constructor(base: GatewayBase) {
    this.#base = base;
  }

  invite(role: Role): string {
    const invitation = textOfBytes(randomBytes(16));
    const { db, now } = this.#base;
    db.transaction('invitation', () => {
      db.run(
        'INSERT INTO invitations (hash, role, createdMs) VALUES (?, ?, ?)',
        ...[hashOf(invitation), role, now()],
      );
    });
    return invitation;
  }

  /** Throws INVITATION_INVALID, REQUEST_INVALID, CBOR_*, IDENTITY_WRONG and what else refuses Enrol. */
  async enrol(request: EnrolRequest): Promise<EnrolAnswer> {
    const { db } = this.#base;
    const identity = identityOf(request.identity);
    const account = accountIdOfKey(identity.suite, identity.signKey);
    const hash = hashOf(request.invitation);
    this.#claim(hash, request.role, account);
    const salt = labelledHash(
      labels.identityCredential,
      hash,
      idBytes(account),
      utf8(request.invitation),
    );
    const { name, role, licence = '' } = request;
    const stated = { name, role, licence, credentialSalt: salt };
    const card = await this.#card(account, stated);
    const { txId, height } = this.#done(hash) ?? (await this.#send(hash, identity, stated));
    db.transaction('invitation', () => {
      db.run('UPDATE invitations SET txId = ?, height = ? WHERE hash = ?', txId, height, hash);
      if (role !== 'patient') db.run('INSERT OR REPLACE INTO cards VALUES (?, ?)', account, card);
    });
    return { txId, height, card: textOfBytes(card) };
  }

  /** The ledger has an Enrol; of this hospital's: also when the one who asked did not get the answer. */
  enrolled(account: AccountId, { sender, txId, height }: EnrolSeen): void {
    if (sender !== this.#base.organisation) return;
    this.#base.db.run(
      'UPDATE invitations SET txId = ?, height = ? WHERE account = ? AND txId IS NULL',
      ...[txId, height, account],
    );
  }

  #done(hash: Uint8Array): Enrolled | undefined {
    const row = this.#base.db.get('SELECT txId, height FROM invitations WHERE hash = ?', hash);
    if (row === undefined || row.isNull('txId')) return undefined;
    return { txId: parseTxId(row.text('txId')), height: row.uint('height') };
  }

  async #send(
    hash: Uint8Array,
    identity: Identity,
    stated: Pick<Card, 'name' | 'role' | 'licence' | 'credentialSalt'>,
  ): Promise<Enrolled> {
    const { sender, db, settings } = this.#base;
    const credentialHash = credentialHashOf(stated);
    try {
      return await sender.send(
        'user',
        [{ kind: 'Enrol', identity, role: stated.role, credentialHash }],
        settings.stalledMs,
      );
    } catch (error) {
      const done = isCoded(error, 'ACCOUNT_EXISTS') ? this.#done(hash) : undefined;
      if (done !== undefined) return done;
      // A clear no frees the invitation; when the outcome is open it stays with this account.
      const isOpen = error instanceof CodedError && error.kind === 'unavailable';
      if (!isOpen) db.run('UPDATE invitations SET account = NULL WHERE hash = ?', hash);
      throw error;
    }
  }

  /** From here on the invitation is this account's. */
  #claim(hash: Uint8Array, role: Role, account: AccountId): void {
    const { db, now, settings } = this.#base;
    const claimed = db.transaction('invitation', () =>
      db.run(
        'UPDATE invitations SET account = ? WHERE hash = ? AND role = ? AND createdMs > ? AND (account IS NULL OR account = ?)',
        ...[account, hash, role, now() - settings.invitationMs, account],
      ),
    );
    if (claimed === 0) throw new CodedError('INVITATION_INVALID');
  }

  async #card(
    account: AccountId,
    stated: Pick<Card, 'name' | 'role' | 'licence' | 'credentialSalt'>,
  ): Promise<Uint8Array> {
    const { chainId, organisation, key } = this.#base;
    const bytes = encodeCard({
      ...stated,
      chainId,
      account,
      organisation,
      organisationKey: key.publicKey,
    });
    return encodeSigned({ bytes, signature: await signLabelled(key, labels.cardSign, bytes) });
  }

  /** Cards of colleagues; a patient's is not here. Throws NOT_FOUND. */
  cardOf(account: AccountId): Uint8Array {
    const row = this.#base.db.get('SELECT card FROM cards WHERE account = ?', account);
    if (row === undefined) throw new CodedError('NOT_FOUND');
    return row.bytes('card');
  }
}

interface Enrolled {
  readonly txId: TxId;
  readonly height: number;
}

function hashOf(invitation: string): Uint8Array {
  return sha256(utf8(invitation));
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
    ],
  },
  open: (base) => new Enrolment(base),
  onAct: {
    Enrol(part, met) {
      const { suite, signKey } = met.act.identity;
      part.enrolled(accountIdOfKey(suite, signKey), met);
    },
  },
});
