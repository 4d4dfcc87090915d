import type { Request, Response } from 'cosmjs-types/tendermint/abci/types';
import { AbciServer, type Answer } from '../../../src/engines/cometbft/abci/server.ts';
import { CometEngine } from '../../../src/engines/cometbft/comet-engine.ts';
import { CometNode } from '../../../src/engines/cometbft/node.ts';
import { type LedgerApplication } from '../../../src/engines/ledger-application/open.ts';
import { type Genesis } from '../../../src/ledger/genesis.ts';
/** One validator: its node's home, the application behind it, and the engine in front. */
export declare class Member {
  #private;
  readonly folder: string;
  application: LedgerApplication | undefined;
  server: AbciServer | undefined;
  node: CometNode | undefined;
  engine: CometEngine | undefined;
  readonly validatorKey: Uint8Array;
  readonly troubles: unknown[];
  /** What the node is answered instead, from its next start on. */
  around: (honest: Answer) => Answer;
  /** Told each question of the node with its answer, and this machine's clock when it was asked. */
  onExchange: ((request: Request, response: Response, atMs: number) => void) | undefined;
  constructor(
    folder: string,
    of: {
      readonly program: string;
      readonly genesis: Genesis;
      readonly genesisBytes: Uint8Array;
      readonly peers: ReadonlySet<string>;
      readonly validatorKey: Uint8Array;
    },
  );
  get genesisBytes(): Uint8Array;
  get home(): string;
  startNode(): Promise<void>;
  startEngine(): Promise<CometEngine>;
  stop(): Promise<void>;
}
/** Homes of `count` validators of a ledger that begins as `template` does; nothing runs yet. */
export declare function makeNetwork(
  template: Genesis,
  {
    count,
    program,
  }: {
    readonly count: number;
    readonly program: string;
  },
): Promise<{
  readonly members: readonly Member[];
  readonly remove: () => Promise<void>;
}>;
