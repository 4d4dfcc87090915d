import { answer, type Question } from './answer.ts';

/** Plays scenes off the page's own thread. */
addEventListener('message', (event: MessageEvent<Question>) => {
  const { id, name, input } = event.data;
  void answer(name, input).then((result) => postMessage({ id, result }));
});
// Modules above wait for keys while they load, and what is posted to a worker that does not listen yet is lost.
postMessage('listening');
