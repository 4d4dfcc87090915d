import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hex as hexOf, ModelLedger } from '../../../../test/model/model-ledger.ts';
import { accountOf, identityOf, validatorOf } from '../../../../test/world.ts';
import { validatorAddress } from '../../../ledger/chain/validators.ts';
import { charterAt } from '../../../ledger/charter.ts';
import { membersAt } from '../../../ledger/members.ts';
import { refusalOf } from '../../../ledger/refusals.ts';
import { accounts } from '../../../ledger/tables/accounts.ts';
import { organisations, rightsAt } from '../../../ledger/tables/organisations.ts';
import { validatorsOf } from '../../../ledger/validator-set.ts';
import type { DrawnBlock } from './golden-chain.ts';
import { digestOf, hex, VotingChain } from './golden-chain.ts';
import { consortiumTest } from './index.ts';
import { four, votingLogs } from './voting.ts';

const takes = (log: 'user' | 'doc') => votingLogs.find(({ name }) => name === log)?.acts ?? [];

/** The ledger once more, slow: of the consortium that the chain begins with. */
function modelOf(): ModelLedger {
  const rights = new Map(four.map((it) => [accountOf(it) as string, ['enrol', 'serve', 'batch']]));
  const validators = four.map((it) => ({ key: hex(validatorOf(it).publicKey), id: accountOf(it) }));
  const logs = { user: takes('user'), doc: takes('doc') };
  const known = { rights, chainId: 'salus-test-1', logs, validators };
  return new ModelLedger(
    known,
    four.map((it) => [accountOf(it), identityOf(it), it] as const),
  );
}

/** GV-10, once more. */
function punish(model: ModelLedger, { misbehaviour }: DrawnBlock): void {
  const { consortium } = model.state;
  for (const { validatorAddress: address } of misbehaviour) {
    const found = consortium.validators.find(
      ({ key }) => hex(validatorAddress(Buffer.from(key, 'hex'))) === hex(address),
    );
    if (found === undefined || consortium.validators.length <= 3) continue;
    consortium.validators = consortium.validators.filter((it) => it !== found);
    consortium.punished.push(found.key);
  }
}

/** Plays a chain in the ledger and, where one is given, in the model; answers with every code and app hash. */
function play(chain: VotingChain, blocks: number, model?: ModelLedger) {
  const { world } = chain;
  const appHashes: string[] = [];
  const codes = new Map<string, number>();
  for (let at = 0; at < blocks; at++) {
    const block = chain.next();
    const height = world.height + 1;
    if (model !== undefined) punish(model, block);
    const expected: string[] = [];
    const tops = new Map<string, number>();
    const txs = block.txs.map(({ from, key, act }) => {
      const top = tops.get(from) ?? world.view.get(accounts, accountOf(from))?.window.top ?? 0;
      tops.set(from, top + 1);
      const verified = world.verified({
        from,
        acts: [act],
        keys: [key],
        nonce: top + 1,
        validUntilMs: block.timeMs + 60_000,
      });
      if (model !== undefined && 'tx' in verified) {
        const run = model.run(
          { tx: verified.tx, isSigned: true, identityHolds: true },
          height,
          block.timeMs,
        );
        expected.push(run.code);
      }
      return verified;
    });
    const { results, appHash } = world.execute(txs, block.timeMs, block.misbehaviour);
    const said = results.map(({ code }) =>
      code === 0 ? 'accepted' : String(refusalOf(code)?.code),
    );
    for (const code of said) codes.set(code, (codes.get(code) ?? 0) + 1);
    if (model !== undefined) {
      assert.deepEqual(said, expected, `block ${height}`);
      assertSame(chain, model);
    }
    appHashes.push(hex(appHash));
  }
  return { appHashes, codes };
}

function assertSame({ world }: VotingChain, model: ModelLedger): void {
  const { consortium, ofWings, accounts: held } = model.state;
  for (const ahead of [1, 2, 3]) {
    const height = world.height + ahead;
    const charter = charterAt(world.view, world.genesis, height);
    const expected = [...consortium.named.keys()].filter((id) => model.isMember(id, height)).sort();
    assert.deepEqual([...membersAt(world.view, charter, height)].sort(), expected);
    const set = validatorsOf(world.view, charter);
    assert.deepEqual(
      set.map(({ publicKey, organisation }) => ({ key: hex(publicKey), id: organisation })),
      consortium.validators,
    );
    for (const [id, { name, url }] of consortium.named) {
      const row = world.view.get(organisations, id) ?? assert.fail(id);
      assert.deepEqual(
        [row.name, row.url, rightsAt(row, height)],
        [name, url, model.rightsOf(id, height)],
      );
    }
  }
  for (const [id, { frozen, identities }] of held) {
    const row = world.view.get(accounts, id) ?? assert.fail(id);
    const key = identities.at(-1)?.identity.signKey ?? new Uint8Array(0);
    assert.deepEqual([row.frozen, hexOf(row.signKey)], [frozen, hexOf(key)]);
  }
  consortiumTest.assertSame?.(ofWings, world.view);
}

interface Golden {
  readonly seed: number;
  readonly blocks: number;
  readonly digest: string;
  readonly last: string;
}
const golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden.json'), 'utf8')) as Golden;

test('the golden chain of votes gives the app hashes that are kept: a changed one is a changed rule or encoding', () => {
  const { appHashes, codes } = play(new VotingChain(golden.seed), golden.blocks);
  const { seed, blocks } = golden;
  assert.deepEqual({ seed, blocks, digest: digestOf(appHashes), last: appHashes.at(-1) }, golden);
  // What no chain of a few members brings, the tests beside this one do.
  const expected =
    'MEMBER_WRONG PROPOSAL_TAKEN PROPOSALS_FULL PROPOSAL_UNKNOWN PROPOSAL_CLOSED PROPOSAL_LAPSED VOTE_TAKEN VALIDATOR_EXISTS VALIDATOR_UNKNOWN VALIDATORS_FEW MEMBER_EXISTS MEMBER_UNKNOWN MEMBER_UNCHANGED MEMBER_VALIDATES';
  const missing = expected.split(' ').filter((code) => !codes.has(code));
  assert.deepEqual(missing, []);
});

for (const seed of process.env.SLOW === '1'
  ? Array.from({ length: 200 }, (_, at) => at + 1)
  : [1, 2, 3]) {
  test(`a consortium that votes all the time is the same in the ledger and in its model (seed ${seed})`, () => {
    play(new VotingChain(seed), 150, modelOf());
  });
}
