import type { Gateway } from './gateway.ts';
import { createLogger } from './logging.ts';
import { createMetrics } from './metrics.ts';
import { createServer } from './server.ts';

/**
 * The OpenAPI 3.1 description of one hospital, as docs/openapi.json holds it. It comes from the routes' own
 * schemas; a gateway that answers nothing is enough to ask for them.
 */
export async function describeInterface(): Promise<object> {
  const settings = { requestsPerMinute: 1 };
  const silent = { options: { hospital: 'any', name: 'any' }, settings } as unknown as Gateway;
  const log = createLogger({ level: 'silent' });
  const app = await createServer({
    log,
    metrics: createMetrics(),
    mounts: [{ prefix: '', gateway: silent }],
  });
  await app.ready();
  const description = app.swagger();
  await app.close();
  return description;
}
