import { nameKey } from '../../../api/display-name.ts';
import { textOfBytes } from '../../../api/message-parts.ts';
import { type ListedInvitation, maxListedInvitations } from '../../../api/registration-desk.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { type Role, roles } from '../../../ledger/roles.ts';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { type AccountId, parseAccountId, parseTxId, type TxId } from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';
import type { Row } from '../../store.ts';

/** What the desk wrote down of somebody, and what became of it. */
export interface Invitation {
  readonly id: string;
  /** SHA-256 of the code. */
  readonly hash: Uint8Array;
  readonly role: Role;
  /** Undefined: forgotten. */
  readonly name: string | undefined;
  /** Empty: none. */
  readonly licence: string;
  readonly createdMs: number;
  /** Whose it is, from the first attempt on that the ledger may have taken. */
  readonly account: AccountId | undefined;
  readonly claimedMs: number;
  readonly enrolled: Enrolled | undefined;
  readonly isEnded: boolean;
}

export interface Enrolled {
  readonly txId: TxId;
  readonly height: number;
}

/** What may stand in Enrol of an attempt whose answer never came is past by then: it is valid for one minute. */
const openOutcomeMs = 5 * 60_000;

/** SHA-256 of a code: nobody reads the code itself out of the file. */
export function hashOfCode(code: string): Uint8Array {
  return sha256(utf8(code));
}

/** The invitations of one desk, in the gateway's file. Source: docs/protocol/http.md, rules H-13 and H-19. */
export class Invitations {
  readonly #base: Pick<GatewayBase, 'db' | 'now' | 'settings'>;

  constructor(base: Pick<GatewayBase, 'db' | 'now' | 'settings'>) {
    this.#base = base;
  }

  expiresMs({ createdMs }: Pick<Invitation, 'createdMs'>): number {
    return createdMs + this.#base.settings.invitationMs;
  }

