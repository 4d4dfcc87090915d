import { decodeErase } from '../../src/api/erase.ts';
import { inboxAnswer } from '../../src/api/inbox.ts';
import { eraseAnswer, storedAnswer } from '../../src/api/items.ts';
import { bytesOfText } from '../../src/api/message-parts.ts';
import { enrolAnswer } from '../../src/api/people.ts';
import { readEntryHash } from '../../src/api/read-request.ts';
import { erasePost } from '../../src/api/routes/erase-post.ts';
import { inboxPost } from '../../src/api/routes/inbox-post.ts';
import { invitationsPost } from '../../src/api/routes/invitations-post.ts';
import { txPost } from '../../src/api/routes/tx-post.ts';
import { walletPut } from '../../src/api/routes/wallet-put.ts';
import { decodeReadAnswer } from '../../src/api/rows.ts';
import { decodeSigned } from '../../src/api/signed.ts';
import { txOutcome } from '../../src/api/tx.ts';
import { decodeCopyHead, decodeSignedCopy } from '../../src/api/wallet-copy.ts';
import { sha256 } from '../../src/crypto/hash.ts';
import { type Delivery, readDelivery } from '../../src/gateway/parts/custody/delivery.ts';
import { decodeTx } from '../../src/ledger/codec.ts';
import { bytesToHex, utf8 } from '../../src/primitives/bytes.ts';
import type { ConsentId } from '../../src/primitives/ids.ts';
import type { Fetch } from '../../src/sdk/client/http.ts';

export interface AckedDelivery extends Delivery {
  readonly key: string;
}

/** Answers of 2xx that clients have read: what must be there after every crash, written down on the wire. */
export class Acknowledged {
  /** Tx id: height. */
  readonly txs = new Map<string, number>();
  /** `hospital/blob id`. */
  readonly blobs = new Set<string>();
  /** `account/root`. */
  readonly deliveries = new Map<string, AckedDelivery>();
  /** Signed messages, hex of SHA-256: the bytes. */
  readonly messages = new Map<string, Uint8Array>();
  /** `hospital/locator`: version and hash of what is sealed. */
  readonly wallets = new Map<string, { readonly serial: number; readonly hash: string }>();
  /** Hex of a leaf: its tombstone. */
  readonly erased = new Map<string, Uint8Array>();
  /** Hex of the entry hash: where it stands. */
  readonly looks = new Map<string, { readonly txId: string; readonly index: number }>();
  /** `hospital/hex of the hash`. */
  readonly invitations = new Set<string>();
  readonly enrolled = new Set<string>();

  /** Asked for, answered or not: may have happened. */
  readonly maybeErased = new Set<string>();
  /** Hex of SHA-256 of a message. */
  readonly maybeDeleted = new Set<string>();
  /** Record id: deliveries that somebody tried with it. */
  readonly triedRecords = new Map<string, Set<string>>();
  /** `hospital/blob id`: the grant under which rows named it, so that another hospital may have taken it. */
  readonly maybePassedOn = new Map<string, ConsentId>();
  /** Grants: what waits under them for an anchor goes with them. */
  readonly maybeRevoked = new Set<ConsentId>();
  readonly codes = new Map<string, number>();
  readonly #messageOfId = new Map<string, string>();

  get count(): number {
    const { txs, blobs, deliveries, messages, wallets, erased, looks, invitations, enrolled } =
      this;
    return [txs, blobs, deliveries, messages, wallets, erased, looks, invitations, enrolled].reduce(
      (sum, some) => sum + some.size,
      0,
    );
  }

  /** `fetch` for clients whose gateways live at other ports after each start: `now` says where a hospital's does. */
  fetchVia(now: (hospital: string) => string | undefined, send: Fetch = fetch): Fetch {
    return async (url, init) => {
      const { pathname, search } = new URL(url);
      const [, hospital = ''] = pathname.split('/');
      const base = now(hospital);
      if (base === undefined) throw new TypeError('the server is down');
      const path = pathname.slice(hospital.length + 1);
      const method = init.method ?? 'GET';
      await this.#attempted(method, path, hospital, init);
      const response = await send(`${base}${pathname}${search}`, init);
      if (method === 'GET' && path !== '/v1/inbox') return response;
      const bytes = new Uint8Array(await response.arrayBuffer());
      const { status, headers } = response;
      const isJson = headers.get('content-type')?.startsWith('application/json') === true;
      const told = isJson ? jsonOf(bytes) : bytes;
      if (response.ok) await this.#answered(method, path, hospital, init, told);
      else this.#refused(told);
      return new Response(bytes, { status, headers });
    };
  }

