/**
 * Shows that there is news when a hospital pushes it to this browser: one notice at a time, in the push's language, in words
 * that stand here. Nothing of what came is shown, so that whoever may push shows nothing of his own.
 *
 * Source: docs/protocol/alerts.md, rule AL-15.
 */

interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Pushed extends Lasting {
  readonly data: { json(): unknown } | null;
}
interface Clicked extends Lasting {
  readonly notification: Notification;
}
interface OpenPage {
  focus(): Promise<unknown>;
}
export interface PushScope {
  readonly registration: ServiceWorkerRegistration;
  readonly clients: {
    matchAll(options: { type: 'window'; includeUncontrolled: true }): Promise<readonly unknown[]>;
    openWindow(url: string): Promise<unknown>;
  };
  addEventListener(kind: 'push', listener: (event: Pushed) => void): void;
  addEventListener(kind: 'notificationclick', listener: (event: Clicked) => void): void;
}

const words = {
  en: { news: 'There is news in your health record', test: 'You tried it out: it arrives' },
  es: { news: 'Hay novedades en tu historia clínica', test: 'Lo probaste: llega' },
  ar: { news: 'هناك جديد في سجلك الصحي', test: 'جرّبت ذلك: إنه يصل' },
} as const;
type Language = keyof typeof words;

/** What is not understood is news all the same: a browser that shows nothing takes the permission back. */
function saidIn({ data }: Pushed): { readonly language: Language; readonly what: 'news' | 'test' } {
  try {
    const said = data?.json() as { readonly what?: unknown; readonly language?: unknown } | null;
    const language = Object.keys(words).find((it) => it === said?.language) as Language | undefined;
    return { language: language ?? 'en', what: said?.what === 'test' ? 'test' : 'news' };
  } catch {
    return { language: 'en', what: 'news' };
  }
}

async function openNews({ clients }: PushScope): Promise<void> {
  const [page] = await clients.matchAll({ type: 'window', includeUncontrolled: true });
  // A page that is open keeps what is typed in it: it comes to the front as it is.
  if (page === undefined) await clients.openWindow('/alerts');
  else await (page as OpenPage).focus();
}

export function showPushes(scope: PushScope): void {
  scope.addEventListener('push', (event) => {
    const { language, what } = saidIn(event);
    const dir = language === 'ar' ? 'rtl' : 'ltr';
    const options = { tag: 'salus-news', lang: language, dir, icon: '/mark.svg' } as const;
    event.waitUntil(scope.registration.showNotification(words[language][what], options));
  });
  scope.addEventListener('notificationclick', (event) => {
    event.notification.close();
    event.waitUntil(openNews(scope));
  });
}
