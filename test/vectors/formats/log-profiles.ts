import { labels } from '../../../src/crypto/labels.ts';
import { signLabelled } from '../../../src/crypto/signature.ts';
import { type LogProfile, profileSignedBytes } from '../../../src/ledger/acts/log-profile.ts';
import { encodeTx, encodeTxBody } from '../../../src/ledger/codec.ts';
import { readIncomingTx } from '../../../src/ledger/incoming.ts';
import { executeBlock, executeGenesis } from '../../../src/ledger/ledger.ts';
import { suite } from '../../../src/ledger/object-types.ts';
import type { LogName } from '../../../src/ledger/shapes.ts';
import { stateKey } from '../../../src/ledger/table.ts';
import { profileRowId, profiles } from '../../../src/ledger/tables/profiles.ts';
import { MemoryStore } from '../../memory-store.ts';
import { genesis } from './chain.ts';
import { chainId, hospital } from './people.ts';
import { type Format, hex } from './write.ts';

const day = 86_400_000;

/** One change of a log, signed by the one organisation there is, and the row that it leaves. */
async function changed(profile: LogName, added: readonly number[], fromHeight: number) {
  const before = genesis.logs.find(({ name }) => name === profile)?.acts ?? [];
  const said = { profile, acts: [...before, ...added], version: 1, fromHeight };
  const bytes = profileSignedBytes(said, chainId);
  const { sign } = hospital.keys;
  const approval = {
    organisation: hospital.account,
    signKey: sign.publicKey,
    signature: await signLabelled(sign, labels.profileSign, bytes),
  };
  const act: LogProfile = { kind: 'LogProfile', ...said, approvals: [approval] };
  const timeMs = genesis.timeMs + 1;
  const body = {
    ...({ suite, chainId, log: 'user', sender: hospital.account, nonce: 1, acts: [act] } as const),
    validUntilMs: timeMs + day,
  };
  const signature = await signLabelled(sign, labels.txSign, encodeTxBody(body));
  const tx = encodeTx({ body, signatures: [{ publicKey: sign.publicKey, signature }] });
  const store = new MemoryStore();
  store.apply(executeGenesis(genesis).writes);
  const verified = {
    ...readIncomingTx(tx, 65_536),
    verdict: { isSigned: true, proven: new Set([0]) },
  };
  const { results, writes } = executeBlock(store, genesis, [verified], { height: 1, timeMs });
  store.apply(writes);
  const row = store.row(stateKey(profiles, profileRowId(profile))) ?? new Uint8Array(0);
  return {
    ...said,
    chainId,
    signed: hex(bytes),
    tx: hex(tx),
    code: results[0]?.code,
    row: hex(row),
  };
}

export const logProfiles: Format = {
  about:
    'acts.md A-9, state.md ST-2: LogProfile in the first block of the ledger of blocks.json; what the organisation signs, the transaction, its result and the row of the log',
  cases: () =>
    Promise.all([
      changed('user', [40, 72], 5),
      changed('doc', [80], 100_001),
      changed('user', [], 2),
      changed('user', [40], 1),
    ]),
};
