import type { History, Operation } from '../history.ts';
import {
  type Finding,
  finding,
  hashOf,
  isBefore,
  type Kept,
  type Ledger,
  type Placed,
  roundOf,
} from './blocks.ts';

type Told = Pick<History, 'operations'>;

/** Everything that was tried for one transaction, first to last. */
interface Tried {
  readonly first: Operation;
  readonly all: readonly Operation[];
  readonly txId: string | undefined;
}

function triedIn({ operations }: Told): Tried[] {
  const byName = new Map<string, Operation[]>();
  for (const it of operations) {
    const before = byName.get(it.of);
    if (before === undefined) byName.set(it.of, [it]);
    else before.push(it);
  }
  return [...byName.values()].flatMap((all) => {
    const [first] = all;
    if (first === undefined) return [];
    const isEnrolment = first.of.startsWith('enrol ');
    const txId = isEnrolment ? all.find((it) => it.outcome === 'ok')?.txId : first.of;
    return [{ first, all, txId }];
  });
}

/** Check 1: what was confirmed is there once and where it was said; what was refused did nothing. */
export function exactlyOnce(history: Told, { places }: Ledger): Finding {
  const violations: string[] = [];
  const counts = { confirmed: 0, refused: 0, open: 0, broughtAgain: 0 };
  for (const [txId, all] of places) {
    const done = all.filter(({ code }) => code === 0);
    if (done.length > 1) violations.push(`${txId} was done ${done.length} times`);
    // By a liar, who may bring what stood in a block: refused there, and found where it stood first.
    if (all.length > 1) counts.broughtAgain += 1;
    if (done.length === 1 && all[0]?.code !== 0)
      violations.push(`${txId} was done the second time`);
  }
  for (const { all, txId } of triedIn(history)) {
    const place = txId === undefined ? undefined : places.get(txId)?.[0];
    const ok = all.find((it) => it.outcome === 'ok');
    if (ok !== undefined) {
      counts.confirmed += 1;
      if (place === undefined) violations.push(`${txId} was confirmed and is not there`);
      else if (place.code !== 0) violations.push(`${txId} was confirmed, and refused in its block`);
      else if (all.some((it) => it.outcome === 'ok' && it.height !== place.height)) {
        violations.push(`${txId} was confirmed in another block than ${place.height}`);
      }
      continue;
    }
    const isRefused = all.every((it) => it.outcome === 'fail');
    counts[isRefused ? 'refused' : 'open'] += 1;
    if (isRefused && place?.code === 0) {
      violations.push(`${txId} was refused (${all[0]?.code}) and is in block ${place.height}`);
    }
  }
  return finding('exactly once', counts.confirmed + counts.refused, violations, counts);
}

/** Check 2: the same block, results and state at every height, at every hospital. */
export function agreement(kept: readonly Kept[], first: Ledger): Finding {
  const violations: string[] = [];
  let compared = 0;
  for (const { name, ledger } of kept) {
    const { blocks } = ledger;
    if (blocks.length !== first.blocks.length) {
      violations.push(`${name} has ${blocks.length} blocks, and not ${first.blocks.length}`);
    }
    for (const [at, block] of blocks.entries()) {
      const other = first.blocks[at];
      if (other === undefined) continue;
      compared += 1;
      const isSame =
        hashOf(block) === hashOf(other) &&
        Buffer.compare(block.appHash, other.appHash) === 0 &&
        JSON.stringify(block.results) === JSON.stringify(other.results) &&
        block.height === at + 1;
      if (!isSame) violations.push(`${name} has another block ${block.height}`);
    }
  }
  const rounds: Record<number, number> = {};
  for (const block of first.blocks) {
    const round = roundOf(block);
    rounds[round] = (rounds[round] ?? 0) + 1;
  }
  return finding('agreement', compared, violations, { height: first.blocks.length, rounds });
}

/** Check 3: what was confirmed before something was asked for stands before it. */
export function realTimeOrder(history: Told, { places }: Ledger): Finding {
  const placed = triedIn(history).flatMap(({ first, all, txId }) => {
    const place = txId === undefined ? undefined : places.get(txId)?.[0];
    if (place === undefined) return [];
    const endedMs = Math.min(
      ...all.filter((it) => it.outcome === 'ok').map((it) => it.endedMs),
      Number.POSITIVE_INFINITY,
    );
    return [{ txId, place, invokedMs: first.invokedMs, endedMs }];
  });
  const ends = placed
    .filter(({ endedMs }) => Number.isFinite(endedMs))
    .sort((a, b) => a.endedMs - b.endedMs);
  const violations: string[] = [];
  let next = 0;
  let furthest: { readonly place: Placed; readonly txId: string | undefined } | undefined;
  for (const { place, invokedMs, txId } of placed.sort((a, b) => a.invokedMs - b.invokedMs)) {
    for (let end = ends[next]; end !== undefined && end.endedMs < invokedMs; end = ends[++next]) {
      if (furthest === undefined || isBefore(furthest.place, end.place)) furthest = end;
    }
    if (furthest !== undefined && isBefore(place, furthest.place)) {
      violations.push(
        `${txId} stands before ${furthest.txId}, which was confirmed before it was sent`,
      );
    }
  }
  return finding('real-time order', placed.length, violations);
}
