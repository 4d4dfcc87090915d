import type { AccountId, ConsentId } from '../../primitives/ids.ts';
import { consentId, list, struct, uint } from '../../primitives/shape.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { type ReceivedGrant, receivedGrants } from '../grants/received.ts';
import { type Note, noteBeside, noted } from './kept-beside.ts';
import { watch } from './watch.ts';

/** Somebody whose records this person may read or add to now or soon, and what is new about it on this device. */
export interface MyPatient {
  readonly patient: AccountId;
  readonly name: string;
  /** Live, or not begun yet: the one that ends last is first. */
  readonly grants: readonly ReceivedGrant[];
  /** Granted since the last time that this was asked. */
  readonly newGrants: readonly ConsentId[];
  /** Times that something was added to the chart since then, as blocks tell: what it was, a look says. */
  readonly newAnchors: number;
}

const shape = struct({ height: uint, consents: list(consentId) });
const seen: Note<{ readonly height: number; readonly consents: readonly ConsentId[] }> = {
  ...{ name: 'patients', shape, nothing: { height: 0, consents: [] } },
};

/** Further back no block is asked for what was added: a device that slept is told less, and no server works for it. */
const mostBlocks = 2_000;
const patienceMs = 5_000;

/** The patients of this account, those whose grants end first before others. Asking it is nobody's look. */
export async function myPatients(
  ctx: Context,
  options: WorkOptions = {},
): Promise<readonly MyPatient[]> {
  const open = (await receivedGrants(ctx, options)).filter((it) => it.state !== 'ended');
  const before = await noted(ctx, seen);
  const { height } = ctx.ledger.tip;
  const anchors = await anchorsSince(ctx, before.height, height, options.signal);
  const byPatient = new Map<AccountId, ReceivedGrant[]>();
  for (const it of open) byPatient.set(it.patient, [...(byPatient.get(it.patient) ?? []), it]);
  const known = new Set(before.consents);
  const patients = [...byPatient].map(([patient, grants]) => ({
    patient,
    name: grants.find((it) => it.patientName !== '')?.patientName ?? '',
    grants: grants.sort((a, b) => b.notAfterMs - a.notAfterMs),
    newGrants: grants.map((it) => it.consent).filter((it) => !known.has(it)),
    newAnchors: anchors.get(patient) ?? 0,
  }));
  await noteBeside(ctx, seen, { height, consents: open.map((it) => it.consent) });
  return patients.sort((a, b) => endOf(a) - endOf(b));
}

const endOf = ({ grants }: Pick<MyPatient, 'grants'>): number => grants[0]?.notAfterMs ?? 0;

/** By whose account, how often. Nothing the first time, and where the hospital does not tell in time. */
async function anchorsSince(
  ctx: Context,
  since: number,
  upTo: number,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  if (since === 0 || since >= upTo) return counts;
  const late = AbortSignal.timeout(patienceMs);
  const until = signal === undefined ? late : AbortSignal.any([late, signal]);
  const from = Math.max(since, upTo - mostBlocks);
  for await (const { height, acts } of watch(ctx, { signal: until, since: from })) {
    for (const { kind, account } of acts) {
      const isAnchor = kind === 'DataAnchor' || kind === 'DiagnosisAnchor';
      if (isAnchor && account !== undefined) counts.set(account, (counts.get(account) ?? 0) + 1);
    }
    if (height >= upTo) break;
  }
  return counts;
}
