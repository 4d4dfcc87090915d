/** How far long work is: a bar, and the words beside it that carry the fact. */
export function Progress({
  done,
  total,
  words,
}: {
  readonly done: number;
  readonly total: number;
  readonly words: string;
}) {
  const share = total > 0 ? Math.min(1, done / total) : 0;
  return (
    <div
      className="prog"
      role="progressbar"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={total > 0 ? Math.round(share * 100) : undefined}
      aria-valuetext={words}
      aria-label={words}
    >
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect className="on" width={100 * share} height="8" />
      </svg>
    </div>
  );
}
