import assert from 'node:assert/strict';
import { encodeErase } from '../../src/api/erase.ts';
import { encodeGrantBody, type GrantBody, grantBodyHash } from '../../src/api/grant-body.ts';
import type { InboxAnswer } from '../../src/api/inbox.ts';
import { encodeInboxMessage } from '../../src/api/inbox-message.ts';
import { encodeItemsOrder } from '../../src/api/item.ts';
import { encodeItems } from '../../src/api/items.ts';
import { decodeLook, type Look, type RefusalCount, type RefusedRead } from '../../src/api/look.ts';
import { bytesOfText, textOfBytes } from '../../src/api/message-parts.ts';
import type { EnrolAnswer } from '../../src/api/people.ts';
import { encodeReadRequest, type ReadRequest } from '../../src/api/read-request.ts';
import { itemsPost } from '../../src/api/routes/items-post.ts';
import { encodeSessionProof } from '../../src/api/session.ts';
import { encodeSigned } from '../../src/api/signed.ts';
import { type Label, labels } from '../../src/crypto/labels.ts';
import { openWith } from '../../src/crypto/letter.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import { type SigningKey, signingKeyFromSeed, signLabelled } from '../../src/crypto/signature.ts';
import { encodeTx, encodeTxBody } from '../../src/ledger/codec.ts';
import { identity as identityShape } from '../../src/ledger/identity.ts';
import { suite } from '../../src/ledger/object-types.ts';
import type { Act } from '../../src/ledger/protocol.ts';
import type { Role } from '../../src/ledger/roles.ts';
import type { LogName } from '../../src/ledger/shapes.ts';
import { encodeCbor } from '../../src/primitives/cbor.ts';
import {
  type AccountId,
  type ConsentId,
  consentIdOf,
  idBytes,
  parseAccountId,
} from '../../src/primitives/ids.ts';
import {
  type AccountKeys,
  accountIdOfKeys,
  deriveAccountKeys,
  enrolmentIdentity,
  noRecovery,
} from '../../src/sdk/wallet/identity.ts';
import { blobIdOf } from '../../src/storage/blob-id.ts';
import { rootOf, type Sealed } from './sealed.ts';
import { toldListing, toldRead } from './told-rows.ts';
import { type Hospital, type Town, townChain } from './town.ts';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly bytes: Buffer;
}

export interface Grant {
  readonly consent: ConsentId;
  readonly body: Uint8Array;
  readonly salt: Uint8Array;
  readonly writeKey: SigningKey | undefined;
}

/** Somebody with real keys who talks to their own hospital only, as a client does. */
export class Person {
  readonly town: Town;
  readonly hospital: Hospital;
  keys: AccountKeys;
  readonly account: AccountId;
  token = '';
  #nonce = 0;
  #ended = 0;

  constructor(town: Town, hospital: Hospital, keys: AccountKeys) {
    this.town = town;
    this.hospital = hospital;
    this.keys = keys;
    this.account = accountIdOfKeys(keys);
  }

  static async make(town: Town, hospital: Hospital): Promise<Person> {
    const keys = await deriveAccountKeys(randomBytes(32), hospital.organisation, 0);
    return new Person(town, hospital, keys);
  }

  /** Enrolled and signed in. */
  static async enrolled(
    town: Town,
    hospital: Hospital,
    role: Role,
    name: string = role,
  ): Promise<Person> {
    const person = await Person.make(town, hospital);
    await person.enrol(role, name);
    await person.signIn();
    return person;
  }

  async call(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    sent: {
      readonly json?: unknown;
      readonly bytes?: Uint8Array;
      readonly type?: string;
      readonly headers?: Record<string, string>;
      readonly anonymous?: boolean;
    } = {},
  ): Promise<Answer> {
    const payload = sent.json === undefined ? sent.bytes : JSON.stringify(sent.json);
    const type = sent.type ?? (sent.json === undefined ? undefined : 'application/json');
    const answer = await this.town.app.inject({
      method,
      url: `/${this.hospital.word}${path}`,
      headers: {
        ...(type === undefined ? {} : { 'content-type': type }),
        ...(sent.anonymous === true || this.token === ''
          ? {}
          : { authorization: `Bearer ${this.token}` }),
        ...sent.headers,
      },
      ...(payload === undefined
        ? {}
        : { payload: typeof payload === 'string' ? payload : Buffer.from(payload) }),
    });
    const isJson = String(answer.headers['content-type']).startsWith('application/json');
    const body: unknown = isJson ? answer.json() : undefined;
    return { status: answer.statusCode, body, bytes: answer.rawPayload };
  }

  async enrol(
    role: Role,
    name: string,
    invitation?: string,
    recovery = noRecovery,
  ): Promise<EnrolAnswer> {
    const { organisation } = this.hospital;
    const bound = { chainId: townChain, organisation, role, recovery };
    const identity = await enrolmentIdentity(this.keys, bound);
    const answer = await this.call('POST', '/v1/enrol', {
      json: {
        invitation: invitation ?? (await this.invitation(role, name)),
        identity: textOfBytes(encodeCbor(identityShape.encode(identity))),
        role,
      },
    });
    return accepted<EnrolAnswer>(answer);
  }

