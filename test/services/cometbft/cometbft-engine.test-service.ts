import assert from 'node:assert/strict';
import { verifyVote } from '../../../src/crypto/signature.ts';
import { findCometBft } from '../../../src/engines/cometbft/node.ts';
import { describeEngine, type EngineUnderTest } from '../../../src/engines/engine.contract.ts';
import { parseGenesis } from '../../../src/ledger/genesis.ts';
import { utf8 } from '../../../src/primitives/bytes.ts';
import { idBytes } from '../../../src/primitives/ids.ts';
import { makeGenesis } from '../../builders.ts';
import { accepted, ana, hospitals, refused, startMs } from '../../ledger-series.ts';
import { type Member, makeNetwork } from './network.ts';

/** Where `npm run test:services` found the program. */
const program = findCometBft([process.env.SALUS_SERVICE ?? '']);

async function open(count: number): Promise<EngineUnderTest> {
  const template = parseGenesis(await makeGenesis(hospitals, startMs));
  const { members, remove } = await makeNetwork(template, { count, program });
  const [first] = members;
  assert.ok(first !== undefined);
  await Promise.all(members.map((it) => it.startNode()));
  await Promise.all(members.map((it) => it.untilCaughtUp()));
  return underTest(first, count, remove);
}

async function underTest(
  member: Member,
  count: number,
  remove: () => Promise<void>,
): Promise<EngineUnderTest> {
  const engine = await member.startEngine();
  return {
    engine,
    trustRoot: await engine.trustRoot(),
    verifyVote,
    hasVotesOfItsOwn: count > 1,
    accepted: (n) => accepted[n] ?? assert.fail(),
    refused: (n) => refused[n] ?? assert.fail(),
    malformed: utf8('not a transaction'),
    row: { table: 'accounts', key: idBytes(ana.account) },
    async reopen() {
      await member.stop();
      await member.startNode();
      return underTest(member, count, remove);
    },
    async dispose() {
      await remove();
      assert.deepEqual(member.troubles, []);
    },
  };
}

describeEngine('CometBFT, one validator', () => open(1));
describeEngine('CometBFT, four validators', () => open(4));
