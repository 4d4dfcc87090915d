// What a Web Worker of `browserOpeners` imports: opens what it is sent, one batch after the other.
import { openAll, type ToOpen } from '../client/opener-messages.ts';

self.addEventListener('message', ({ data }: MessageEvent<ToOpen>) => {
  void openAll(data).then((answers) =>
    self.postMessage(answers, { transfer: [answers.bytes.buffer] }),
  );
});
self.postMessage('ready');
