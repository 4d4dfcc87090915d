import type { Chapter } from '../../../story/chapter.ts';
import { eachOnce, shortDays } from './each-once.ts';
import { AlertsScene } from './scene.ts';

/** Everything that people are told of, once each, by a relay that speaks for real. */
export const alertsChapter: Chapter<AlertsScene> = {
  name: 'alerts',
  tells: 'Each thing that happens to a patient is one letter without a word of what it is.',
  flags: {},
  partSettings: { alerts: { turnMs: 500, ...shortDays } },
  open: async (setting) => new AlertsScene(setting),
  steps: [
    ...eachOnce,
    {
      name: 'end',
      tells: 'The relay is closed.',
      play: async (scene) => {
        await scene.close();
        return {};
      },
    },
  ],
};
