import { sha256Text } from './hash.ts';
import type { Session } from './session.ts';

/**
 * Writes down that a way opened the wallet today; what cannot be written now is not worth failing for. A way that worked
 * earlier the same day is not written again: each unlock would send a new copy.
 */
export async function noteWay(
  session: Session,
  kind: 'passkey' | 'passphrase',
  credentialId?: Uint8Array,
): Promise<void> {
  const { person, wallet } = session;
  const id = credentialId ?? (await sha256Text(wallet.id));
  const known = person.waysIn.find((it) => it.kind === kind && sameBytes(it.id, id));
  if (known !== undefined && Date.now() - known.workedMs < 86_400_000) return;
  await person.wayWorked({ kind, id }).catch(() => undefined);
}

/** The way back when every device is gone was printed, and never tried. */
export function isSheetUntried({ person }: Session): boolean {
  const { printedCheck, waysIn } = person;
  return (
    printedCheck !== undefined &&
    !waysIn.some((it) => it.kind === 'sheet' && sameBytes(it.id, printedCheck))
  );
}

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((it, at) => it === b[at]);
