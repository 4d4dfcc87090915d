import type { ReactNode } from 'react';
import { Unanswered } from './unanswered.tsx';

/** What a page draws from once its call was answered. */
export interface Answered<View> {
  readonly view: View;
  /** Null: it is as it is now. Else why it could not be asked for again. */
  readonly error: unknown;
  readonly again: () => void;
}

interface AskedPageProps<View> {
  /** As `useCall` has it. */
  readonly asked: {
    readonly data: View | undefined;
    readonly error: unknown;
    readonly refetch: () => unknown;
  };
  /** What is being asked for, to readers of the page. */
  readonly what: string;
  readonly back?: ReactNode;
  readonly children: (answered: Answered<View>) => ReactNode;
}

/** A page of what one call answers: the way back, and `Unanswered` until there is something to show. */
export function AskedPage<View>({ asked, what, back, children }: AskedPageProps<View>) {
  const { data, error } = asked;
  const again = () => void asked.refetch();
  return (
    <main id="page" className="page" tabIndex={-1}>
      {back}
      {data === undefined ? (
        <Unanswered what={what} error={error} again={again} />
      ) : (
        children({ view: data, error, again })
      )}
    </main>
  );
}
