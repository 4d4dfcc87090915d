import type { StoredBlock } from '../../../src/engines/blocks/stored-block.ts';
import { decodeTx } from '../../../src/ledger/codec.ts';
import { decodeCbor } from '../../../src/primitives/cbor.ts';
import { type Finding, finding, type Ledger } from './blocks.ts';

/** Each act of a transaction that was accepted, in the order of the ledger, with its answer. */
function* accepted({ blocks }: Ledger) {
  for (const block of blocks) {
    for (const [index, tx] of block.txs.entries()) {
      const result = block.results[index];
      if (result?.code !== 0) continue;
      const answers = decodeCbor(result.data) as readonly Uint8Array[];
      const { sender, acts } = decodeTx(tx).body;
      for (const [at, act] of acts.entries()) yield { block, sender, act, answer: answers[at] };
    }
  }
}

/** The epoch that runs at a block's time. */
function running(schedule: readonly Epoch[], { timeMs }: StoredBlock): number {
  return schedule.findLast(({ validFromMs }) => validFromMs <= timeMs)?.epoch ?? 0;
}

interface Epoch {
  readonly epoch: number;
  readonly validFromMs: number;
}

/** Check 5: the epochs of an account only rise, and nothing is anchored under another than the one that runs. */
export function epochs(ledger: Ledger): Finding {
  const schedules = new Map<string, Epoch[]>();
  const violations: string[] = [];
  let compared = 0;
  for (const { block, sender, act } of accepted(ledger)) {
    const schedule = schedules.get(sender) ?? [];
    if (act.kind === 'KeySet') {
      schedules.set(sender, schedule);
      for (const { epoch, validFromMs } of act.schedule) {
        compared += 1;
        const last = schedule.at(-1);
        if (epoch <= (last?.epoch ?? 0))
          violations.push(`epoch ${epoch} of ${sender} does not rise`);
        schedule.push({ epoch, validFromMs: Math.max(validFromMs, block.timeMs) });
      }
    } else if (act.kind === 'DataAnchor' || act.kind === 'DiagnosisAnchor') {
      compared += 1;
      const runs = running(schedule, block);
      if (act.epoch !== runs) {
        violations.push(
          `block ${block.height}: an anchor of ${sender} under epoch ${act.epoch}, and ${runs} runs`,
        );
      }
    }
  }
  return finding('epochs', compared, violations);
}

/** Check 6: a look is answered as live between the grant and its end only. */
export function accessLog(ledger: Ledger): Finding {
  const grants = new Map<string, { readonly notAfterMs: number; isRevoked: boolean }>();
  const violations: string[] = [];
  let live = 0;
  let ended = 0;
  for (const { block, act, answer } of accepted(ledger)) {
    if (act.kind === 'ConsentGrant') {
      grants.set(act.consent, { notAfterMs: act.notAfterMs, isRevoked: false });
    } else if (act.kind === 'ConsentRevoke') {
      const grant = grants.get(act.consent);
      if (grant !== undefined) grant.isRevoked = true;
    } else if (act.kind === 'AccessLog') {
      for (const [at, { consent }] of act.entries.entries()) {
        if (answer?.[at] !== 1) {
          ended += 1;
          continue;
        }
        live += 1;
        const grant = grants.get(consent);
        const isLive = grant !== undefined && !grant.isRevoked && block.timeMs < grant.notAfterMs;
        if (!isLive)
          violations.push(`block ${block.height}: a look under ${consent}, which had ended`);
      }
    }
  }
  return finding('access log', live + ended, violations, { live, ended });
}
