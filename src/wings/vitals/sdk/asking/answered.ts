import { decodeSigned } from '../../../../api/signed.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { type QueryManifest, readManifest } from '../../api/query-manifest.ts';
import { vitalsAsked } from '../../api/question.ts';
import { bytesToElements, elementsToBytes, field64, modulo } from '../../crypto/field.ts';
import { edgesOf } from '../../crypto/histogram-edges.ts';
import { panelOf, vitalsOf } from '../../crypto/panels.ts';
import type { Figure } from '../statistics/answer.ts';
import { figuresOf } from '../statistics/figures.ts';
import { type Group, oneWayAnova, welchTest } from '../statistics/group-tests.ts';
import { releasedOf } from '../statistics/released.ts';
import type { KeptQuestion } from './kept-questions.ts';
import { type MethodSheet, methodSheet } from './method-sheet.ts';

/** An answer, computed of the three parts. */
export interface Answered {
  /** Hex. */
  readonly query: string;
  readonly manifest: QueryManifest;
  /** Noised, as everything; may be a fraction off. */
  readonly patients: number;
  /** Undefined: a histogram, which has no such number apart. */
  readonly readings: number | undefined;
  readonly figures: Readonly<Record<string, Figure>>;
  readonly method: MethodSheet;
  /** The transaction that paid. */
  readonly tx: string;
  /** What each server sealed on the ledger, hex. */
  readonly seals: readonly string[];
}

/** Negative numbers are elements above half of the field. */
export const valuesBytes = (values: readonly bigint[]): Uint8Array =>
  elementsToBytes(
    field64,
    values.map((it) => modulo(field64, it)),
  );

function valuesIn(encoded: Uint8Array): readonly bigint[] {
  const elements = bytesToElements(field64, encoded) ?? [];
  return elements.map((it) => (it > field64.p / 2n ? it - field64.p : it));
}

/** What a kept question says; undefined: its answers are not all here. */
export function answeredOf(kept: KeptQuestion): Answered | undefined {
  if (kept.values.length === 0) return undefined;
  const manifest = readManifest(decodeSigned(kept.signed).bytes);
  const { question, microRho } = manifest;
  const { pagesPerPatient } = kept;
  const panel = panelOf(kept.panel);
  const signs = vitalsOf(panel);
  const vital = panel.vitals[vitalsAsked(question)[0] ?? 0];
  if (vital === undefined) throw new CodedError('QUESTION_IMPOSSIBLE');
  const released = releasedOf(question, valuesIn(kept.values), { pagesPerPatient, microRho });
  const readingsAt = released.places.findIndex(({ kind }) => kind === 'readings');
  const seals = Array.from({ length: 3 }, (_, at) =>
    bytesToHex(kept.seals.subarray(32 * at, 32 * (at + 1))),
  );
  return {
    ...{ query: bytesToHex(kept.query), manifest, seals, tx: kept.tx },
    patients: released.values[0] ?? 0,
    readings: readingsAt < 0 ? undefined : released.values[readingsAt],
    figures: figuresOf(question, released, signs, edgesOf(vital, kept.edges)),
    method: methodSheet({ manifest, query: kept.query, panel: signs, pagesPerPatient }),
  };
}

/** A *variance* answer as a group of a test. Undefined: too few to tell. Throws QUESTION_IMPOSSIBLE: it is another kind. */
function groupOf({ manifest, figures, patients, readings }: Answered): Group | undefined {
  if (manifest.question.kind !== 'variance') throw new CodedError('QUESTION_IMPOSSIBLE');
  const { mean, variance } = figures;
  if (mean?.kind !== 'value' || variance?.kind !== 'value' || readings === undefined)
    return undefined;
  return { mean: mean.value, variance: variance.value, patients, readings, noise: mean.noise };
}

/** Welch's t of two answers about cohorts that share nobody; undefined: too few to tell. */
export function ttestOf(a: Answered, b: Answered) {
  const [one, two] = [groupOf(a), groupOf(b)];
  return one === undefined || two === undefined ? undefined : welchTest(one, two);
}

/** One-way ANOVA of several such answers. */
export function anovaOf(answers: readonly Answered[]) {
  const groups = answers.flatMap((it) => groupOf(it) ?? []);
  return groups.length < answers.length ? undefined : oneWayAnova(groups);
}
