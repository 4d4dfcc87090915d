import assert from 'node:assert/strict';
import { labels } from '../../src/crypto/labels.ts';
import { sealTo } from '../../src/crypto/letter.ts';
import { signLabelled } from '../../src/crypto/signature.ts';
import type { CommitOutcome } from '../../src/engines/engine.ts';
import { encodeTx, encodeTxBody } from '../../src/ledger/codec.ts';
import type { Identity } from '../../src/ledger/identity.ts';
import { suite } from '../../src/ledger/object-types.ts';
import type { Act } from '../../src/ledger/protocol.ts';
import { decodeRow } from '../../src/ledger/table.ts';
import { accounts } from '../../src/ledger/tables/accounts.ts';
import { keys } from '../../src/ledger/tables/keys.ts';
import { type AccountId, idBytes } from '../../src/primitives/ids.ts';
import type { Consortium } from '../e2e/consortium.ts';

/** A hospital that uses its own keys and its own right to write as it likes: what no gateway of ours would do. */
export async function sendAsHospital(
  consortium: Consortium,
  hospital: string,
  acts: readonly Act[],
): Promise<CommitOutcome> {
  const { organisation, key } = consortium.gateway(hospital).options;
  const { value } = await consortium.engine.query('accounts', idBytes(organisation), {
    prove: false,
  });
  assert.ok(value);
  const body = {
    suite,
    chainId: consortium.chainId,
    log: 'user',
    sender: organisation,
    nonce: decodeRow(accounts, value).window.top + 500,
    validUntilMs: consortium.now() + 60_000,
    acts,
  } as const;
  const signature = await signLabelled(key, labels.txSign, encodeTxBody(body));
  const tx = encodeTx({ body, signatures: [{ publicKey: key.publicKey, signature }] });
  const { code, txId } = await consortium.engine.submit(tx);
  assert.equal(code, 0);
  const outcome = await consortium.engine.waitCommit(txId, 10_000);
  assert.equal(outcome.result.code, 0);
  return outcome;
}

export async function identityOfAccount(
  consortium: Consortium,
  account: AccountId,
): Promise<Identity> {
  const { value } = await consortium.engine.query('keys', idBytes(account), { prove: false });
  assert.ok(value);
  const identity = decodeRow(keys, value).identities.at(-1)?.identity;
  assert.ok(identity);
  return identity;
}

/** A notice for somebody's inbox: anybody can seal one, the key is public. */
export async function sealNotice(
  consortium: Consortium,
  account: AccountId,
  plain: Uint8Array,
): Promise<Uint8Array> {
  const { kemKey } = await identityOfAccount(consortium, account);
  return sealTo(kemKey, labels.inboxSeal, [idBytes(account)], new Uint8Array(0), plain);
}
