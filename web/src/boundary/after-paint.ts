/** A window that is covered may show no picture; after so long nobody waits for one. */
const mostPaintMs = 3_000;

/** Once, after the first picture with something in it that the browser shows; at once where nobody sees the tab. */
export function afterPaint(work: () => void): void {
  let isDone = false;
  const once = () => {
    if (!isDone) setTimeout(work);
    isDone = true;
  };
  const painted = 'first-contentful-paint';
  if (document.visibilityState === 'hidden' || performance.getEntriesByName(painted).length > 0) {
    once();
    return;
  }
  new PerformanceObserver((list, observer) => {
    if (list.getEntriesByName(painted).length === 0) return;
    observer.disconnect();
    once();
  }).observe({ type: 'paint', buffered: true });
  setTimeout(once, mostPaintMs);
}
