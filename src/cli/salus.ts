import { CodedError } from '../primitives/errors.ts';
import { runCommandLine } from './command-line.ts';
import { processSurroundings } from './surroundings.ts';

/** The process `salus`: its arguments, its streams, Ctrl-C. */
// Whatever the umask was: what a command or a database makes is for its user alone.
process.umask(0o077);
// Who read them went away, or the disk below is full: no reason to end.
process.stderr.on('error', () => undefined);
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // A second Ctrl-C is somebody who does not want to wait.
    if (stop.signal.aborted) process.exit(130);
    stop.abort(new CodedError('INTERRUPTED'));
  });
}
process.exitCode = await runCommandLine(process.argv.slice(2), processSurroundings, stop.signal);
