import { loadAllParts } from '@salus/salus/sdk/browser';
import { wingPartOf, wingParts } from '../../wings/calls.ts';
import { walletCalls } from './wallet.ts';

/**
 * Everything that a page can have done; one file for each part of the app. Each is loaded when one of its calls is asked
 * for, so that a wallet opens before the parts have come that few screens need.
 */
const parts = {
  add: async () => (await import('./add.ts')).addCalls,
  asking: async () => (await import('./asking.ts')).askingCalls,
  check: async () => (await import('./check.ts')).checkCalls,
  clinician: async () => (await import('./clinician.ts')).clinicianCalls,
  code: async () => (await import('./code.ts')).codeCalls,
  desk: async () => (await import('./desk.ts')).deskCalls,
  explorer: async () => (await import('./explorer.ts')).explorerCalls,
  export: async () => (await import('./export.ts')).exportCalls,
  home: async () => (await import('./home.ts')).homeCalls,
  item: async () => (await import('./item.ts')).itemCalls,
  join: async () => (await import('./join.ts')).joinCalls,
  keys: async () => (await import('./keys.ts')).keysCalls,
  leaving: async () => (await import('./leaving.ts')).leavingCalls,
  looked: async () => (await import('./looked.ts')).lookedCalls,
  moving: async () => (await import('./moving.ts')).movingCalls,
  network: async () => (await import('./network.ts')).networkCalls,
  report: async () => (await import('./report.ts')).reportCalls,
  record: async () => (await import('./record.ts')).recordCalls,
  share: async () => (await import('./share.ts')).shareCalls,
  sharing: async () => (await import('./sharing.ts')).sharingCalls,
  trend: async () => (await import('./trend.ts')).trendCalls,
  wallet: async () => walletCalls,
  writing: async () => (await import('./writing.ts')).writingCalls,
  ...wingParts,
} as const;

type Part = keyof typeof parts;
type CallsOf<P extends Part> = Awaited<ReturnType<(typeof parts)[P]>>;
type PartOf = { readonly [P in Part as keyof CallsOf<P>]: P };
type CallOf<Name, P extends Part> = P extends Part
  ? Name extends keyof CallsOf<P>
    ? CallsOf<P>[Name]
    : never
  : never;
export type Calls = { readonly [Name in keyof PartOf]: CallOf<Name, PartOf[Name]> };

const partOf: PartOf = {
  'add.file': 'add',
  'add.typed': 'add',
  'asking.list': 'asking',
  'asking.access': 'asking',
  'asking.who': 'asking',
  'asking.introduce': 'asking',
  'asking.keep': 'asking',
  'asking.drop': 'asking',
  'check.receipt': 'check',
  'patients.accept': 'clinician',
  'patients.drop': 'clinician',
  'chart.follow': 'clinician',
  'chart.item': 'clinician',
  patients: 'clinician',
  'code.mine': 'code',
  'code.read': 'code',
  'code.find': 'code',
  'desk.open': 'desk',
  'desk.openDemo': 'desk',
  'desk.state': 'desk',
  'desk.close': 'desk',
  'desk.invite': 'desk',
  'desk.reissue': 'desk',
  'desk.cancel': 'desk',
  'desk.list': 'desk',
  'desk.lookUp': 'desk',
  'desk.freeze': 'desk',
  'explorer.blocks': 'explorer',
  'explorer.forget': 'explorer',
  'record.export': 'export',
  home: 'home',
  'item.open': 'item',
  'item.versions': 'item',
  'item.readers': 'item',
  'item.bytes': 'item',
  'item.hex': 'item',
  'item.attachment': 'item',
  'item.receipt': 'item',
  'item.erase': 'item',
  'item.reclassify': 'item',
  'demo.invitation': 'join',
  'join.start': 'join',
  'join.recover': 'join',
  'join.device': 'join',
  'device.add': 'join',
  'device.answer': 'join',
  'keys.trySheet': 'keys',
  'keys.tryPassphrase': 'keys',
  'keys.tryPasskey': 'keys',
  'keys.addPasskey': 'keys',
  'keys.removePasskey': 'keys',
  'keys.setPassphrase': 'keys',
  'keys.change': 'keys',
  'keys.freeze': 'keys',
  'keys.newSheet': 'keys',
  'keys.stopNewSheet': 'keys',
  keys: 'keys',
  'leave.export': 'leaving',
  'leave.check': 'leaving',
  'leave.close': 'leaving',
  'looked.report': 'report',
  'looked.records': 'looked',
  'looked.proof': 'looked',
  looked: 'looked',
  'move.demo': 'moving',
  'move.enrol': 'moving',
  'move.records': 'moving',
  'move.shares': 'moving',
  'move.close': 'moving',
  'hospital.show': 'moving',
  move: 'moving',
  network: 'network',
  'record.fresh': 'record',
  'record.view': 'record',
  'record.rows': 'record',
  'share.start': 'share',
  'share.entries': 'share',
  'share.give': 'share',
  'sharing.grants': 'sharing',
  'sharing.overview': 'sharing',
  'sharing.stop': 'sharing',
  'sharing.accept': 'sharing',
  'sharing.drop': 'sharing',
  'item.trend': 'trend',
  'demo.people': 'wallet',
  'demo.open': 'wallet',
  'wallet.unlock': 'wallet',
  'wallet.lock': 'wallet',
  'wallet.passkeys': 'wallet',
  'wallet.unlockByPasskey': 'wallet',
  site: 'wallet',
  'drafts.list': 'writing',
  'drafts.open': 'writing',
  'drafts.keep': 'writing',
  'drafts.resume': 'writing',
  'drafts.drop': 'writing',
  'write.sign': 'writing',
  ...wingPartOf,
};

const loaded = new Map<Part, object>([['wallet', walletCalls]]);

/**
 * A call by its name, which the page keeps to and here is only a text; undefined: there is none. Where its part is
 * loaded it is there at once, so that calls begin in the order in which they came: what was typed is kept before a lock.
 */
export function callNamed(name: string): unknown {
  const part = Object.entries(partOf).find(([key]) => key === name)?.[1];
  if (part === undefined) return undefined;
  const calls = loaded.get(part);
  return calls === undefined ? loadPart(part).then(named(name)) : named(name)(calls);
}

const named = (name: string) => (calls: object) =>
  Object.entries(calls).find(([key]) => key === name)?.[1];

async function loadPart(part: Part): Promise<object> {
  const calls = await parts[part]();
  loaded.set(part, calls);
  return calls;
}

/** Everything, once what was asked for first is there: a screen that comes later does without the network. */
export async function loadAll(): Promise<void> {
  for (const part of new Set(Object.values(partOf))) await loadPart(part);
  await loadAllParts();
}
