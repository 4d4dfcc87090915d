import { sha256 } from '../../../../crypto/hash.ts';
import { compareBytes, equalBytes } from '../../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import { parseAccountId, parseBlobId } from '../../../../primitives/ids.ts';
import type {
  HeardHour,
  KeptEnvelope,
  KeptRegistration,
  PageNames,
  PageState,
  PlannedBatch,
  StoredPage,
  WaitingPage,
} from './page-store.ts';

/** Rows as a database gives them, read. All throw HOME_INVALID {column} for what no store of pages wrote. */
export type Row = Readonly<Record<string, unknown>>;

const idBytes = 16;

export function bytesIn(row: Row | undefined, column: string): Uint8Array {
  const value = row?.[column];
  if (!(value instanceof Uint8Array)) throw new CodedError('HOME_INVALID', { column });
  return value;
}

export function uintIn(row: Row | undefined, column: string): number {
  const value = row?.[column];
  if (typeof value !== 'number') throw new CodedError('HOME_INVALID', { column });
  return value;
}

export function textIn(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new CodedError('HOME_INVALID', { column });
  return value;
}

export const registrationOf = (row: Row): KeptRegistration => ({
  ...{ pseudonym: bytesIn(row, 'pseudonym'), account: parseAccountId(row.account) },
  ...{ counter: uintIn(row, 'counter'), signed: bytesIn(row, 'signed') },
});

export const heardOf = (row: Row): HeardHour => ({
  ...{ sensor: bytesIn(row, 'sensor'), hour: uintIn(row, 'hour') },
  ...{ atMs: uintIn(row, 'at_ms'), trio: textIn(row, 'trio') },
});

export const envelopeOf = (row: Row): KeptEnvelope => ({
  ...{ id: parseBlobId(row.name), bytes: bytesIn(row, 'envelope') },
});

export const namesOf = (row: Row): PageNames => ({
  ...{ page: bytesIn(row, 'page'), trio: textIn(row, 'trio') },
  ...{ manifestHash: bytesIn(row, 'manifest_hash'), manifest: bytesIn(row, 'manifest') },
  ...{ signature: bytesIn(row, 'signature'), sensor: bytesIn(row, 'sensor') },
  ...{ pseudonym: bytesIn(row, 'pseudonym'), panel: uintIn(row, 'panel') },
  ...{ startHour: uintIn(row, 'hour'), n: uintIn(row, 'n'), leaf: bytesIn(row, 'leaf') },
});

export const waitingOf = (row: Row): WaitingPage => ({
  ...{ page: bytesIn(row, 'page'), manifestHash: bytesIn(row, 'manifest_hash') },
  manifest: bytesIn(row, 'manifest'),
  ...(row.said instanceof Uint8Array && { said: row.said }),
});

const states: readonly PageState[] = ['waiting', 'accepted', 'refused'];

export function storedOf(row: Row): StoredPage {
  const state = states.find((it) => it === row.state);
  if (state === undefined) throw new CodedError('HOME_INVALID', { column: 'state' });
  return {
    ...{ ...namesOf(row), state, batch: uintIn(row, 'batch') },
    ...(typeof row.code === 'string' && { code: row.code }),
    ...(row.said instanceof Uint8Array && { said: row.said }),
  };
}

export function batchOf(row: Row): PlannedBatch {
  const ids = bytesIn(row, 'pages');
  return {
    ...{ trio: textIn(row, 'trio'), number: uintIn(row, 'number'), root: bytesIn(row, 'root') },
    pages: Array.from({ length: ids.length / idBytes }, (_, at) =>
      ids.subarray(at * idBytes, (at + 1) * idBytes),
    ),
    ...{ firstHour: uintIn(row, 'first_hour'), lastHour: uintIn(row, 'last_hour') },
  };
}

/** Whether a registration that stands is the one in whose place another of its account may be put. */
export const isOver = (
  stands: KeptRegistration,
  { account, pseudonym }: KeptRegistration,
  over: Uint8Array | undefined,
): boolean =>
  over !== undefined &&
  stands.account === account &&
  !equalBytes(stands.pseudonym, pseudonym) &&
  equalBytes(stands.signed, over);

/**
 * Whether it may stand in the place of the one that is kept: by its counter, of two with one counter by its hash, so that all three
 * servers end with the same. Rule VS-6b.
 */
export const isNewer = (of: KeptRegistration, than: KeptRegistration): boolean =>
  of.counter === than.counter
    ? compareBytes(sha256(of.signed), sha256(than.signed)) > 0
    : of.counter > than.counter;

/** Undefined: what stands there cannot be read, or was not written by this server. */
export function readable<It>(read: () => It): It | undefined {
  try {
    return read();
  } catch (error) {
    if (isCoded(error, 'HOME_INVALID') || isCoded(error, 'ROW_TAMPERED')) return undefined;
    throw error;
  }
}
