import { CodedError } from '../primitives/errors.ts';
import { checked, type Shape, text } from '../primitives/shape.ts';

/** UTF-16 units. */
export const maxNameLength = 200;
export const maxLicenceLength = 100;

/** Steers a screen, is not seen on it, or looks as each font will have it: private use, fillers, variation selectors. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
const otherSpace = /[^\P{Zs} ]/u;

/**
 * Whether text may stand as somebody's name (of a card, an invitation, a wallet, a nickname): NFC, at least one
 * letter or digit, no control, format, private or invisible character, no mark before what it marks, single spaces
 * and only between words. So what differs in bytes differs on the screen, save for letters of other scripts that
 * look alike. Source: docs/protocol/http.md, rule H-18.
 */
export function isDisplayName(name: string, maxLength = maxNameLength): boolean {
  return (
    name.length <= maxLength &&
    !unseen.test(name) &&
    !otherSpace.test(name) &&
    /[\p{L}\p{N}]/u.test(name) &&
    !/^\p{M}/u.test(name) &&
    !/^ | $| {2}/.test(name) &&
    name === name.normalize('NFC')
  );
}

/** A licence is written like a name; empty: none. */
export function isLicence(licence: string): boolean {
  return licence === '' || isDisplayName(licence, maxLicenceLength);
}

/** What a person typed, as a name: in NFC, spaces put in order. Throws NAME_INVALID. */
export function displayName(typed: string, what: 'name' | 'licence' = 'name'): string {
  const maxLength = what === 'name' ? maxNameLength : maxLicenceLength;
  const name = typed
    .normalize('NFC')
    .replace(/[\p{Zs}\t]+/gu, ' ')
    .replace(/^ | $/g, '');
  if (!isDisplayName(name, maxLength)) throw new CodedError('NAME_INVALID', { what, maxLength });
  return name;
}

/** A name in an object that travels. Decoding throws NAME_INVALID. */
export const displayNameText: Shape<string> = checked(text(maxNameLength), (name, field) => {
  if (!isDisplayName(name)) throw new CodedError('NAME_INVALID', { field });
});

/** A licence in an object that travels. Decoding throws NAME_INVALID. */
export const licenceText: Shape<string> = checked(text(maxLicenceLength), (licence, field) => {
  if (!isLicence(licence)) throw new CodedError('NAME_INVALID', { field });
});

/** Equal for names that people would take for one: without case, and after compatibility forms (NFKC). */
export function nameKey(name: string): string {
  return name.normalize('NFKC').toLowerCase().normalize('NFKC');
}
