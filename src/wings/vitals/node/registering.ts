import { verifyLabelled } from '../../../crypto/signature.ts';
import { accounts } from '../../../ledger/tables/accounts.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { decodeAs } from '../../../primitives/shape.ts';
import { type Registration, registration, signedRegistration } from '../api/registration.ts';
import { vitalsNames } from '../names.ts';
import type { DataServerBase } from './data-server-base.ts';

/** The registration in its signed form; its signature was held against the ledger when it came. Throws CBOR_SHAPE. */
export const registrationIn = (signed: Uint8Array): Registration =>
  decodeAs(registration, decodeAs(signedRegistration, signed).registration);

/**
 * Takes a patient's registration in. Throws ACCOUNT_UNKNOWN, ACCOUNT_FROZEN, SIGNATURE_WRONG, PSEUDONYM_TAKEN,
 * REGISTRATION_OLD. Rule VS-6.
 */
export async function register(
  { ledger, store }: Pick<DataServerBase, 'ledger' | 'store'>,
  signed: Uint8Array,
): Promise<void> {
  const { registration: bytes, signature } = decodeAs(signedRegistration, signed);
  const { account, pseudonym, counter } = decodeAs(registration, bytes);
  const row = await ledger.row(accounts, account);
  if (row === undefined || row.role !== 'patient')
    throw new CodedError('ACCOUNT_UNKNOWN', { account });
  if (row.frozen) throw new CodedError('ACCOUNT_FROZEN', { account });

  const label = vitalsNames.labels.registration;
  if (!(await verifyLabelled(row.signKey, label, bytes, signature)))
    throw new CodedError('SIGNATURE_WRONG');
  await store.register({ pseudonym, account, counter, signed });
}