  add(stated: { readonly role: Role; readonly name: string; readonly licence: string }): {
    readonly id: string;
    readonly code: string;
    readonly createdMs: number;
  } {
    const id = bytesToHex(randomBytes(8));
    const { code, hash } = newCode();
    const createdMs = this.#base.now();
    const { role, name, licence } = stated;
    this.#write(
      'INSERT INTO invitations (hash, id, role, name, nameKey, licence, createdMs) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ...[hash, id, role, name, nameKey(name), licence, createdMs],
    );
    return { id, code, createdMs };
  }

  /** Undefined: no code has this hash. */
  byHash(hash: Uint8Array): Invitation | undefined {
    const row = this.#base.db.get('SELECT * FROM invitations WHERE hash = ?', hash);
    return row === undefined ? undefined : invitationOf(row);
  }

  /** Throws NOT_FOUND. */
  byId(id: string): Invitation {
    const row = this.#base.db.get('SELECT * FROM invitations WHERE id = ?', id);
    if (row === undefined) throw new CodedError('NOT_FOUND');
    return invitationOf(row);
  }

  /** Of accounts that stand on the ledger. */
  byName(name: string): readonly Invitation[] {
    return this.#base.db
      .all(
        'SELECT * FROM invitations WHERE nameKey = ? AND txId IS NOT NULL LIMIT 100',
        nameKey(name),
      )
      .map(invitationOf);
  }

  byAccount(account: AccountId): Invitation | undefined {
    const row = this.#base.db.get(
      'SELECT * FROM invitations WHERE account = ? AND txId IS NOT NULL',
      account,
    );
    return row === undefined ? undefined : invitationOf(row);
  }

  stateOf(it: Invitation): ListedInvitation['state'] {
    if (it.enrolled !== undefined) return 'used';
    if (it.isEnded) return 'ended';
    return this.expiresMs(it) <= this.#base.now() ? 'expired' : 'waiting';
  }

  /** Newest first; throws REQUEST_INVALID for a cursor that no page gave. */
  page({ isAll, cursor }: { readonly isAll: boolean; readonly cursor: string | undefined }): {
    readonly invitations: readonly Invitation[];
    readonly next: string | undefined;
  } {
    const [fromMs = 0, fromId = ''] = placeOf(cursor);
    const since = isAll ? 0 : this.#base.now() - this.#base.settings.invitationMs + 1;
    const found = this.#base.db
      .all(
        `SELECT * FROM invitations WHERE (createdMs, id) < (?, ?) AND createdMs >= ?
         ${isAll ? '' : 'AND txId IS NULL AND endedMs IS NULL'} ORDER BY createdMs DESC, id DESC LIMIT ?`,
        ...[fromMs, fromId, since, maxListedInvitations + 1],
      )
      .map(invitationOf);
    const invitations = found.slice(0, maxListedInvitations);
    const last = found.length > maxListedInvitations ? invitations.at(-1) : undefined;
    return {
      invitations,
      next: last === undefined ? undefined : `${last.createdMs}.${last.id}`,
    };
  }

  /**
   * From here on the invitation is this account's. True: by this call, so it is this attempt's to give back.
   * Throws INVITATION_INVALID: it is another's, ended, or was never there.
   */
  claim(hash: Uint8Array, account: AccountId): boolean {
    const held = this.byHash(hash);
    if (held?.account === account && !held.isEnded) return false;
    const claimed = this.#write(
      'UPDATE invitations SET account = ?, claimedMs = ? WHERE hash = ? AND account IS NULL AND endedMs IS NULL',
      ...[account, this.#base.now(), hash],
    );
    if (claimed === 0) throw new CodedError('INVITATION_INVALID');
    return true;
  }

  /** After a clear no to the attempt that claimed it. */
  giveBack(hash: Uint8Array, account: AccountId): void {
    this.#write(
      'UPDATE invitations SET account = NULL, claimedMs = NULL WHERE hash = ? AND account = ? AND txId IS NULL',
      ...[hash, account],
    );
  }

  /** The ledger has the account, also when who asked did not get the answer. Inside the index's transaction. */
  enrolled(account: AccountId, { txId, height }: Enrolled): void {
    this.#base.db.run(
      'UPDATE invitations SET txId = ?, height = ? WHERE account = ? AND txId IS NULL',
      ...[txId, height, account],
    );
  }

  /** Throws NOT_FOUND, INVITATION_USED. */
  end(id: string): void {
    this.#refuseUsed(this.byId(id));
    this.#write(
      'UPDATE invitations SET endedMs = ? WHERE id = ? AND endedMs IS NULL',
      ...[this.#base.now(), id],
    );
  }

  /**
   * Another code in place of the one that was lost, for the same person. Throws NOT_FOUND (also: it ended, or its
   * name was forgotten), INVITATION_USED, and INVITATION_BUSY while the old code may still become an account.
   */
  reissue(id: string): {
    readonly code: string;
    readonly createdMs: number;
    readonly stated: Pick<Invitation, 'role' | 'licence'> & { readonly name: string };
  } {
    const held = this.byId(id);
    this.#refuseUsed(held);
    if (held.isEnded || held.name === undefined) throw new CodedError('NOT_FOUND');
    const createdMs = this.#base.now();
    if (held.account !== undefined && held.claimedMs > createdMs - openOutcomeMs) {
      throw new CodedError('INVITATION_BUSY');
    }
    const { code, hash } = newCode();
    this.#write(
      'UPDATE invitations SET hash = ?, createdMs = ?, account = NULL, claimedMs = NULL WHERE id = ?',
      ...[hash, createdMs, id],
    );
    const { role, name, licence } = held;
    return { code, createdMs, stated: { role, name, licence } };
  }

  /** Patients who are enrolled and whose names are still here. */
  namedPatients(): readonly { readonly id: string; readonly account: AccountId }[] {
    return this.#base.db
      .all(
        `SELECT id, account FROM invitations WHERE role = 'patient' AND name IS NOT NULL AND txId IS NOT NULL`,
      )
      .map((row) => ({ id: row.text('id'), account: parseAccountId(row.text('account')) }));
  }

  forgetName(id: string): void {
    this.#write(
      'UPDATE invitations SET name = NULL, nameKey = NULL, licence = NULL WHERE id = ?',
      id,
    );
  }

  /** Names of people who never came, once nobody can come with the code any more. Returns how many. */
  forgetUnused(): number {
    const { now, settings } = this.#base;
    return this.#write(
      `UPDATE invitations SET name = NULL, nameKey = NULL, licence = NULL
       WHERE name IS NOT NULL AND txId IS NULL AND (endedMs IS NOT NULL OR createdMs <= ?)`,
      now() - settings.invitationMs,
    );
  }

  #refuseUsed({ enrolled }: Invitation): void {
    if (enrolled !== undefined) throw new CodedError('INVITATION_USED');
  }

  #write(sql: string, ...values: (string | number | Uint8Array)[]): number {
    const { db } = this.#base;
    return db.transaction('invitation', () => db.run(sql, ...values));
  }
}

/** 128 bits, as they are printed. */
function newCode(): { readonly code: string; readonly hash: Uint8Array } {
  const code = textOfBytes(randomBytes(16));
  return { code, hash: hashOfCode(code) };
}

function placeOf(cursor: string | undefined): readonly [number, string] {
  if (cursor === undefined) return [Number.MAX_SAFE_INTEGER, ''];
  const [, createdMs = '', id = ''] = /^(\d{1,15})\.([0-9a-f]{16})$/.exec(cursor) ?? [];
  if (id === '') throw new CodedError('REQUEST_INVALID');
  return [Number(createdMs), id];
}

function invitationOf(row: Row): Invitation {
  const role = roles.find((it) => it === row.text('role'));
  if (role === undefined) throw new CodedError('INTERNAL', { column: 'role' });
  const isUsed = !row.isNull('txId');
  return {
    id: row.text('id'),
    hash: row.bytes('hash'),
    role,
    name: row.isNull('name') ? undefined : row.text('name'),
    licence: row.isNull('licence') ? '' : row.text('licence'),
    createdMs: row.uint('createdMs'),
    account: row.isNull('account') ? undefined : parseAccountId(row.text('account')),
    claimedMs: row.isNull('claimedMs') ? 0 : row.uint('claimedMs'),
    enrolled: isUsed
      ? { txId: parseTxId(row.text('txId')), height: row.uint('height') }
      : undefined,
    isEnded: !row.isNull('endedMs'),
  };
}
