/** What says where one is: the heading of the dialog on top, else of the page. */
function headingNow(): HTMLElement | null {
  const dialog = [...document.querySelectorAll<HTMLElement>('dialog[open]')].at(-1);
  return dialog?.querySelector<HTMLElement>('h2') ?? document.querySelector<HTMLElement>('h1');
}

/** Who came to another place goes on from its heading, and hears it. */
export function focusHeading(): void {
  const heading = headingNow();
  if (heading === null) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

const isDisabled = (it: HTMLElement): boolean => it.matches(':disabled');

/**
 * The focus is never nowhere. What has it may go, because what it was about is stopped, sent or come: then the heading
 * has it. Or it may be disabled while it works: then it has it again afterwards. A person who touches beside everything
 * leaves it by intent. Returns what ends the watch.
 */
export function keepFocus(): () => void {
  let last: HTMLElement | undefined;
  let worked = false;
  const isNowhere = (): boolean =>
    document.activeElement === null || document.activeElement === document.body;
  const came = ({ target }: FocusEvent): void => {
    last = target instanceof HTMLElement ? target : undefined;
    worked = false;
  };
  const touched = (): void => {
    queueMicrotask(() => {
      if (isNowhere() && last?.isConnected === true && !isDisabled(last)) last = undefined;
    });
  };
  const changes = new MutationObserver(() => {
    if (last === undefined) return;
    if (isDisabled(last)) worked = true;
    if (!isNowhere()) return;
    if (!last.isConnected) focusHeading();
    else if (worked && !isDisabled(last)) last.focus({ preventScroll: true });
  });
  document.addEventListener('focusin', came);
  document.addEventListener('mouseup', touched);
  changes.observe(document.body, {
    ...{ childList: true, subtree: true },
    attributeFilter: ['disabled', 'open'],
  });
  return () => {
    document.removeEventListener('focusin', came);
    document.removeEventListener('mouseup', touched);
    changes.disconnect();
  };
}
