import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { Icon } from './icon.tsx';

interface WayBackProps {
  readonly to: string;
  /** What is there, in words. */
  readonly children: ReactNode;
}

/** Above what a page answers: one touch leads to where it is opened from. */
export function WayBack({ to, children }: WayBackProps) {
  return (
    <p className="over no-print">
      <Link to={to}>
        <Icon name="back" flip />
        {children}
      </Link>
    </p>
  );
}
