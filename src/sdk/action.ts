import type { Context, WorkOptions } from './client/context.ts';

/**
 * Something that a person does, declared by a wing: `person.run(action, input)` runs it as one account, verified
 * and stopped like the methods of `Person`. `run` throws coded errors alone; `input` was parsed by who calls.
 */
export interface Action<Input, Output> {
  /** The wing and what is done, `vitals/read`: for logs and progress, never for dispatch. */
  readonly name: string;
  run(ctx: Context, input: Input, options: WorkOptions): Promise<Output>;
}