  /** What the desk writes down of this person. */
  async invitation(role: Role, name: string = role, licence?: string): Promise<string> {
    const answer = await this.atDesk('POST', '/v1/invitations', { role, name, licence });
    return accepted<{ invitation: string }>(answer).invitation;
  }

  /** What the desk of this person's hospital asks. */
  atDesk(method: 'GET' | 'POST' | 'DELETE', path: string, json?: unknown): Promise<Answer> {
    const headers = { authorization: `Desk ${this.hospital.deskToken}` };
    return this.call(method, path, { headers, ...(json === undefined ? {} : { json }) });
  }

  async signIn(): Promise<void> {
    const answer = await this.session();
    this.token = accepted<{ token: string }>(answer).token;
  }

  /** The ledger took these keys: its numbers begin anew. */
  took(keys: AccountKeys): void {
    this.keys = keys;
    this.#nonce = 0;
  }

  async session(
    change: { challenge?: string; key?: SigningKey; label?: Label; codeKemHash?: Uint8Array } = {},
  ): Promise<Answer> {
    const { account } = this;
    const { key = this.keys.sign, label = labels.sessionSign, codeKemHash } = change;
    const asked = await this.call('POST', '/v1/session', { json: { account }, anonymous: true });
    const challenge = change.challenge ?? accepted<{ challenge: string }>(asked).challenge;
    const proof = encodeSessionProof({
      chainId: townChain,
      organisation: this.hospital.organisation,
      account,
      challenge: bytesOfText(challenge),
    });
    const json = {
      ...{ account, challenge },
      publicKey: textOfBytes(key.publicKey),
      signature: textOfBytes(await signLabelled(key, label, proof)),
      ...(codeKemHash === undefined ? {} : { codeKemHash: textOfBytes(codeKemHash) }),
    };
    return this.call('POST', '/v1/session', { json, anonymous: true });
  }

  async signed(label: Label, bytes: Uint8Array, key = this.keys.sign): Promise<string> {
    const signature = await signLabelled(key, label, bytes);
    return textOfBytes(encodeSigned({ bytes, signature }));
  }

  /** A transaction of this account, or one signed by a grant's write key for its owner. */
  async submit(
    acts: readonly Act[],
    as: { log?: LogName; sender?: AccountId; key?: SigningKey; nonce?: number } = {},
  ): Promise<Answer> {
    const key = as.key ?? this.keys.sign;
    const nonce = as.nonce ?? ++this.#nonce;
    const sender = as.sender ?? this.account;
    const validUntilMs = Date.now() + 60_000;
    const log = as.log ?? 'user';
    const body = { suite, chainId: townChain, log, sender, nonce, validUntilMs, acts };
    const signature = await signLabelled(key, labels.txSign, encodeTxBody(body));
    const tx = encodeTx({ body, signatures: [{ publicKey: key.publicKey, signature }] });
    return this.call('POST', '/v1/tx', { json: { tx: textOfBytes(tx) } });
  }

  async send(acts: readonly Act[]): Promise<void> {
    accepted(await this.submit(acts));
  }

  async putBlob(bytes: Uint8Array): Promise<void> {
    const type = 'application/octet-stream';
    accepted(await this.call('PUT', `/v1/blobs/${blobIdOf(bytes)}`, { bytes, type }));
  }

  /** A KeySet from this block on; stored blobs stand for its sets. */
  async keySet(): Promise<{ keySetBlob: Uint8Array; envelopeSetBlob: Uint8Array }> {
    const keySetBlob = randomBytes(100);
    const envelopeSetBlob = randomBytes(100);
    await this.putBlob(keySetBlob);
    await this.putBlob(envelopeSetBlob);
    const after = this.#ended;
    this.#ended += 1;
    await this.send([
      {
        kind: 'KeySet',
        after,
        salt: randomBytes(16),
        schedule: [{ epoch: after + 1, validFromMs: 0 }],
        keySetBlob: blobIdOf(keySetBlob),
        envelopeSetBlob: blobIdOf(envelopeSetBlob),
      },
    ]);
    return { keySetBlob, envelopeSetBlob };
  }

  async deliver(items: readonly Sealed[], epoch = 1): Promise<Answer> {
    for (const { body } of items) await this.putBlob(body);
    return this.postItems({ account: this.account, epoch, consent: [] }, items);
  }

  /** Delivers and anchors items of this account. */
  async keep(items: readonly Sealed[], epoch = 1): Promise<void> {
    const { root } = accepted<{ root: string }>(await this.deliver(items, epoch));
    const count = items.length;
    await this.send([
      { kind: 'DataAnchor', consent: '', epoch, root: bytesOfText(root, 32), count },
    ]);
  }

