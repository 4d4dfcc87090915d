import type { Target, TargetModule } from '../target.ts';

export interface NamedTarget {
  /** Share of the time. */
  readonly weight: number;
  readonly open: () => Promise<Target>;
}

const of = (weight: number, load: () => Promise<TargetModule>): NamedTarget => ({
  weight,
  open: async () => (await load()).open(),
});

/**
 * Everything that takes bytes from strangers, by name. Each is imported when it is opened: a process loads only
 * what its target needs.
 */
export const targets: Readonly<Record<string, NamedTarget>> = {
  cbor: of(1, async () => (await import('./ledger.ts')).cborTarget),
  tx: of(1, async () => (await import('./ledger.ts')).tx),
  genesis: of(0.5, async () => (await import('./ledger.ts')).genesis),
  rows: of(0.5, async () => (await import('./ledger.ts')).rows),
  proofs: of(1, async () => (await import('./ledger.ts')).proofs),
  apply: of(3, async () => (await import('./apply.ts')).apply),
  receipts: of(2, async () => (await import('./chain.ts')).receipts),
  'trust-roots': of(0.5, async () => (await import('./chain.ts')).trustRoots),
  headers: of(0.5, async () => (await import('./chain.ts')).headers),
  commits: of(0.5, async () => (await import('./chain.ts')).commits),
  cards: of(0.5, async () => (await import('./objects.ts')).cards),
  letters: of(0.5, async () => (await import('./objects.ts')).letters),
  'read-requests': of(0.5, async () => (await import('./objects.ts')).readRequests),
  'grant-bodies': of(0.5, async () => (await import('./objects.ts')).grantBodies),
  questions: of(0.5, async () => (await import('./objects.ts')).questions),
  'inbox-messages': of(0.5, async () => (await import('./objects.ts')).inboxMessages),
  erasures: of(0.5, async () => (await import('./objects.ts')).erasures),
  looks: of(0.5, async () => (await import('./objects.ts')).looks),
  'row-answers': of(1, async () => (await import('./charts.ts')).rowAnswers),
  'body-streams': of(1, async () => (await import('./charts.ts')).bodyStreams),
  'bodies-asks': of(0.5, async () => (await import('./charts.ts')).bodiesAsks),
  'item-rows': of(0.5, async () => (await import('./objects.ts')).itemRows),
  'key-sets': of(0.5, async () => (await import('./objects.ts')).keySetBlobs),
  skeletons: of(0.5, async () => (await import('./objects.ts')).skeletons),
  fhir: of(1, async () => (await import('./files.ts')).fhir),
  ndjson: of(1, async () => (await import('./files.ts')).ndjson),
  'any-files': of(1, async () => (await import('./files.ts')).anyFiles),
  json: of(1, async () => (await import('./files.ts')).json),
  shown: of(1, async () => (await import('./files.ts')).shown),
  items: of(1, async () => (await import('./sealed.ts')).items),
  'item-insides': of(1, async () => (await import('./sealed.ts')).itemInsides),
  chunked: of(1, async () => (await import('./sealed.ts')).chunked),
  envelopes: of(1, async () => (await import('./sealed.ts')).envelopes),
  wallets: of(1, async () => (await import('./wallets.ts')).walletContents),
  'wallet-shards': of(1, async () => (await import('./wallets.ts')).walletShards),
  'wallet-files': of(1, async () => (await import('./wallets.ts')).walletFiles),
  'wallet-indexes': of(0.5, async () => (await import('./wallets.ts')).walletIndexes),
  'wallet-copies': of(1, async () => (await import('./wallet-copies.ts')).walletCopies),
  'copy-indexes': of(1, async () => (await import('./wallet-copies.ts')).copyIndexes),
  codes: of(0.5, async () => (await import('./wallets.ts')).codes),
  'device-links': of(0.5, async () => (await import('./devices.ts')).deviceLinks),
  'device-reveals': of(0.5, async () => (await import('./devices.ts')).deviceReveals),
  car: of(1, async () => (await import('./car.ts')).car),
  http: of(6, async () => (await import('./http.ts')).http),
};
