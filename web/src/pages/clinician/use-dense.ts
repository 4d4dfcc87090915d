import { useEffect } from 'react';

/** The screens of somebody with forty charts a day: smaller steps, wider page, bar included. */
export function useDense(): void {
  useEffect(() => {
    document.body.classList.add('dense');
    return () => document.body.classList.remove('dense');
  }, []);
}
