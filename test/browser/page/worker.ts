import { answer, type Question } from './answer.ts';

/** Plays scenes off the page's own thread. */
addEventListener('message', (event: MessageEvent<Question>) => {
  const { id, name, input } = event.data;
  void answer(name, input).then((result) => postMessage({ id, result }));
});
