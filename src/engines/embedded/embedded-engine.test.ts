import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CounterApplication } from '../../../test/fakes/counter-application.ts';
import { verifyVote } from '../../../test/fakes/verify-vote.ts';
import { utf8 } from '../../primitives/bytes.ts';
import { describeEngine, type EngineUnderTest } from '../engine.contract.ts';
import { type EmbeddedOptions, openEmbeddedEngine, validatorKeyOf } from './open.ts';

function options(directory: string): EmbeddedOptions {
  const { publicKey } = validatorKeyOf(directory);
  return {
    directory,
    genesis: {
      chainId: 'test-1',
      genesisHash: new Uint8Array(32).fill(1),
      timeMs: 1_700_000_000_000,
      validators: [{ publicKey, power: 1 }],
    },
    openApplication: () => new CounterApplication(join(directory, 'state.db')),
    verifyVote,
    timing: { windowMs: 2, idleWindowMs: 0, proofDelayMs: 0 },
  };
}

async function open(directory: string): Promise<EngineUnderTest> {
  const engine = await openEmbeddedEngine(options(directory));
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

describeEngine('the embedded engine with a counter', () =>
  open(mkdtempSync(join(tmpdir(), 'salus-engine-'))),
);
