import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeReadRequest } from '../../../src/api/read-request.ts';
import { labels } from '../../../src/crypto/labels.ts';
import { codeOf, type Grant, Person } from '../../gateway/person.ts';
import { openTown } from '../../gateway/town.ts';

/** All that one hospital passes on reaches the other from one address. The limit is a two-hundredth of the product's. */
test('one person uses up a tenth of what he may ask, and nothing of what his hospital’s other people may', async () => {
  const town = await openTown({ requestsPerMinute: 60 });
  try {
    const { north, south } = town;
    const ana = await Person.enrolled(town, south, 'patient');
    await ana.keySet();
    const good = await Person.enrolled(town, north, 'clinician');
    const mal = await Person.enrolled(town, north, 'researcher');
    const grant = await ana.grant(good.account);
    const readVia = async (person: Person, shown: Grant) => {
      const request = encodeReadRequest(person.request(shown, south));
      const json = { request: await person.signed(labels.readSign, request) };
      return codeOf(await person.call('POST', '/v1/read', { json }));
    };
    assert.equal(await readVia(good, grant), 'accepted');
    const codes = new Map<unknown, number>();
    for (let n = 0; n < 59; n++) {
      const code = await readVia(mal, grant);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    assert.equal(codes.get('NOT_SHARED'), 6);
    assert.equal(codes.get('RATE_LIMITED'), 53);
    assert.equal(await readVia(good, grant), 'accepted');
  } finally {
    await town.close();
  }
});

test('whoever signs is counted, whichever way he comes: many addresses do not help', async () => {
  const town = await openTown({ requestsPerMinute: 40 });
  try {
    const { south } = town;
    const ana = await Person.enrolled(town, south, 'patient');
    const reader = await Person.enrolled(town, south, 'researcher');
    const grant = await ana.grant(reader.account);
    const ask = async (n: number) => {
      const bytes = encodeReadRequest(reader.request(grant, south, { purpose: 'HRESCH' }));
      const payload = { request: await reader.signed(labels.readSign, bytes) };
      const remoteAddress = `127.0.1.${n}`;
      const url = '/south/v1/read';
      const answer = await town.app.inject({ method: 'POST', url, payload, remoteAddress });
      return answer.json().code;
    };
    const codes: unknown[] = [];
    for (let n = 0; n < 45; n++) codes.push(await ask(n));
    assert.equal(codes.filter((it) => it === 'PURPOSE_NOT_GRANTED').length, 40);
    assert.deepEqual(codes.slice(40), Array(5).fill('RATE_LIMITED'));
  } finally {
    await town.close();
  }
});