  /** Delivers items to somebody else's chart, under a grant. */
  async deliverUnder(
    grant: Grant,
    patient: AccountId,
    items: readonly Sealed[],
    signer = grant.writeKey,
  ): Promise<Answer> {
    assert.ok(signer !== undefined);
    for (const { body } of items) await this.putBlob(body);
    const root = rootOf(items);
    const order = { account: patient, consent: grant.consent, epoch: 1, root, count: items.length };
    const signature = await signLabelled(signer, labels.itemsSign, encodeItemsOrder(order));
    const { consent: id, body, salt } = grant;
    const consent = [{ id, body, salt, signature }];
    return this.postItems({ account: patient, epoch: 1, consent }, items);
  }

  /** Rows as they are given, with whatever is said of them. */
  postItems(head: Parameters<typeof encodeItems>[0], items: readonly Sealed[]): Promise<Answer> {
    const rows = items.map(({ row }) => row);
    const bytes = encodeItems(head, rows);
    return this.call('POST', '/v1/items', { bytes, type: itemsPost.stream });
  }

  async grant(
    grantee: AccountId,
    change: Partial<GrantBody> = {},
    times: { notBeforeMs?: number; notAfterMs?: number } = {},
  ): Promise<Grant> {
    const body = encodeGrantBody({
      account: this.account,
      grantee,
      readClasses: ['lab', 'diagnosis'],
      recordIds: [],
      fromMs: 0,
      writeClasses: [],
      purposes: ['TREAT'],
      ...change,
    });
    const salt = randomBytes(32);
    const consent = consentIdOf(randomBytes(16));
    const isWriter = (change.writeClasses ?? []).length > 0;
    const writeKey = isWriter ? await signingKeyFromSeed(randomBytes(32)) : undefined;
    await this.send([
      {
        kind: 'ConsentGrant',
        consent,
        bodyHash: grantBodyHash(salt, body),
        notBeforeMs: times.notBeforeMs ?? Date.now() - 1_000,
        notAfterMs: times.notAfterMs ?? Date.now() + 3_600_000,
        writeKey: writeKey?.publicKey ?? new Uint8Array(0),
      },
    ]);
    return { consent, body, salt, writeKey };
  }

  async revoke({ consent }: Grant): Promise<void> {
    await this.send([{ kind: 'ConsentRevoke', consent }]);
  }

  request(grant: Grant, at: Hospital, change: Partial<ReadRequest> = {}): ReadRequest {
    return {
      chainId: townChain,
      organisation: at.organisation,
      consent: grant.consent,
      grantBody: grant.body,
      grantSalt: grant.salt,
      what: { kind: 'since', height: 0, limit: 1_000, cursor: '' },
      purpose: 'TREAT',
      nonce: randomBytes(16),
      issuedMs: Date.now() + this.town.clock.aheadMs,
      reader: this.account,
      readerKey: this.keys.sign.publicKey,
      ...change,
    };
  }

  async read(grant: Grant, at: Hospital, change: Partial<ReadRequest> = {}): Promise<Answer> {
    const bytes = encodeReadRequest(this.request(grant, at, change));
    return this.postRead(await this.signed(labels.readSign, bytes));
  }

  postRead(request: string): Promise<Answer> {
    return this.call('POST', '/v1/read', { json: { request }, anonymous: true });
  }

  async reads(grant: Grant, at: Hospital, change: Partial<ReadRequest> = {}) {
    return toldRead(acceptedBytes(await this.read(grant, at, change)));
  }

  async ownRows(changed = 0) {
    const path = `/v1/items?account=${this.account}&changed=${changed}`;
    return toldListing(acceptedBytes(await this.call('GET', path)));
  }

  async inbox(after = 0): Promise<InboxAnswer['messages']> {
    return accepted<InboxAnswer>(await this.call('GET', `/v1/inbox?after=${after}`)).messages;
  }

  async openNotice(sealed: string): Promise<Look | RefusedRead | RefusalCount> {
    const context = [idBytes(this.account)];
    const bytes = bytesOfText(sealed);
    const none = new Uint8Array(0);
    return decodeLook(await openWith(this.keys.kem, labels.inboxSeal, context, none, bytes));
  }

  async message(to: AccountId, sealed: Uint8Array, sentMs = Date.now()): Promise<string> {
    const bytes = encodeInboxMessage({
      ...{ chainId: townChain, to, from: this.account, fromKey: this.keys.sign.publicKey },
      ...{ sealed, sentMs },
    });
    return this.signed(labels.inboxSign, bytes);
  }

  async erase(leaves: readonly Uint8Array[], account = this.account): Promise<Answer> {
    const accountKey = this.keys.sign.publicKey;
    const bytes = encodeErase({
      ...{ chainId: townChain, account, accountKey, leaves },
      issuedMs: Date.now(),
    });
    return this.call('POST', '/v1/erase', {
      json: { erase: await this.signed(labels.eraseSign, bytes) },
    });
  }
}

/** The body of a good answer; fails with the refusal otherwise. */
export function accepted<Body>(answer: Answer): Body {
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body as Body;
}

/** The same of an answer in bytes. */
export function acceptedBytes(answer: Answer): Uint8Array {
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.bytes;
}

export function codeOf(answer: Answer): unknown {
  const { body } = answer;
  return typeof body === 'object' && body !== null && 'code' in body ? body.code : 'accepted';
}

export const nobody = parseAccountId('ab'.repeat(32));
