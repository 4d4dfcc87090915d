import type { ReactNode } from 'react';

/** The sentence the person came for: the page's only `h1`, at most two sentences, computed from what was verified. */
export function Answer({ children }: { readonly children: ReactNode }) {
  return <h1 className="answer">{children}</h1>;
}

/** Two grey bars of the answer's size, while it is not known. */
export function AnswerWaiting({ what }: { readonly what: string }) {
  return (
    <div aria-busy="true">
      <h1 className="hide">{what}</h1>
      <span className="sk h2 w80" />
      <span className="sk h2 w50" />
    </div>
  );
}
