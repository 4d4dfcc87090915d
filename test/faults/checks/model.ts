import { createHash, createPublicKey, verify } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { bytesOfText } from '../../../src/api/message-parts.ts';
import { bodyOfTx, decodeTx } from '../../../src/ledger/codec.ts';
import type { Genesis } from '../../../src/ledger/genesis.ts';
import { accountIdOfKey } from '../../../src/ledger/identity.ts';
import { refusalOf } from '../../../src/ledger/refusals.ts';
import { decodeRow } from '../../../src/ledger/table.ts';
import { accounts } from '../../../src/ledger/tables/accounts.ts';
import { consents } from '../../../src/ledger/tables/consents.ts';
import type { Tx } from '../../../src/ledger/tx.ts';
import { decodeCbor } from '../../../src/primitives/cbor.ts';
import { hex, ModelLedger, type ModelState, newest } from '../../model/model-ledger.ts';
import type { History, Observation } from '../history.ts';
import { type Finding, finding, type Ledger } from './blocks.ts';

/**
 * Check 4: the ledger's rules once more, slow and without a shared line (test/model), on the blocks that the hospitals agreed
 * on: each transaction has the code and the answer that the model gives, and each row that a hospital told at some height is
 * the model's at that height.
 */
export function referenceModel(
  genesis: Genesis,
  ledger: Ledger,
  history: Pick<History, 'observations'>,
): Finding {
  const model = modelOf(genesis);
  const asked = new Map<number, Observation[]>();
  for (const it of history.observations)
    asked.set(it.height, [...(asked.get(it.height) ?? []), it]);
  const violations: string[] = [];
  let compared = 0;
  let observed = 0;
  let unmodelled = 0;
  for (const { height, timeMs, txs, results } of ledger.blocks) {
    for (const [index, bytes] of txs.entries()) {
      const result = results[index];
      const expected = outcomeIn(model, bytes, { height, timeMs, isAccepted: result?.code === 0 });
      const told = result && {
        code: result.code === 0 ? 'accepted' : (refusalOf(result.code)?.code ?? `${result.code}`),
        data: decodeCbor(result.data),
      };
      if (expected === undefined) {
        unmodelled += 1;
        continue;
      }
      compared += 1;
      if (isDeepStrictEqual(told, expected)) continue;
      violations.push(
        `block ${height}, ${index}: ${told?.code}, and the model says ${expected.code}`,
      );
      // From here on the two are different ledgers.
      return finding('reference model', compared, violations, { observed, unmodelled });
    }
    for (const observation of asked.get(height) ?? []) {
      observed += 1;
      const { hospital, table, key } = observation;
      if (!isDeepStrictEqual(rowTold(observation), rowIn(model.state, observation))) {
        violations.push(
          `${hospital} told another row ${table}/${key} at ${height} than the model has`,
        );
      }
    }
  }
  return finding('reference model', compared, violations, { observed, unmodelled });
}

/** Acts of a wing that may be gone. */
const votes: ReadonlySet<string> = new Set(['GovPropose', 'GovVote']);

function modelOf({ chainId, organisations, logs }: Genesis): ModelLedger {
  const idOf = ({ identity }: Genesis['organisations'][number]) =>
    accountIdOfKey(identity.suite, identity.signKey) as string;
  const takes = (log: string) => logs.find(({ name }) => name === log)?.acts ?? [];
  return new ModelLedger(
    {
      chainId,
      rights: new Map(organisations.map((it) => [idOf(it), it.rights])),
      logs: { user: takes('user'), doc: takes('doc') },
    },
    organisations.map((it) => [idOf(it), it.identity, it.name]),
  );
}

/** Undefined: the model does not know what members decide by vote; check 9 and the faults see to who the validators are. */
function outcomeIn(
  model: ModelLedger,
  bytes: Uint8Array,
  of: { readonly height: number; readonly timeMs: number; readonly isAccepted: boolean },
) {
  const { height, timeMs, isAccepted } = of;
  const tx = readTx(bytes);
  if (tx === undefined) return { code: 'none', data: [] };
  const isSigned = isSignedIn(tx, bytes);
  // Nobody here sends an identity that does not hold; where the ledger accepts one that is ended the comparison.
  const parts = { tx, isSigned, identityHolds: true };
  if (tx.body.acts.some(({ kind }) => votes.has(kind))) {
    // Its number is used up all the same.
    model.state.accounts.get(tx.body.sender)?.usedNonces.add(tx.body.nonce);
    return undefined;
  }
  return model.run(parts, height, timeMs, isAccepted ? 'final' : 'undone');
}

/** Undefined: a liar's bytes, which no correct validator lets into a block. */
function readTx(bytes: Uint8Array): Tx | undefined {
  try {
    return decodeTx(bytes);
  } catch {
    return undefined;
  }
}

/** By Node's own Ed25519, under the label as docs/protocol/labels.md has it. */
function isSignedIn({ signatures }: Tx, bytes: Uint8Array): boolean {
  const hash = createHash('sha256').update(bodyOfTx(bytes)).digest();
  const message = Buffer.concat([Buffer.from('salus/1/tx/sign\0'), hash]);
  return signatures.every(({ publicKey, signature }) => {
    const x = Buffer.from(publicKey).toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, message, key, signature);
  });
}

/** What the model knows of a row, as the hospital told it. */
function rowTold({ table, value }: Observation): unknown {
  if (value === null) return undefined;
  const bytes = bytesOfText(value);
  if (table === 'accounts') {
    const { role, organisation, frozen, highestEpoch, signKey, window, keyGeneration } = decodeRow(
      accounts,
      bytes,
    );
    return {
      ...{ role, organisation, frozen, highestEpoch, generation: keyGeneration },
      ...{ key: hex(signKey), top: window.top },
    };
  }
  const { account, notBeforeMs, notAfterMs, grantedHeight, revokedHeight, looks, ...rest } =
    decodeRow(consents, bytes);
  return {
    ...{ account, notBeforeMs, notAfterMs, grantedHeight, revokedHeight, looks },
    ...{ chain: hex(rest.lookChain), writeKey: hex(rest.writeKey), top: rest.window.top },
  };
}

function rowIn(state: ModelState, { table, key }: Observation): unknown {
  if (table === 'accounts') {
    const found = state.accounts.get(key);
    if (found === undefined) return undefined;
    const { role, organisation, frozen, highest, usedNonces, identities } = found;
    return {
      ...{ role, organisation, frozen, highestEpoch: highest, generation: identities.length - 1 },
      ...{ key: hex(newest(found).signKey), top: topOf(usedNonces) },
    };
  }
  const found = state.consents.get(key);
  if (found === undefined) return undefined;
  const { account, notBeforeMs, notAfterMs, grantedHeight, revokedHeight, looks } = found;
  return {
    ...{ account, notBeforeMs, notAfterMs, grantedHeight, revokedHeight, looks },
    ...{ chain: found.chain, writeKey: found.writeKey, top: topOf(found.usedNonces) },
  };
}

function topOf(numbers: ReadonlySet<number>): number {
  let top = 0;
  for (const it of numbers) if (it > top) top = it;
  return top;
}
