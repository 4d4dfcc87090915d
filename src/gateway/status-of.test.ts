import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogue, isCode } from '../codes/index.ts';
import { codedErrorOf, describeFault, refusalOf } from './errors.ts';
import { httpStatusOf } from './status-of.ts';

test('every code has a status of its kind: 5xx for what is not the caller’s to mend', () => {
  for (const code of Object.keys(catalogue)) {
    assert.ok(isCode(code));
    const status = httpStatusOf(code);
    const isServers = ['unavailable', 'fault'].includes(catalogue[code].kind);
    const isLimit = status === 409 || status === 429;
    const isPeers = code === 'GATEWAY_LIED';
    assert.equal(status >= 500 && !isPeers, isServers && !isLimit, `${code}: ${status}`);
  }
});

test('an error of another kind keeps its text to itself', () => {
  const error = new Error('no such patient: Ana Vega', { cause: new Error('token 12345') });
  const told = refusalOf(codedErrorOf(error));
  assert.equal(told.code, 'INTERNAL');
  assert.ok(!JSON.stringify(told).includes('Ana'));
  const logged = JSON.stringify(describeFault(codedErrorOf(error)));
  assert.ok(!logged.includes('Ana') && !logged.includes('12345'));
  assert.match(logged, /status-of\.test/);
});
