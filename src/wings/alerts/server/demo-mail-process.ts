// The relay of the demonstration as a process of its own: what is exported is its `ProcessEntry`.
import { join } from 'node:path';
import { CodedError } from '../../../primitives/errors.ts';
import { type ProcessOrder, type RunningProcess, serversOf } from '../../../server/process.ts';
import { letterText } from '../node/letter-text.ts';
import { SmtpRelay } from '../node/smtp-relay.ts';
import { DemoLetters } from './demo-letters.ts';
import { demoLetters, readRelay } from './places.ts';

export async function start({ home }: ProcessOrder): Promise<RunningProcess> {
  const relay = readRelay(home);
  if (relay === undefined) throw new CodedError('INTERNAL', { what: 'no relay' });
  const letters = new DemoLetters(join(serversOf(home), demoLetters));
  const server: SmtpRelay = new SmtpRelay({
    onLetter({ to, data }) {
      const takenMs = Date.now();
      for (const address of to) letters.add({ to: address, takenMs, ...letterText(data) });
      server.forget();
      return undefined;
    },
  });
  await server.listen(relay.port);
  return {
    async close() {
      await server.close();
      letters.close();
    },
  };
}
