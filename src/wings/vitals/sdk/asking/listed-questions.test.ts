import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import { ofThoseWhoAnswer } from './listed-questions.ts';

const fails = (code: ConstructorParameters<typeof CodedError>[0]) =>
  Promise.reject(new CodedError(code));
const refusedWith = (code: ConstructorParameters<typeof CodedError>[0]) => (error: unknown) =>
  isCoded(error, code);

test('one server that is away, or says what is no list, hides nothing that another shows', async () => {
  const said = [fails('GATEWAY_UNREACHABLE'), Promise.resolve(['mean']), fails('CBOR_SHAPE')];
  assert.deepEqual(await ofThoseWhoAnswer(said), [['mean']]);
});

test('where none answers, what the first says is said; who stopped is not answered for', async () => {
  const none = [fails('NOT_FOUND'), fails('NOT_FOUND'), fails('GATEWAY_UNREACHABLE')];
  await assert.rejects(ofThoseWhoAnswer(none), refusedWith('NOT_FOUND'));
  const stopped = [Promise.resolve(['mean']), fails('INTERRUPTED')];
  await assert.rejects(ofThoseWhoAnswer(stopped), refusedWith('INTERRUPTED'));
  const broken = [Promise.resolve(['mean']), Promise.reject(new TypeError('a bug'))];
  await assert.rejects(ofThoseWhoAnswer(broken), TypeError);
});
