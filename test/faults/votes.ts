import { setTimeout as wait } from 'node:timers/promises';
import { bytesOfText, textOfBytes } from '../../src/api/message-parts.ts';
import { stateAnswer } from '../../src/api/tx.ts';
import { labels } from '../../src/crypto/labels.ts';
import { signLabelled } from '../../src/crypto/signature.ts';
import { nodeKeys } from '../../src/engines/cometbft/node-home.ts';
import { encodeTx, encodeTxBody } from '../../src/ledger/codec.ts';
import { suite } from '../../src/ledger/object-types.ts';
import type { Act } from '../../src/ledger/protocol.ts';
import { decodeRow } from '../../src/ledger/table.ts';
import { accounts } from '../../src/ledger/tables/accounts.ts';
import { genesisIn, type HeldKey, heldKeys } from '../../src/server/founding.ts';
import { proposalId } from '../../src/wings/consortium/ledger/acts/gov-propose.ts';
import type { Change } from '../../src/wings/consortium/ledger/changes.ts';
import type { Hospital } from './hospital.ts';

const patienceMs = 20_000;
const tries = 8;
const inForceMs = 30_000;

/** A change that these hospitals want: proposed by the first, with a yes of each other one. Resolves when it is decided. */
export async function decide(by: readonly Hospital[], change: Change): Promise<void> {
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

/** Its validator's key, and whose it is. */
export async function seatOf(hospital: Hospital) {
  const { account: organisation } = await keyOf(hospital);
  const { validator: publicKey } = nodeKeys(hospital.nodeHome);
  return { organisation, publicKey };
}

/** How long it took until so many are in force, as this hospital's node says. Throws when they do not come to be. */
export async function validatorsAre(hospital: Hospital, count: number): Promise<number> {
  const startedAt = performance.now();
  while (performance.now() - startedAt < inForceMs) {
    if ((await hospital.validators()).length === count) {
      return Math.round(performance.now() - startedAt);
    }
    await wait(200);
  }
  throw new Error(`the validators did not become ${count}`);
}

async function keyOf({ home, servers }: Hospital): Promise<HeldKey> {
  const [key] = await heldKeys(home, genesisIn(servers));
  if (key === undefined) throw new Error('no key of an organisation');
  return key;
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
