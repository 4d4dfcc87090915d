import { deriveKey, hmacSha256, labelledInfo, sha256 } from '../../../crypto/hash.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../../primitives/ids.ts';
import {
  fromTypedCode,
  toTypedCode,
  typedGroups,
  typedLetters,
} from '../../../primitives/typed-code.ts';
import { alertsNames } from '../names.ts';
import { codeBytes } from './choice.ts';

const { labels } = alertsNames;
const dataCharacters = (codeBytes * 8) / 5;
const checkCharacters = 4;

/** Whose address, as it is spelled, at which hospital. */
export interface Addressed {
  readonly account: AccountId;
  readonly address: string;
  /** Names the key of the hospital's codes, 16 bytes. */
  readonly codeKeyId: Uint8Array;
}

/** The key of a hospital's codes, of what its alert service and its gateway share. */
export const codeKeyOf = (outboxKey: Uint8Array): Uint8Array =>
  deriveKey(outboxKey, labels.alertConfirmKey, []);

/** What devices know that key by, 16 bytes. */
export const codeKeyIdOf = (outboxKey: Uint8Array): Uint8Array =>
  deriveKey(outboxKey, labels.alertConfirmId, [], 16);

/** What confirms an address, 5 bytes: made anew each time, kept nowhere. Source: docs/protocol/alerts.md, AL-20. */
export function confirmationCode(
  key: Uint8Array,
  { account, address }: Omit<Addressed, 'codeKeyId'>,
): Uint8Array {
  const said = labelledInfo(labels.alertConfirm, [idBytes(account), address]);
  return hmacSha256(key, said).slice(0, codeBytes);
}

/** As a letter shows it: three groups of four characters, the last of them a checksum over whose address it is. */
export const formatConfirmation = (code: Uint8Array, of: Addressed): string =>
  typedGroups(toTypedCode(code) + checksum(code, of));

/** Takes what W-4 takes of a printed code. Throws ALERT_CODE_WRONG: a slip, or the code of another account, address or hospital. */
export function parseConfirmation(typed: string, of: Addressed): Uint8Array {
  const clean = typedLetters(typed);
  const isWhole = clean.length === dataCharacters + checkCharacters;
  const code = isWhole ? fromTypedCode(clean.slice(0, dataCharacters)) : undefined;
  if (code === undefined || checksum(code, of) !== clean.slice(dataCharacters)) {
    throw new CodedError('ALERT_CODE_WRONG');
  }
  return code;
}

/** It keeps nothing secret: who has the code makes it. */
function checksum(code: Uint8Array, { account, address, codeKeyId }: Addressed): string {
  const context = [codeKeyId, code, idBytes(account), address];
  const said = labelledInfo(labels.alertConfirmCheck, context);
  return toTypedCode(sha256(said).slice(0, 5)).slice(0, checkCharacters);
}
