import { fileURLToPath } from 'node:url';
import type { Process, ServerWing } from '../../../server/process.ts';
import { hasDataServer, makeDataServer } from './data-server-keys.ts';

const dataServer: Process = {
  name: 'data-server',
  per: 'hospital',
  entry: fileURLToPath(new URL('./data-server-process.ts', import.meta.url)),
  runsFor: hasDataServer,
  keeps: {
    databases: ['data-server/pages.db', 'data-server/questions.db', 'data-server/incidents.db'],
    plain: ['data-server/settings.json', 'data-server/recovery.pub'],
    keys: ['data-server/server.key', 'data-server/recovery.key', 'data-server/database.password'],
  },
};

/** Of its sensors a backup holds nothing: they are devices of their own, and a hub keeps only what is on its way. */
const sensorHub: Process = {
  name: 'sensor-hub',
  per: 'home',
  entry: fileURLToPath(new URL('./sensor-hub-process.ts', import.meta.url)),
  keeps: {},
};

/** What the wing brings to the servers of a home: its hospitals may keep statistics (vitals-ledger.md, VL-2), and each runs a data server. */
export const vitalsServer: ServerWing = {
  name: 'vitals',
  rights: ['stat'],
  processes: [dataServer, sensorHub],
  async found({ hospitals }) {
    for (const { folder } of hospitals) makeDataServer(folder);
  },
  async demo(home, signal) {
    const { foundDemoDatasets } = await import('./demo.ts');
    await foundDemoDatasets(home, signal);
  },
};
