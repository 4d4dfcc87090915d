import type { Command } from 'commander';
import type { AddFileOptions } from '../../sdk/index.ts';
import type { GlobalFlags } from '../global-flags.ts';
import type { Output } from '../output.ts';
import type { Surroundings } from '../surroundings.ts';

/** What a command is given; it adds itself to the program. */
export interface CommandContext {
  readonly flags: GlobalFlags;
  readonly output: Output;
  readonly surroundings: Surroundings;
  /** What flags of wings ask for, by the time that the command runs. */
  readonly added?: { double?: AddFileOptions['double'] };
  /** Aborted by Ctrl-C: every command stops cleanly and keeps what was confirmed. */
  readonly signal: AbortSignal;
}

export interface AddCommand {
  (program: Command, context: CommandContext): void;
  /** Commands of another file to which it adds flags: it is loaded with them, after that file. */
  readonly extends?: readonly string[];
}
