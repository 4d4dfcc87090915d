import { lastBackup } from '../../../server/last-backup.ts';
import { machineEndsMs } from '../../../server/member/machine.ts';
import { ownIn } from '../../../server/member/network.ts';

const dayMs = 24 * 60 * 60_000;
/** A backup a day is what docs/operations/backup.md asks for; half a day more lets a slow one end. */
const backupMs = 1.5 * dayMs;
/** The running server renews it thirty days before its end: with so little left it could not. */
const certificateMs = 14 * dayMs;

/** What the operator of this home is to be told, and which one of its kind it is. */
export function troubles(
  home: string,
  nowMs: number,
): readonly (readonly ['backup' | 'certificate', string])[] {
  const backup = lastBackup(home);
  const isOld = backup !== undefined && nowMs - backup.createdMs > backupMs;
  const endsMs = ownIn(home) === undefined ? undefined : machineEndsMs(home);
  const isEnding = endsMs !== undefined && endsMs - nowMs < certificateMs;
  return [
    ...(isOld ? [['backup', String(backup.createdMs)] as const] : []),
    ...(isEnding ? [['certificate', String(endsMs)] as const] : []),
  ];
}
