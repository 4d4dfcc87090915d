import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseRecordId, type RecordId } from '../primitives/ids.ts';

/** So many lines of a list can be opened by their number. */
const maxKept = 1000;

/** Who listed, and in which home. */
interface Lister {
  readonly home: string;
  readonly name: string;
}

const pathOf = ({ home, name }: Lister): string => join(home, 'people', `${name}.listed`);

/**
 * Keeps which record stood at which place of the list that was just printed, so that one is opened by its number:
 * ids alone, which say nothing of what is in a record. That it cannot be kept is no reason to stop.
 */
export function keepList(lister: Lister, recordIds: readonly RecordId[]): void {
  const path = pathOf(lister);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, `${recordIds.slice(0, maxKept).join('\n')}\n`, { mode: 0o600 });
  } catch {}
}

/** The record at this place of the last list, from 1. Undefined: no place of it. */
export function listedAt(lister: Lister, text: string): RecordId | undefined {
  // Six digits and more may be the beginning of an id.
  if (!/^[1-9]\d{0,4}$/.test(text)) return undefined;
  try {
    const id = readFileSync(pathOf(lister), 'utf8').split('\n')[Number(text) - 1];
    return id === undefined || id === '' ? undefined : parseRecordId(id);
  } catch {
    return undefined;
  }
}
