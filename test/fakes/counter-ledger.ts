import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedOptions, validatorKeyOf } from '../../src/engines/embedded/open.ts';
import { CounterApplication } from './counter-application.ts';
import { verifyVote } from './verify-vote.ts';

export const temporaryLedger = (): string => mkdtempSync(join(tmpdir(), 'salus-engine-'));

/** Options of an embedded engine with a counter behind it, impatient so that tests are quick. */
export function counterLedger(directory: string): EmbeddedOptions {
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
