import { MemoryStore } from '../../../../test/memory-store.ts';
import { genesis } from '../../../../test/vectors/formats/chain.ts';
import { chainId, hospital, hospitalOf } from '../../../../test/vectors/formats/people.ts';
import { type Format, hex, pattern } from '../../../../test/vectors/formats/write.ts';
import { labels } from '../../../crypto/labels.ts';
import { signLabelled } from '../../../crypto/signature.ts';
import { encodeTx, encodeTxBody } from '../../../ledger/codec.ts';
import { readIncomingTx } from '../../../ledger/incoming.ts';
import { executeBlock, executeGenesis } from '../../../ledger/ledger.ts';
import { suite } from '../../../ledger/object-types.ts';
import { onlyRow, stateKey } from '../../../ledger/table.ts';
import { members } from '../../../ledger/tables/members.ts';
import { organisations } from '../../../ledger/tables/organisations.ts';
import { encodeAs } from '../../../primitives/shape.ts';
import { noRecovery, rotationIdentity } from '../../../sdk/wallet/identity.ts';
import { proposalId } from '../ledger/acts/gov-propose.ts';
import { type Change, change as changeShape } from '../ledger/changes.ts';
import { proposals } from '../ledger/tables/proposals.ts';
import { votingLogs } from './voting.ts';

const day = 86_400_000;

/** One proposal in the first block of a ledger whose only member decides by proposing, and the rows that it leaves. */
async function proposed(change: Change, number: number) {
  const founded = { ...genesis, logs: votingLogs };
  const timeMs = founded.timeMs + 1;
  const body = {
    ...({ suite, chainId, log: 'user', sender: hospital.account, nonce: 1 } as const),
    ...{ acts: [{ kind: 'GovPropose', number, change } as const], validUntilMs: timeMs + day },
  };
  const { sign } = hospital.keys;
  const signature = await signLabelled(sign, labels.txSign, encodeTxBody(body));
  const tx = encodeTx({ body, signatures: [{ publicKey: sign.publicKey, signature }] });
  const store = new MemoryStore();
  store.apply(executeGenesis(founded).writes);
  const verdict = { isSigned: true, proven: new Set([0]) };
  const verified = { ...readIncomingTx(tx, 65_536), verdict };
  const { results, writes } = executeBlock(store, founded, [verified], { height: 1, timeMs });
  store.apply(writes);
  const id = proposalId({ number, change }, { chainId, sender: hospital.account });
  const rowOf = (table: Parameters<typeof stateKey>[0], row: string) =>
    hex(store.row(stateKey(table, row)) ?? new Uint8Array(0));
  return {
    ...{ chainId, proposer: hospital.account, number, timeMs },
    ...{ change: hex(encodeAs(changeShape, change)), proposal: id, tx: hex(tx) },
    code: results[0]?.code,
    row: rowOf(proposals, id),
    members: rowOf(members, onlyRow),
    organisation: rowOf(organisations, hospital.account),
  };
}

export const governance: Format = {
  about:
    'governance.md: GovPropose in the first block of a ledger with one member: each kind of change, the id of the proposal, the result, and the rows of the proposal, the members and the hospital',
  async cases() {
    const organisation = hospital.account;
    const elm = await hospitalOf(180);
    const anew = await rotationIdentity(elm.keys, {
      ...{ chainId, account: organisation, recovery: noRecovery },
    });
    const named = { name: 'Elm Clinic', url: 'https://elm.example/elm' };
    const acts = votingLogs.find(({ name }) => name === 'user')?.acts ?? [];
    const changes: readonly Change[] = [
      { kind: 'validator-in', organisation, publicKey: pattern(32, 9) },
      { kind: 'validator-out', publicKey: pattern(32, 9) },
      { kind: 'member-in', identity: elm.identity, ...named, rights: ['enrol', 'serve'] },
      { kind: 'member-out', organisation },
      { kind: 'member-change', organisation, ...named, rights: ['enrol'] },
      { kind: 'profile', log: 'user', acts, version: 1 },
      { kind: 'member-keys', organisation, identity: anew },
    ];
    return Promise.all(changes.map((change, at) => proposed(change, at * 1_000)));
  },
};
