import { scenes } from './play.ts';

export interface Question {
  readonly id: number;
  readonly name: string;
  readonly input: unknown;
}

/** What came of a scene; an error as text, because errors lose their class between threads. */
export type Result =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: string };

/**
 * The test keeps to `Scenes`; here a name is only a name. The scene begins in a task of its own, because
 * what the test driver calls directly is exempt from the page's policy.
 */
export async function answer(name: string, input: unknown): Promise<Result> {
  await new Promise((resolve) => setTimeout(resolve));
  try {
    const scene = Object.entries(scenes).find(([key]) => key === name)?.[1];
    if (scene === undefined) throw new Error(`no scene ${name}`);
    return { ok: true, value: await (scene as (input: unknown) => Promise<unknown>)(input) };
  } catch (error) {
    return { ok: false, error: describe(error) };
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${describe(error.cause)}`;
  const details = 'details' in error ? JSON.stringify(error.details) : '';
  return `${error.stack ?? error.message} ${details}${cause}`;
}
