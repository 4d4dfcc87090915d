import { wings } from '../../model/wings.ts';
import { asks } from './asks.ts';
import { carriedItems } from './carried.ts';
import { bodyStreams, multiproofs, rowAnswers } from './charts.ts';
import { deviceCeremony } from './devices.ts';
import { encodings } from './encodings.ts';
import { foldedIdentities } from './folded-identities.ts';
import { forgedItems } from './forgeries.ts';
import { grantBodies, letters, readRequests, signedObjects } from './grants.ts';
import { headlines } from './headlines.ts';
import { blobs, doubleItems, items, padding, segments } from './items.ts';
import { envelopeSets, keySets } from './key-sets.ts';
import { blocks, nonces, stateProofs, transactions } from './ledger.ts';
import { logProfiles } from './log-profiles.ts';
import { accounts } from './people.ts';
import { receipts } from './receipts.ts';
import { walletCopies } from './wallet-copies.ts';
import { walletPasskeys } from './wallet-passkeys.ts';
import { printedCodes, walletFiles } from './wallets.ts';
import type { Format } from './write.ts';

/** Known answers of whole formats, by the name of their file in own/. test/python reproduces every one of them. */
const ofSpine: Readonly<Record<string, Format>> = {
  encodings,
  accounts,
  segments,
  items,
  'double-items': doubleItems,
  headlines,
  'forged-items': forgedItems,
  'carried-items': carriedItems,
  padding,
  blobs,
  'grant-bodies': grantBodies,
  letters,
  asks,
  'read-requests': readRequests,
  'signed-objects': signedObjects,
  'key-sets': keySets,
  'envelope-sets': envelopeSets,
  transactions,
  nonces,
  blocks,
  'state-proofs': stateProofs,
  receipts,
  'log-profiles': logProfiles,
  'folded-identities': foldedIdentities,
  'wallet-files': walletFiles,
  'wallet-passkeys': walletPasskeys,
  'wallet-copies': walletCopies,
  'printed-codes': printedCodes,
  'device-ceremony': deviceCeremony,
  multiproofs,
  'row-answers': rowAnswers,
  'body-streams': bodyStreams,
};

/**
 * With those of the wings. Asked for, and not awaited while this module loads: a wing's come by an import of their own,
 * which may need what this one is bundled with, and in a browser the two would wait for each other for ever.
 */
export async function formats(): Promise<Readonly<Record<string, Format>>> {
  const ofWings = await Promise.all(wings.map((wing) => wing.vectors?.() ?? {}));
  return Object.assign({}, ofSpine, ...ofWings);
}
