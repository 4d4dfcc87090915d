// A thread of `nodeOpeners`: opens what it is sent, one batch after the other.
import { parentPort } from 'node:worker_threads';
import { openAll, type ToOpen } from '../client/opener-messages.ts';

parentPort?.on('message', (items: ToOpen) => {
  void openAll(items).then((answers) => parentPort?.postMessage(answers, [answers.bytes.buffer]));
});
parentPort?.postMessage('ready');
