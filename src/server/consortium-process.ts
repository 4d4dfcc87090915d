// A consortium as a process of its own: `node consortium-process.ts '{"home": ..., "port": ...}'`. Prints one
// JSON line when it is ready and stops on SIGTERM. The story, crash tests and benchmarks drive it.
import { isCoded } from '../primitives/errors.ts';
import { type ConsortiumOptions, startConsortium } from './consortium.ts';

// As the command `up`: what it makes is for its user alone.
process.umask(0o077);
const options = JSON.parse(process.argv[2] ?? '{}') as ConsortiumOptions;
try {
  const { url, chainId, hospitals, close } = await startConsortium({
    ...options,
    onFault: () => process.exit(1),
  });
  process.stdout.write(`${JSON.stringify({ ready: true, url, chainId, hospitals })}\n`);
  const stop = () => void close().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
} catch (error) {
  const code = isCoded(error) ? error.code : 'INTERNAL';
  process.stdout.write(`${JSON.stringify({ ready: false, code })}\n`);
  if (code === 'INTERNAL') process.stderr.write(`${String((error as Error).stack)}\n`);
  process.exitCode = 1;
}
