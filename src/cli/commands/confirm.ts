import { confirm, isCancel } from '@clack/prompts';
import { CodedError } from '../../primitives/errors.ts';
import type { CommandContext } from './command.ts';

/** Asks a person at a terminal before something that cannot be undone. Throws INTERRUPTED. */
export async function confirmed(
  { output, surroundings }: CommandContext,
  question: string,
): Promise<void> {
  if (output.json || surroundings.stdin.isTTY !== true) return;
  const answer = await confirm({ message: question, initialValue: false, output: process.stderr });
  if (isCancel(answer) || !answer) throw new CodedError('INTERRUPTED');
}
