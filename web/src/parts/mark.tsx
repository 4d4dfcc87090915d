/** A keyhole that is also a person: once a page, never moving. */
export function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <circle className="mark-disc" cx="16" cy="16" r="16" />
      <path
        className="mark-cut"
        d="M16 6.500a5 5 0 0 1 2.600 9.270L21.300 25.500H10.700l2.700-9.730A5 5 0 0 1 16 6.500z"
      />
    </svg>
  );
}
