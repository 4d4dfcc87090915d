import { type DestinationStream, type Logger, pino } from 'pino';
import { type LogStream, openLogStream } from './log-stream.ts';

/**
 * The log of a gateway: JSON lines of time (ISO 8601), level as a word, ids, codes and numbers, on stderr. A request is logged as the pattern of
 * its route, because shards' names and keys may stand in the address; bodies and headers are never logged.
 */
export function createLogger(
  options: { readonly level?: string; readonly destination?: DestinationStream } = {},
): Logger {
  const { level = 'info', destination = logToStderr() } = options;
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

/** One for the process: two would write into each other's lines. */
let standardError: LogStream | undefined;

function logToStderr(): LogStream {
  if (standardError !== undefined) return standardError;
  const stream = openLogStream(2);
  process.once('exit', () => stream.flushSync());
  standardError = stream;
  return stream;
}

export type { Logger };
