import { verifyLabelled } from '../../../../crypto/signature.ts';
import { accounts } from '../../../../ledger/tables/accounts.ts';
import { keys } from '../../../../ledger/tables/keys.ts';
import { equalBytes } from '../../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import { decodeAs } from '../../../../primitives/shape.ts';
import {
  pseudonymOf,
  type Registration,
  registration,
  signedRegistration,
} from '../../api/registration.ts';
import { vitalsNames } from '../../names.ts';
import type { DataServerBase } from '../data-server-base.ts';
import { forged, perhapsForged, wronglySigned } from '../forged.ts';

/** A device's clock may be wrong by a year (`http.md` H-23). */
export const farthestAheadMs = 400 * 86_400_000;

/** The registration in its signed form; its signature was held against the ledger when it came. Throws CBOR_SHAPE. */
export const registrationIn = (signed: Uint8Array): Registration =>
  decodeAs(registration, decodeAs(signedRegistration, signed).registration);

type Registering = Pick<DataServerBase, 'ledger' | 'store' | 'now'>;

/**
 * Takes a patient's registration in. Throws ACCOUNT_UNKNOWN, ACCOUNT_FROZEN, SIGNATURE_WRONG, REQUEST_INVALID (a counter too
 * far ahead), PSEUDONYM_UNPROVEN, PSEUDONYM_TAKEN, REGISTRATION_OLD {counter}. Rules VS-6 and VS-6a.
 */
export async function register(
  { ledger, store, now }: Registering,
  signed: Uint8Array,
): Promise<void> {
  const said = registrationIn(signed);
  const { account, pseudonym, counter } = said;
  const row = await ledger.row(accounts, account);
  if (row === undefined || row.role !== 'patient')
    throw perhapsForged('ACCOUNT_UNKNOWN', { account });
  if (row.frozen) throw perhapsForged('ACCOUNT_FROZEN', { account });

  const holds = (key: Uint8Array) => isSignedBy(key, signed);
  if (!(await holds(row.signKey))) {
    const signer = { account, keyGeneration: row.keyGeneration };
    throw await wronglySigned('SIGNATURE_WRONG', signer, { ledger, holds });
  }
  // Whoever had her keys once must leave a counter behind that she can go beyond with her new ones.
  if (counter > now() + farthestAheadMs) throw new CodedError('REQUEST_INVALID', { at: 'counter' });
  const isProven = isMadeFor(said);
  const over = isProven ? await olderOf(store, said, row.signKey) : undefined;
  if (!isProven && (await store.registration(pseudonym)) === undefined)
    throw new CodedError('PSEUDONYM_UNPROVEN');
  try {
    await store.register({ pseudonym, account, counter, signed }, over);
  } catch (error) {
    const kept = await store.registration(pseudonym);
    // Another's pseudonym; with one of her own she may have lost her wallet, and drawn anew.
    if (isCoded(error, 'PSEUDONYM_TAKEN') && kept !== undefined && kept.account !== account)
      throw forged('PSEUDONYM_TAKEN');
    if (!isCoded(error, 'REGISTRATION_OLD')) throw error;
    const known = kept?.counter ?? counter;
    throw new CodedError('REGISTRATION_OLD', { counter: known }, error);
  }
}

/**
 * Takes one in that both of the others have, so that one of them took it when it came: its patient may be frozen since, have other
 * keys, or a pseudonym that nothing shows to be hers. Throws ACCOUNT_UNKNOWN, SIGNATURE_WRONG (by none of the keys that the ledger has
 * of her), PSEUDONYM_UNPROVEN, PSEUDONYM_TAKEN, REGISTRATION_OLD. Rule VT-11.
 */
export async function registerAsOthers(
  { ledger, store }: Registering,
  signed: Uint8Array,
): Promise<void> {
  const said = registrationIn(signed);
  const { account, pseudonym, counter } = said;
  const row = await ledger.row(keys, account);
  if (row === undefined) throw new CodedError('ACCOUNT_UNKNOWN', { account });
  isMadeFor(said);
  for (const { identity } of row.identities)
    if (await isSignedBy(identity.signKey, signed))
      return store.register({ pseudonym, account, counter, signed });
  throw new CodedError('SIGNATURE_WRONG');
}

/** False: it is from before, and has no salt. Throws PSEUDONYM_UNPROVEN: made for another account, whose salt this one shows. */
function isMadeFor({ account, pseudonym, pseudonymSalt }: Registration): boolean {
  if (pseudonymSalt.length === 0) return false;
  if (equalBytes(pseudonymOf(account, pseudonymSalt), pseudonym)) return true;
  throw forged('PSEUDONYM_UNPROVEN');
}

/** What stands for this account under another pseudonym, if it is by a key that is in use no more: who had that key may have brought it. */
async function olderOf(
  store: DataServerBase['store'],
  { account, pseudonym }: Registration,
  key: Uint8Array,
): Promise<Uint8Array | undefined> {
  const own = await store.registrationOf(account);
  if (own === undefined || equalBytes(own.pseudonym, pseudonym)) return undefined;
  // It was held against the ledger when it came: by another key she has changed hers since.
  return (await isSignedBy(key, own.signed)) ? undefined : own.signed;
}

function isSignedBy(key: Uint8Array, signed: Uint8Array): Promise<boolean> {
  const { registration: bytes, signature } = decodeAs(signedRegistration, signed);
  return verifyLabelled(key, vitalsNames.labels.registration, bytes, signature);
}
