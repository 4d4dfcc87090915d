import { alertsTest } from './alerts/test/index.ts';
import { consortiumTest } from './consortium/test/index.ts';
import { vitalsTest } from './vitals/test/index.ts';
/** What each wing brings to the tests that play the whole ledger: a line a wing. No product file reads it. */
export const testWings = [alertsTest, consortiumTest, vitalsTest] as const;
