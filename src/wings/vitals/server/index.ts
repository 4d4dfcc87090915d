import type { ServerWing } from '../../../server/process.ts';

/** What the wing brings to the servers of a home: its hospitals may keep statistics (vitals-ledger.md, VL-2). */
export const vitalsServer: ServerWing = { name: 'vitals', rights: ['stat'], processes: [] };
