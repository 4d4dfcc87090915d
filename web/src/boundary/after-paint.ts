const painted = 'first-contentful-paint';

/**
 * Once, after the first picture with something in it, and at once where nobody sees the tab. A window that is covered may
 * show none: after `mostMs` nobody waits for it.
 */
export function afterPaint(work: () => void, mostMs: number): void {
  let isDone = false;
  const once = () => {
    if (!isDone) work();
    isDone = true;
  };
  if (document.visibilityState === 'hidden' || performance.getEntriesByName(painted).length > 0) {
    once();
    return;
  }
  new PerformanceObserver((list, observer) => {
    if (list.getEntriesByName(painted).length === 0) return;
    observer.disconnect();
    setTimeout(once);
  }).observe({ type: 'paint', buffered: true });
  setTimeout(once, mostMs);
}
