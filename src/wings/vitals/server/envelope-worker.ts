import { parentPort, workerData } from 'node:worker_threads';
import { giveWay } from '../../../engines/threads/priority.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import { pageArithmetic } from '../crypto/pages/page-arithmetic-wasm.ts';
import { type EnvelopeOpener, openedHere } from '../node/pages/envelope-opener.ts';
import { recoveryKey } from './data-server-keys.ts';
import { type AskedToOpen, type Opened, packShares, unpackAsked } from './envelope-message.ts';

/** The thread of envelope-thread.ts: envelopes in, shares out. */

async function openerOf(hospital: string): Promise<EnvelopeOpener> {
  const key = await recoveryKey(hospital);
  if (key === undefined) throw new CodedError('RECOVERY_KEY_AWAY');
  return openedHere(await pageArithmetic(), key);
}

async function answerTo(asked: AskedToOpen, opener: Promise<EnvelopeOpener>): Promise<Opened> {
  try {
    return packShares(await (await opener).open(asked, unpackAsked(asked)));
  } catch (error) {
    if (!isCoded(error)) throw error;
    return { code: error.code, details: error.details };
  }
}

giveWay();
const opener = openerOf(String(workerData));
// Whoever asks hears of it.
opener.catch(() => {});
// In the order in which they came: what waits for an answer is told apart by it.
let last = Promise.resolve();
parentPort?.on('message', (asked: AskedToOpen) => {
  last = last.then(async () => {
    const answer = await answerTo(asked, opener);
    parentPort?.postMessage(answer, 'shares' in answer ? [answer.shares.buffer] : []);
  });
});
