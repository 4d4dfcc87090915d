// The storage node of one hospital as a process of its own, under the supervisor: what is exported is its `ProcessEntry`.
import { join } from 'node:path';
import { CodedError } from '../primitives/errors.ts';
import { type ProcessOrder, type RunningProcess, serversOf } from './process.ts';
import { startStorageNode } from './storage/node.ts';

export async function start({ home, hospital }: ProcessOrder): Promise<RunningProcess> {
  if (hospital === undefined) throw new CodedError('INTERNAL', { what: 'no hospital' });
  const log = (line: Readonly<Record<string, string | number>>) =>
    process.stdout.write(`${JSON.stringify({ timeMs: Date.now(), ...line })}\n`);
  const running = await startStorageNode(join(serversOf(home), hospital), log);
  for (const address of running.addresses) log({ listens: address });
  return running;
}
