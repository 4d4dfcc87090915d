import { CodedError } from '../primitives/errors.ts';

/** What a call needs that not every start does: it is loaded with the first such call. */
const parts = {
  accessReport: () => import('./actions/access-report.ts'),
  addFile: () => import('./actions/add-file.ts'),
  enrol: () => import('./actions/enrol.ts'),
  erase: () => import('./actions/erase.ts'),
  fetchReceipt: () => import('./actions/fetch-receipt.ts'),
  giveBack: () => import('./actions/give-back.ts'),
  grantMany: () => import('./grants/grant-many.ts'),
  looks: () => import('./actions/looks.ts'),
  makeBundle: () => import('./actions/make-bundle.ts'),
  makeWallet: () => import('./actions/make-wallet.ts'),
  moveRecords: () => import('./actions/move-records.ts'),
  myPatients: () => import('./actions/my-patients.ts'),
  newCode: () => import('./actions/new-code.ts'),
  newInChart: () => import('./actions/new-in-chart.ts'),
  ownDevices: () => import('./devices/own-devices.ts'),
  ownHistory: () => import('./actions/own-history.ts'),
  ownRecords: () => import('./actions/own-records.ts'),
  patientIdentity: () => import('./actions/patient-identity.ts'),
  readShared: () => import('./actions/read-shared.ts'),
  recordLines: () => import('./actions/record-lines.ts'),
  recover: () => import('./actions/recover.ts'),
  reporting: () => import('./actions/reporting.ts'),
  rotate: () => import('./actions/rotate.ts'),
  sharedPages: () => import('./actions/shared-pages.ts'),
  sync: () => import('./actions/sync.ts'),
  trustWords: () => import('./trust/trust-words.ts'),
  unlisted: () => import('./grants/unlisted.ts'),
  writeAgain: () => import('./actions/write-again.ts'),
  writeShared: () => import('./actions/write-shared.ts'),
} as const;

type Parts = typeof parts;

/** The same, with one way to fail: in a browser a part comes over the network. Each throws GATEWAY_UNREACHABLE. */
export const later = Object.fromEntries(
  Object.entries(parts).map(([name, load]) => [name, () => orUnreachable(load)]),
) as unknown as Parts;

/** How a report of accesses is said in words, shown as a page, kept as a file and checked. Throws GATEWAY_UNREACHABLE. */
export const reporting: Parts['reporting'] = () => later.reporting();

/** All of it at once, for a device that will be without network. Throws GATEWAY_UNREACHABLE. */
export async function loadAllParts(): Promise<void> {
  await Promise.all(Object.values(later).map((load) => load()));
}

async function orUnreachable(load: () => Promise<unknown>): Promise<unknown> {
  try {
    return await load();
  } catch (error) {
    throw new CodedError('GATEWAY_UNREACHABLE', {}, error);
  }
}
