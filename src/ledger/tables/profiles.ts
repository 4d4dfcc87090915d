import { bytesToHex, utf8 } from '../../primitives/bytes.ts';
import { list, type Of, struct, uint, uintTo } from '../../primitives/shape.ts';
import type { LogName } from '../shapes.ts';
import { stateTable } from '../table.ts';

/** What a log takes, and by which version of the rules, from a height on. */
const entry = struct({
  /** Act numbers, rising. */
  acts: list(uintTo(255)),
  version: uint,
  fromHeight: uint,
});
export type ProfileEntry = Of<typeof entry>;

/** Id: the log's name. The entry in force, and after it one that has not begun; no row: what genesis says. */
export const profiles = stateTable('profiles', list(entry, { least: 1, most: 2 }));

/** Ids are bytes: those of the word. */
export function profileRowId(log: LogName): string {
  return bytesToHex(utf8(log));
}
