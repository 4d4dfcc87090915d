/** Asks one question ahead of what is worked at, in their order. Throws what asking throws, at its place. */
export async function* askedAhead<Question, Answer>(
  questions: readonly Question[],
  ask: (question: Question) => Promise<Answer>,
): AsyncGenerator<readonly [Question, Answer]> {
  const begin = (question: Question) => {
    const answer = ask(question);
    // Who gave up in between hears of it no more, and nothing else falls over it.
    answer.catch(() => {});
    return answer;
  };
  let [next] = questions.slice(0, 1).map(begin);
  for (const [at, question] of questions.entries()) {
    const answer = await next;
    [next] = questions.slice(at + 1, at + 2).map(begin);
    if (answer !== undefined) yield [question, answer];
  }
}
