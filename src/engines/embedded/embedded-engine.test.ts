import { rmSync } from 'node:fs';
import { counterLedger, temporaryLedger } from '../../../test/fakes/counter-ledger.ts';
import { verifyVote } from '../../../test/fakes/verify-vote.ts';
import { utf8 } from '../../primitives/bytes.ts';
import { describeEngine, type EngineUnderTest } from '../engine.contract.ts';
import { openEmbeddedEngine } from './open.ts';

async function open(directory: string): Promise<EngineUnderTest> {
  const engine = await openEmbeddedEngine(counterLedger(directory));
  return {
    engine,
    trustRoot: await engine.trustRoot(),
    verifyVote,
    accepted: (n) => utf8(`add a 1 ${n}`),
    refused: (n) => utf8(`add a 0 ${n}`),
    malformed: utf8('take a 1'),
    row: { table: 'counters', key: utf8('a') },
    async reopen() {
      await engine.close();
      return open(directory);
    },
    async dispose() {
      await engine.close();
      rmSync(directory, { recursive: true });
    },
  };
}

describeEngine('the embedded engine with a counter', () => open(temporaryLedger()));