  async #attempted(
    method: string,
    path: string,
    hospital: string,
    init: RequestInit,
  ): Promise<void> {
    if (method === 'POST' && path === '/v1/erase') {
      for (const leaf of leavesOf(init)) this.maybeErased.add(leaf);
    }
    if (method === 'POST' && path === '/v1/items') {
      const { key, consent, rows } = await deliveryOf(init);
      for (const { recordId, blobId } of rows) {
        if (consent !== '') this.maybePassedOn.set(`${hospital}/${blobId}`, consent);
        const tried = this.triedRecords.get(recordId) ?? new Set();
        this.triedRecords.set(recordId, tried.add(key));
      }
    }
    if (method === 'POST' && path.startsWith('/v1/tx')) {
      for (const consent of revokedIn(init)) this.maybeRevoked.add(consent);
    }
    if (method === 'DELETE' && path.startsWith('/v1/inbox/')) {
      const message = this.#messageOfId.get(`${hospital}/${path.slice('/v1/inbox/'.length)}`);
      if (message !== undefined) this.maybeDeleted.add(message);
    }
  }

  #refused(body: unknown): void {
    const code = String(Object(body).code);
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
  }

  async #answered(
    method: string,
    path: string,
    hospital: string,
    init: RequestInit,
    body: unknown,
  ): Promise<void> {
    const call = `${method} ${path.replace(/^(\/v1\/(?:blobs|wallet|inbox))\/.*/, '$1/:')}`;
    switch (call) {
      case 'POST /v1/tx': {
        const { txId, height } = txOutcome.parse(body);
        this.txs.set(txId, height);
        return;
      }
      case 'POST /v1/blobs':
      case 'PUT /v1/blobs/:':
        for (const { id } of storedAnswer.parse(body).stored) this.blobs.add(`${hospital}/${id}`);
        return;
      case 'POST /v1/items': {
        const delivery = await deliveryOf(init);
        this.deliveries.set(delivery.key, delivery);
        return;
      }
      case 'POST /v1/inbox': {
        const message = bytesOfText(inboxPost.body.parse(sentJson(init)).message);
        this.messages.set(bytesToHex(sha256(message)), message);
        return;
      }
      case 'GET /v1/inbox':
        for (const { id, signed } of inboxAnswer.parse(body).messages) {
          if (signed === undefined) continue;
          this.#messageOfId.set(`${hospital}/${id}`, bytesToHex(sha256(bytesOfText(signed))));
        }
        return;
      case 'PUT /v1/wallet': {
        const { serial } = walletPut.answer.parse(body);
        const sent = sentBytes(init);
        const { account } = decodeCopyHead(decodeSignedCopy(sent).head);
        this.wallets.set(`${hospital}/${account}`, { serial, hash: bytesToHex(sha256(sent)) });
        return;
      }
      case 'POST /v1/erase': {
        const leaves = leavesOf(init);
        for (const [at, { tombstone }] of eraseAnswer.parse(body).erased.entries()) {
          this.erased.set(leaves[at] ?? '', bytesOfText(tombstone));
        }
        return;
      }
      case 'POST /v1/read': {
        if (!(body instanceof Uint8Array)) throw new TypeError('a read is answered in bytes');
        const { salt, txId, index } = decodeReadAnswer(body);
        const request = bytesOfText(String(Object(sentJson(init)).request));
        this.looks.set(bytesToHex(readEntryHash(salt, request)), { txId, index });
        return;
      }
      case 'POST /v1/invitations': {
        const { invitation } = invitationsPost.answer.parse(body);
        this.invitations.add(`${hospital}/${bytesToHex(sha256(utf8(invitation)))}`);
        return;
      }
      case 'POST /v1/enrol': {
        const { txId, height } = enrolAnswer.parse(body);
        this.txs.set(txId, height);
        this.enrolled.add(txId);
        return;
      }
      default:
    }
  }
}

function jsonOf(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined;
  return JSON.parse(new TextDecoder().decode(bytes));
}

function sentJson(init: RequestInit): unknown {
  return JSON.parse(String(init.body));
}

function leavesOf(init: RequestInit): string[] {
  const { erase } = erasePost.body.parse(sentJson(init));
  return decodeErase(decodeSigned(bytesOfText(erase)).bytes).leaves.map(bytesToHex);
}

function revokedIn(init: RequestInit): ConsentId[] {
  const { tx } = txPost.body.parse(sentJson(init));
  const { acts } = decodeTx(bytesOfText(tx)).body;
  return acts.flatMap((act) => (act.kind === 'ConsentRevoke' ? [act.consent] : []));
}

async function deliveryOf(init: RequestInit): Promise<AckedDelivery> {
  const { delivery } = await readDelivery(sentBytes(init));
  return { ...delivery, key: `${delivery.account}/${bytesToHex(delivery.root)}` };
}

function sentBytes({ body }: RequestInit): Uint8Array {
  if (!(body instanceof Uint8Array)) throw new TypeError('these bytes are sent whole');
  return body;
}
