import type { Readable } from 'node:stream';
import type { WalletStore } from '../sdk/index.ts';
import { processStreams, type Streams } from './output.ts';

/** What a command line has from the process it runs in: all of it that commands may use. */
export interface Surroundings extends Streams {
  /** What was typed or piped in; read by the commands that are asked to. */
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the wallets made here cost to open, and who works it out; missing: what people's wallets cost, this process. */
  readonly passphrases?: Pick<WalletStore, 'passphraseCost' | 'stretchPassphrase'>;
}

export const processSurroundings: Surroundings = {
  ...processStreams,
  // Not before somebody reads it: it is opened by the first look at it.
  get stdin() {
    return process.stdin;
  },
  env: process.env,
};
