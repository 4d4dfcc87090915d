import type { SdkWing } from '../../../sdk/wing.ts';

/** Where a wallet keeps what its person chose; how an entry reads is in `choices.ts`. */
export const alertsDrawer = 'alerts';

/** What the wing adds to a person's device. Apart from its actions: a browser has this before anybody asks for one. */
export const alertsSdk: SdkWing = {
  name: 'alerts',
  drawers: [{ wing: alertsDrawer }],
  pendingKinds: [],
  messageKinds: [],
};
