import type { Readable } from 'node:stream';
import { confirm, isCancel, password, text } from '@clack/prompts';
import { CodedError } from '../primitives/errors.ts';
import type { WalletStore } from '../sdk/index.ts';
import { processStreams, type Streams } from './output.ts';

/** A person at a terminal, who can be asked. All throw INTERRUPTED when nobody wants to answer. */
export interface Terminal {
  /** What is typed is not shown. */
  secret(question: string): Promise<string>;
  /** What is typed is shown. */
  line(question: string): Promise<string>;
  yes(question: string): Promise<boolean>;
}

/** What a command line has from the process it runs in: all of it that commands may use. */
export interface Surroundings extends Streams {
  /** What was typed or piped in; read by the commands that are asked to. */
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Missing: the clock of this machine. */
  readonly now?: (() => number) | undefined;
  /** Missing: the zone of this machine, such as `Europe/Zurich`. */
  readonly zone?: string | undefined;
  /** Missing: nobody sits there. Asked through `asking.ts` alone. */
  readonly terminal?: Terminal | undefined;
  /** How this program is started once more: program and first arguments. */
  readonly command?: readonly string[];
  /** What the wallets made here cost to open, and who works it out; missing: what people's wallets cost, this process. */
  readonly passphrases?: Pick<WalletStore, 'passphraseCost' | 'stretchPassphrase'>;
}

/** Questions go to stderr: stdout is the result's alone. */
const processTerminal: Terminal = {
  async secret(message) {
    const answer = await password({ message, output: process.stderr });
    if (isCancel(answer)) throw new CodedError('INTERRUPTED');
    return answer;
  },
  async line(message) {
    const answer = await text({ message, output: process.stderr });
    if (isCancel(answer)) throw new CodedError('INTERRUPTED');
    return answer;
  },
  async yes(message) {
    const answer = await confirm({ message, initialValue: false, output: process.stderr });
    if (isCancel(answer)) throw new CodedError('INTERRUPTED');
    return answer;
  },
};

export const processSurroundings: Surroundings = {
  ...processStreams,
  // Not before somebody reads it: it is opened by the first look at it.
  get stdin() {
    return process.stdin;
  },
  get terminal() {
    const isAtTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
    return isAtTerminal ? processTerminal : undefined;
  },
  env: process.env,
  command: [process.execPath, process.argv[1] ?? ''],
};
