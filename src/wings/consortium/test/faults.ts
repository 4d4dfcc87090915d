import { setTimeout as wait } from 'node:timers/promises';
import type { Fault } from '../../../../test/faults/faults.ts';
import type { Hospital } from '../../../../test/faults/hospital.ts';
import { keyOf, seatOf, validatorsAre } from '../../../../test/faults/seats.ts';
import { bytesOfText, textOfBytes } from '../../../api/message-parts.ts';
import { stateAnswer } from '../../../api/tx.ts';
import { labels } from '../../../crypto/labels.ts';
import { signLabelled } from '../../../crypto/signature.ts';
import { encodeTx, encodeTxBody } from '../../../ledger/codec.ts';
import { suite } from '../../../ledger/object-types.ts';
import type { Act } from '../../../ledger/protocol.ts';
import { decodeRow } from '../../../ledger/table.ts';
import { accounts } from '../../../ledger/tables/accounts.ts';
import { genesisIn } from '../../../server/home-members.ts';
import { proposalId } from '../ledger/acts/gov-propose.ts';
import type { Change } from '../ledger/changes.ts';

const patienceMs = 20_000;
const tries = 8;

/** What the wing brings to the faults that are played on four hospitals. */
export const faults: readonly Fault[] = [
  {
    ...{ name: 'voted out and in', on: 1 },
    play: async ({ holdMs, consortium: { hospitals } }, [one]) => {
      if (one === undefined) return 'nobody';
      // All others: enough of them, and so the three of four that it takes.
      const by = hospitals.filter((it) => it !== one);
      const { publicKey, organisation } = await seatOf(one);
      await decide(by, { kind: 'validator-out', publicKey });
      const left = await validatorsAre(one, hospitals.length - 1);
      await wait(holdMs);
      await decide(by, { kind: 'validator-in', organisation, publicKey });
      const back = await validatorsAre(one, hospitals.length);
      return `out after ${left} ms, in after ${back} ms`;
    },
  },
];

/** A change that these hospitals want: proposed by the first, with a yes of each other one. Resolves when it is decided. */
async function decide(by: readonly Hospital[], change: Change): Promise<void> {
  const [proposer, ...others] = by;
  if (proposer === undefined) throw new Error('nobody decides');
  // What tells this proposal from the same change before.
  const number = Date.now();
  await send(proposer, () => ({ kind: 'GovPropose', number, change }));
  const { account } = await keyOf(proposer);
  const { chainId } = genesisIn(proposer.servers);
  const proposal = proposalId({ number, change }, { chainId, sender: account });
  for (const other of others) await send(other, () => ({ kind: 'GovVote', proposal, yes: true }));
}

/** By the organisation's own key, whose numbers its gateway uses too: where that was before, the next is tried. */
async function send(hospital: Hospital, actOf: () => Act): Promise<void> {
  const { account, signingKey } = await keyOf(hospital);
  const { chainId } = genesisIn(hospital.servers);
  let refusal = '';
  for (let time = 0; time < tries; time++) {
    const base = `${hospital.url}/${hospital.name}`;
    const row = stateAnswer.parse(
      await (await fetch(`${base}/v1/state/accounts/${account}`)).json(),
    );
    const { window } = decodeRow(accounts, bytesOfText(row.value ?? ''));
    const body = {
      ...{ suite, chainId, sender: account, nonce: window.top + 1 + time },
      log: 'user',
      validUntilMs: Date.now() + 600_000,
      acts: [actOf()],
    } as const;
    const signature = await signLabelled(signingKey, labels.txSign, encodeTxBody(body));
    const tx = encodeTx({ body, signatures: [{ publicKey: signingKey.publicKey, signature }] });
    const response = await fetch(`${base}/v1/tx?waitMs=${patienceMs}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ tx: textOfBytes(tx) }),
    });
    if (response.ok) return;
    refusal = String(Object(await response.json()).code);
    // An earlier try, or another member's, has done it.
    if (['PROPOSAL_TAKEN', 'VOTE_TAKEN', 'PROPOSAL_CLOSED'].includes(refusal)) return;
  }
  throw new Error(`${hospital.name} could not decide: ${refusal}`);
}
