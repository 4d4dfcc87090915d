// What the supervisor forks: `node process-host.ts ENTRY ORDER`. Loads the file of a process, starts it, says
// `ready`, and closes it on SIGTERM. When the supervisor is gone, however that came, this process is too.
import { pathToFileURL } from 'node:url';
import { CodedError, isCoded } from '../primitives/errors.ts';
import type { ProcessEntry, ProcessOrder } from './process.ts';

process.on('disconnect', () => process.exit(1));
// Of the terminal: they reach every process of the group, and the supervisor decides.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});

const [, , path = '', order = ''] = process.argv;
try {
  const stopped = new Promise((resolve) => process.once('SIGTERM', resolve));
  const entry = await load(path);
  const running = await entry.start(JSON.parse(order) as ProcessOrder);
  process.send?.('ready');
  await stopped;
  await running.close();
  process.exit(0);
} catch (error) {
  const code = isCoded(error) ? error.code : 'INTERNAL';
  process.stderr.write(
    `${JSON.stringify({ code, details: isCoded(error) ? error.details : {} })}\n`,
  );
  if (code === 'INTERNAL') process.stderr.write(`${String((error as Error).stack)}\n`);
  process.exit(1);
}

async function load(path: string): Promise<ProcessEntry> {
  const loaded = (await import(pathToFileURL(path).href)) as Partial<ProcessEntry>;
  const { start } = loaded;
  if (start === undefined) throw new CodedError('INTERNAL', { what: 'no process' });
  return { start };
}
