import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CodedError } from '../primitives/errors.ts';
import type { LogFile } from '../server/log-file.ts';

export interface LogFlags {
  readonly logFile?: string | undefined;
  readonly logLevel?: string | undefined;
  readonly logMaxMib?: number | undefined;
  readonly logKeep?: number | undefined;
}

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug'] as const;

export interface LogOptions {
  readonly logLevel?: string;
  readonly logFile?: LogFile;
}

/**
 * The log that `--log-file` asks for; SIGHUP opens the file anew, as logrotate wants it. `close` when the server
 * has stopped. Throws FILE_UNWRITABLE.
 */
export async function logToFile(
  flags: LogFlags,
): Promise<{ readonly options: LogOptions; readonly close: () => void }> {
  const level = flags.logLevel === undefined ? {} : { logLevel: flags.logLevel };
  if (flags.logFile === undefined) return { options: level, close: () => {} };
  const { openLogFile } = await import('../server/log-file.ts');
  const path = resolve(flags.logFile);
  let logFile: LogFile;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const { logMaxMib = 10, logKeep = 5 } = flags;
    logFile = openLogFile({ path, maxBytes: logMaxMib * 1024 * 1024, keep: logKeep });
  } catch (cause) {
    throw new CodedError('FILE_UNWRITABLE', {}, cause);
  }
  const reopen = () => logFile.reopen();
  process.on('SIGHUP', reopen);
  return {
    options: { logLevel: 'info', ...level, logFile },
    close: () => {
      process.off('SIGHUP', reopen);
      logFile.close();
    },
  };
}
