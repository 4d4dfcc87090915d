import { setTimeout as wait } from 'node:timers/promises';
import type { Looked } from '../sdk/actions/looks.ts';
import { checkReceipt } from '../sdk/actions/receipts.ts';
import type { Facts } from './facts.ts';
import type { Scene } from './scene.ts';
import { hold } from './server.ts';

const batchPatienceMs = 20_000;

/** 10 · The patient lists who looked, refusals included; each has a receipt that holds offline. */
export async function listLooks(scene: Scene): Promise<Facts> {
  const { patient } = scene;
  const looked = await lookedWithReceipts(scene);
  hold(looked.withheld.length === 0, 'no look was kept back');
  const trust = patient.person.trustRootJson();
  const byAccount = new Map([...scene.members.values()].map((it) => [it.account, it.nickname]));
  const notices: Facts[] = [];
  for (const [i, notice] of looked.notices.entries()) {
    hold(notice.kind !== 'doubtful', 'every notice verifies');
    const { receipt } = notice;
    hold(receipt !== undefined, 'every notice has a receipt');
    const verdict = await checkReceipt(receipt, trust);
    hold(verdict.claim !== undefined, 'the receipt opens its entry');
    const file = scene.keepReceipt(`${notice.kind}-${i + 1}`, receipt);
    const who = notice.kind === 'erased' ? notice.holder : notice.reader;
    notices.push({
      kind: notice.kind,
      who: byAccount.get(who) ?? who,
      ...(notice.kind === 'look' && { purpose: notice.purpose, items: notice.recordIds.length }),
      ...(notice.kind === 'refusal' && { code: notice.code }),
      height: verdict.height,
      txId: verdict.txId,
      receipt: file,
    });
  }
  const looks = notices.filter(({ kind }) => kind === 'look').length;
  const refusals = notices.filter(({ kind }) => kind === 'refusal').length;
  hold(looks > 0 && refusals > 0, 'looks and refusals are both listed');
  return { looks, refusals, withheld: 0, notices };
}

/** Refusals are anchored once a second here (once a minute in earnest): waits until all have been. */
async function lookedWithReceipts(scene: Scene): Promise<Looked> {
  const until = performance.now() + batchPatienceMs;
  for (;;) {
    const looked = await scene.patient.person.looked();
    const open = looked.notices.some((it) => it.kind !== 'doubtful' && it.receipt === undefined);
    if (!open || performance.now() > until) return looked;
    await wait(250);
  }
}
