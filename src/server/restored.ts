import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { utf8 } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import { writeWhole } from './files.ts';
import { serversOf } from './process.ts';

const restored = z.strictObject({
  /** The last block of the restored ledger, after blocks of elsewhere were taken over. */
  height: z.int().nonnegative(),
  headerHash: z.string().max(64),
  backupHeight: z.int().nonnegative(),
  backupMs: z.int().nonnegative(),
  /** What the hospitals that were asked have; null: no answer that verifies. */
  peers: z.array(z.strictObject({ url: z.string(), height: z.int().nonnegative().nullable() })),
  /** The blocks of the home that was served last were taken over, to their end. */
  isComplete: z.boolean(),
  /** When somebody decided to go on without what came later; 0: nobody did. */
  acceptedMs: z.int().nonnegative(),
  /** Of a member of a consortium: the machine that was backed up may still run with these keys. */
  oldMayRun: z.boolean().optional(),
});

/**
 * What is known of the end of a restored ledger: it lies in the home until it goes, so that nobody takes an old ledger for
 * the newest. Source: docs/operations/backup.md, rule K-11.
 */
export type RestoredHome = Readonly<z.infer<typeof restored>>;

const pathOf = (home: string): string => join(serversOf(home), 'restored.json');

/** Undefined: the home was not restored. Throws HOME_INVALID. */
export function readRestored(home: string): RestoredHome | undefined {
  const path = pathOf(home);
  if (!existsSync(path)) return undefined;
  try {
    return restored.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new CodedError('HOME_INVALID', { file: 'restored.json' }, cause);
  }
}

export function writeRestored(home: string, facts: RestoredHome): void {
  writeWhole(pathOf(home), utf8(`${JSON.stringify(facts)}\n`));
}

/** The highest block that anybody was seen to have; undefined: nobody has a later one than this home. */
export function laterHeight({ height, peers }: Pick<RestoredHome, 'height' | 'peers'>) {
  const highest = Math.max(...peers.map((it) => it.height ?? 0), 0);
  return highest > height ? highest : undefined;
}

/** Whether the home may lack blocks that people have seen, and nobody has decided to go on without them. */
export function isUndecided(facts: RestoredHome): boolean {
  // The other members give the blocks that it lacks.
  if (facts.oldMayRun !== undefined) return facts.oldMayRun;
  const mayLack = !facts.isComplete || laterHeight(facts) !== undefined;
  return mayLack && facts.acceptedMs === 0;
}

/** What an operator has said of a restored home. */
export interface Decided {
  /** Goes on without the blocks that it may lack. */
  readonly acceptLoss?: boolean;
  /** The machine that was backed up is off for good. */
  readonly oldStopped?: boolean;
}

/** Before a home serves. Throws RESTORED_BEHIND {height, later?}: it may lack blocks; RESTORED_TWIN: the old machine may run. */
export function requireDecided(
  home: string,
  { acceptLoss = false, oldStopped = false }: Decided,
  nowMs: number,
): void {
  const facts = readRestored(home);
  if (facts === undefined || !isUndecided(facts)) return;
  if (facts.oldMayRun === true) {
    if (!oldStopped) throw new CodedError('RESTORED_TWIN', { height: facts.height });
    writeRestored(home, { ...facts, oldMayRun: false, acceptedMs: nowMs });
    return;
  }
  if (acceptLoss) {
    writeRestored(home, { ...facts, acceptedMs: nowMs });
    return;
  }
  const later = laterHeight(facts);
  const { height } = facts;
  throw new CodedError('RESTORED_BEHIND', { height, ...(later !== undefined && { later }) });
}
