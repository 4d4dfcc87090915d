import { type ModelAct, type ModelContext, Refused } from '../../../../../test/model/wing.ts';
import { bytesOf } from '../../../../../test/world.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { type StatPurpose, statPurposes } from '../../ledger/purposes.ts';

/** The wing's rules once more, sentence by sentence as docs/protocol/vitals-ledger.md has them: rows as JSON, no shared rule. */
export type Rows = Map<string, string>;
export type Row = Readonly<Record<string, unknown>>;

export const read = <R extends Row>(rows: Rows, id: string): R | undefined => {
  const text = rows.get(id);
  return text === undefined ? undefined : (JSON.parse(text) as R);
};

/** Bytes as hex, and fields by name: what the model and the ledger are compared in. */
export const plain = (value: unknown): string =>
  JSON.stringify(value, (_, it: unknown) => {
    if (it instanceof Uint8Array) return bytesToHex(it);
    if (it === null || typeof it !== 'object' || Array.isArray(it)) return it;
    return Object.fromEntries(Object.entries(it).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
export const keep = (rows: Rows, id: string, row: Row): unknown => rows.set(id, plain(row));

export const number = (value: number): string => value.toString(16).padStart(16, '0');

export function needsRight({ sender, height, spine }: ModelContext): void {
  if (!hasRight(spine, sender, height)) throw new Refused('SENDER_WRONG');
}

export function hasRight(spine: ModelContext['spine'], id: string, height: number): boolean {
  const steps = spine.consortium.named.get(id)?.rights ?? [];
  const now = steps.filter(({ from }) => from <= height).at(-1);
  return now?.rights.includes('stat') === true;
}

export interface TrioRow extends Row {
  readonly servers: readonly string[];
  readonly newestBatch: number;
}
export interface DatasetRow extends Row {
  readonly trio: string;
  readonly researcherCap: number;
  readonly datasetCap: number;
  readonly purposes: readonly string[];
}
export interface PermitRow extends Row {
  readonly dataset: string;
  readonly researcher: string;
  readonly purpose: string;
  readonly microRho: number;
  readonly notAfterMs: number;
  readonly proposer: string;
  readonly approver: string;
  readonly spent: number;
}

export const idOf = (name: string): string => bytesToHex(bytesOf(name)).slice(0, 32);
export const purposeBy = (twist: number): StatPurpose => statPurposes[twist % 4] ?? 'research';
export const servers = ['server one', 'server two', 'server three'] as const;

/** One of the wing's acts in the model, with a rule over its own type; drawn out of one small number, so that datasets, permits and queries meet. */
export function modelAct<Act extends { readonly kind: string }>(
  act: Omit<ModelAct, 'draw' | 'judge'> & {
    draw(step: { readonly small: number; readonly twist: number }): Act;
    judge(rows: Rows, act: Act, context: ModelContext): void;
  },
): ModelAct {
  return { ...act, judge: (rows, of, context) => act.judge(rows, of as Act, context) };
}
