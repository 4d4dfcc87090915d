import { decodeSigned } from '../../../../api/signed.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import { verifyLabelled } from '../../../../crypto/signature.ts';
import type { Keys } from '../../../../ledger/tables/keys.ts';
import { bytesToHex, concatBytes } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import { type QueryManifest, queryIdOf, readManifest } from '../../api/query-manifest.ts';
import type { Dataset } from '../../ledger/tables/stat-datasets.ts';
import type { StatQueryRow } from '../../ledger/tables/stat-queries.ts';
import { vitalsNames } from '../../names.ts';
import { wronglySigned } from '../forged.ts';
import { serversOf } from '../trio.ts';
import type { DeskParts } from './desk-parts.ts';
import { requireDataset, requirePermit, requireResearcher } from './judge-question.ts';
import { type Named, QuestionRows, type RowsOfQuestion } from './question-rows.ts';

/** A question that may be answered once it is paid. */
export interface Judged {
  readonly manifest: QueryManifest;
  readonly query: string;
  readonly dataset: Dataset;
  /** Of its trio. */
  readonly servers: readonly AccountId[];
  readonly signed: Uint8Array;
  readonly permitUntilMs: number;
  /** Undefined: nobody has paid it yet. */
  readonly paid: StatQueryRow | undefined;
  /** Of its researcher. */
  readonly directory: Keys | undefined;
}

/** Judges a question by what the ledger says of it. Source: docs/protocol/vitals-statistics.md, steps 1 to 4 of rule VQ-32. */
export class QuestionJudge {
  readonly #parts: Pick<DeskParts, 'ledger' | 'account'>;
  readonly #rows: QuestionRows;
  readonly #read = new ReadQuestions();
  readonly #verified = new VerifiedOnes();

  constructor(parts: Pick<DeskParts, 'ledger' | 'account'>) {
    this.#parts = parts;
    this.#rows = new QuestionRows(parts.ledger);
  }

  /** Throws as VQ-32 says, in its order. */
  async judged(signed: Uint8Array): Promise<Judged> {
    const { ledger, account: self } = this.#parts;
    const { bytes, signature, manifest, query } = this.#read.of(signed);
    if (manifest.chainId !== ledger.chainId) throw new CodedError('MANIFEST_MALFORMED');
    const rows = await this.#rows.of(manifest, query);
    const { signKey, keyGeneration } = requireResearcher(rows.account);
    const holds = (key: Uint8Array) => this.#verified.isSigned(key, bytes, signature);
    if (!(await holds(signKey))) {
      const signer = { account: manifest.researcher, keyGeneration };
      throw await wronglySigned('SIGNATURE_WRONG', signer, { ledger, holds });
    }
    const permit = requirePermit(manifest, rows.permit);
    const paid = rows.paid ?? (await this.#paidMeanwhile(manifest, query, rows));
    const asked = requireDataset(manifest, rows.dataset);
    const servers = (await serversOf(ledger, asked.trio)) ?? [];
    if (!servers.includes(self)) throw new CodedError('DATASET_UNKNOWN');
    const permitUntilMs = permit.notAfterMs;
    const { directory } = rows;
    return { manifest, query, dataset: asked, servers, signed, permitUntilMs, paid, directory };
  }

  /** Whether it was paid is looked up second: what was paid in between was paid in time. Throws PERMIT_WITHDRAWN. Rule VQ-32a. */
  async #paidMeanwhile(
    manifest: QueryManifest,
    query: string,
    { isWithdrawn }: RowsOfQuestion,
  ): Promise<StatQueryRow | undefined> {
    if (!(isWithdrawn ?? (await this.#rows.isWithdrawn(manifest)))) return undefined;
    // Asked for in this order, it was not paid when it was seen to be withdrawn.
    const paid = isWithdrawn ? undefined : await this.#rows.paid(manifest, query);
    if (paid === undefined) throw new CodedError('PERMIT_WITHDRAWN');
    return paid;
  }

  /** Which of these are paid: one look at the ledger for all of them. */
  paidOf<Asked extends Named>(questions: readonly Asked[]): Promise<readonly Asked[]> {
    return this.#rows.paidOf(questions);
  }

  /** Who paid for it, and how; undefined: nobody yet. */
  paid(manifest: QueryManifest, query: string): Promise<StatQueryRow | undefined> {
    return this.#rows.paid(manifest, query);
  }
}

/** What came, and what it says: a question is checked, made ready, and asked. */
class ReadQuestions {
  readonly #read = new Map<string, ReadQuestion>();

  /** Throws MANIFEST_MALFORMED, and what the manifest throws. */
  of(signed: Uint8Array): ReadQuestion {
    const name = bytesToHex(sha256(signed));
    const kept = this.#read.get(name);
    if (kept !== undefined) return kept;
    const { bytes, signature } = decodedQuestion(signed);
    const read = { bytes, signature, manifest: readManifest(bytes), query: queryIdOf(bytes) };
    // Whoever sends them, and whatever else it may hold: they take a megabyte at most.
    if (signed.length > longestKept) return read;
    this.#read.set(name, read);
    for (const [oldest] of this.#read) if (this.#read.size > readKept) this.#read.delete(oldest);
    return read;
  }
}
const [readKept, longestKept] = [256, 4_096];

interface ReadQuestion extends Named {
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

/** Signatures of questions by the key that verified them: a question is checked, and then asked. */
class VerifiedOnes {
  readonly #hashes = new Set<string>();

  async isSigned(key: Uint8Array, bytes: Uint8Array, signature: Uint8Array): Promise<boolean> {
    const name = bytesToHex(sha256(concatBytes(key, signature, bytes)));
    if (this.#hashes.has(name)) return true;
    const { question: label } = vitalsNames.labels;
    if (!(await verifyLabelled(key, label, bytes, signature))) return false;
    this.#hashes.add(name);
    for (const [oldest] of this.#hashes.entries())
      if (this.#hashes.size > verifiedKept) this.#hashes.delete(oldest);
    return true;
  }
}
const verifiedKept = 1_024;

function decodedQuestion(signed: Uint8Array) {
  try {
    return decodeSigned(signed);
  } catch (cause) {
    throw new CodedError('MANIFEST_MALFORMED', {}, cause);
  }
}
