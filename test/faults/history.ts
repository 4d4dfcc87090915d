import { closeSync, openSync, writeSync } from 'node:fs';
import { bytesOfText } from '../../src/api/message-parts.ts';
import { enrolAnswer } from '../../src/api/people.ts';
import { enrolPost } from '../../src/api/routes/enrol-post.ts';
import { txPost } from '../../src/api/routes/tx-post.ts';
import { stateAnswer, txOutcome } from '../../src/api/tx.ts';
import { catalogue, isCode } from '../../src/codes/index.ts';
import { sha256 } from '../../src/crypto/hash.ts';
import { decodeTx } from '../../src/ledger/codec.ts';
import { bytesToHex, utf8 } from '../../src/primitives/bytes.ts';
import type { Fetch } from '../../src/sdk/client/http.ts';

/**
 * One request of a client that should put a transaction into the ledger. `info`: the client was not told what came of it
 * (no answer, or an answer that says so), and it may be done or not.
 */
export interface Operation {
  /** The transaction, or what stands for it until it is known: the same request again is the same operation. */
  readonly of: string;
  readonly hospital: string;
  /** This process's clock. */
  readonly invokedMs: number;
  endedMs: number;
  outcome: 'ok' | 'fail' | 'info';
  code?: string;
  txId?: string;
  height?: number;
}

/** A row of the state as a hospital told it. */
export interface Observation {
  readonly hospital: string;
  readonly table: string;
  readonly key: string;
  readonly height: number;
  /** Base64url of its bytes; null: there is none. */
  readonly value: string | null;
}

/** Refusals after which the transaction may be in a block all the same. */
function isOpen(code: string): boolean {
  if (!isCode(code) || code === 'TX_UNKNOWN') return true;
  return ['unavailable', 'fault'].includes(catalogue[code].kind);
}

/** What clients asked and were told, as they saw it; kept in a file line by line. */
export class History {
  readonly operations: Operation[] = [];
  readonly observations: Observation[] = [];
  /** Accounts and grants of transactions that were confirmed: rows to ask for. */
  readonly known = { accounts: new Set<string>(), consents: new Set<string>() };
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'w');
  }

  close(): void {
    closeSync(this.#file);
  }

  note(line: Readonly<Record<string, unknown>>): void {
    writeSync(this.#file, `${JSON.stringify({ atMs: Math.round(performance.now()), ...line })}\n`);
  }

  /** A `fetch` that writes down what transactions are asked for and answered. */
  readonly send: Fetch = async (url, init) => {
    const of = operationOf(url, init);
    if (of === undefined) return fetch(url, init);
    const [, hospital = ''] = new URL(url).pathname.split('/');
    const invokedMs = performance.now();
    const operation: Operation = { of, hospital, invokedMs, endedMs: invokedMs, outcome: 'info' };
    this.operations.push(operation);
    this.note({ invoke: of, hospital });
    try {
      const response = await fetch(url, init);
      const bytes = new Uint8Array(await response.arrayBuffer());
      this.#answered(operation, response, bytes);
      if (operation.outcome === 'ok') this.#learn(init);
      return new Response(bytes, { status: response.status, headers: response.headers });
    } finally {
      operation.endedMs = performance.now();
      const { outcome, code, txId, height } = operation;
      this.note({ [outcome]: of, hospital, code, txId, height });
    }
  };

  #learn({ body }: RequestInit): void {
    const { tx } = JSON.parse(String(body)) as { readonly tx?: string };
    if (tx === undefined) return;
    const { sender, acts } = decodeTx(bytesOfText(tx)).body;
    this.known.accounts.add(sender);
    for (const act of acts) if (act.kind === 'ConsentGrant') this.known.consents.add(act.consent);
  }

  /** Asks a hospital for a row, and remembers what it says. */
  async observe(base: string, hospital: string, table: 'accounts' | 'consents', key: string) {
    const response = await fetch(`${base}/${hospital}/v1/state/${table}/${key}`, {
      signal: AbortSignal.timeout(3_000),
    });
    if (!response.ok) return;
    const { height, value } = stateAnswer.parse(await response.json());
    this.observations.push({ hospital, table, key, height, value });
    this.note({ observe: table, key, hospital, height, value });
  }

  #answered(operation: Operation, response: Response, bytes: Uint8Array): void {
    const body: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (response.ok) {
      const isEnrolment = operation.of.startsWith('enrol ');
      const { txId, height } = (isEnrolment ? enrolAnswer : txOutcome).parse(body);
      Object.assign(operation, { outcome: 'ok', txId, height });
      return;
    }
    const code = String(Object(body).code);
    Object.assign(operation, { outcome: isOpen(code) ? 'info' : 'fail', code });
  }
}

/** Undefined: the request is for something else. */
function operationOf(url: string, { method, body }: RequestInit): string | undefined {
  if (method !== 'POST' || typeof body !== 'string') return undefined;
  const path = new URL(url).pathname.replace(/^\/[^/]+/, '');
  if (path === txPost.path) {
    return bytesToHex(sha256(bytesOfText(txPost.body.parse(JSON.parse(body)).tx)));
  }
  if (path !== enrolPost.path) return undefined;
  const { invitation } = enrolPost.body.parse(JSON.parse(body));
  return `enrol ${bytesToHex(sha256(utf8(invitation)))}`;
}
