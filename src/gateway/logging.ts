import { type DestinationStream, type Logger, pino } from 'pino';

/**
 * The log of a gateway: JSON lines of time (ISO 8601), level as a word, ids, codes and numbers, on stderr. A request is logged as the pattern of
 * its route, because shards' names and keys may stand in the address; bodies and headers are never logged.
 */
export function createLogger(
  options: { readonly level?: string; readonly destination?: DestinationStream } = {},
): Logger {
  const { level = 'info', destination = pino.destination({ dest: 2, sync: false }) } = options;
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      // Fastify would log address, host and address of the caller.
      serializers: { req: () => undefined, res: () => undefined, err: () => undefined },
      redact: {
        paths: ['token', 'authorization', 'headers', 'body', 'passphrase', 'seed', 'name'],
        remove: true,
      },
    },
    destination,
  );
}

export type { Logger };
