import type { RouteObject } from 'react-router';
import { speakLater } from '../../app/language.ts';

const share = { title: 'share', who: 'wallet' } as const;

export const patientRoutes: RouteObject[] = [
  {
    path: 'home',
    handle: { title: 'home', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./home.tsx')).Home }),
  },
  {
    path: 'record',
    handle: { title: 'record', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./record.tsx')).RecordPage }),
  },
  {
    path: 'record/:year',
    handle: { title: 'record', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./record.tsx')).RecordPage }),
  },
  {
    path: 'item/:handle',
    handle: { title: 'item', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./item.tsx')).ItemPage }),
  },
  {
    path: 'add',
    handle: { title: 'add', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./add.tsx')).AddPage }),
  },
  {
    path: 'share',
    handle: share,
    lazy: async () => ({ Component: (await import('./share/page.tsx')).Share }),
  },
  {
    // From an entry: its handle.
    path: 'share/:handle',
    handle: share,
    lazy: async () => ({ Component: (await import('./share/page.tsx')).Share }),
  },
  {
    // From a question: the handle of who asked.
    path: 'share/asked/:handle',
    handle: share,
    lazy: async () => ({ Component: (await import('./share/page.tsx')).ShareAsked }),
  },
  {
    path: 'sharing',
    handle: { title: 'sharing', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./sharing.tsx')).Sharing }),
  },
  {
    // To change a share, or to give one again: its handle.
    path: 'sharing/:handle',
    handle: share,
    lazy: async () => ({ Component: (await import('./share/page.tsx')).ChangeShare }),
  },
  {
    path: 'looked',
    handle: { title: 'looked', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./looked/page.tsx')).Looked }),
  },
  {
    path: 'looked/report',
    handle: { title: 'report', who: 'wallet' },
    lazy: async () => {
      const [{ AccessReportPage }] = await Promise.all([
        import('./looked/report.tsx'),
        speakLater(),
      ]);
      return { Component: AccessReportPage };
    },
  },
  {
    path: 'move',
    handle: { title: 'move', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./move/page.tsx')).MovePage }),
  },
  {
    path: 'leave',
    handle: { title: 'leave', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./move/leave.tsx')).LeavePage }),
  },
  {
    path: 'code',
    handle: { title: 'code', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./code.tsx')).Code }),
  },
];
