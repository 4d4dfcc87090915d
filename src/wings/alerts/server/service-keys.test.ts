import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { alertsServer } from './index.ts';
import { places } from './places.ts';
import { keyAgeMs, makeKeys, pushKeyOf, readServiceKeys, turnKeys } from './service-keys.ts';

function folder(t: { after(end: () => void): void }): string {
  const made = mkdtempSync(join(tmpdir(), 'salus-service-keys-'));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}
const idsIn = async (at: string) => (await readServiceKeys(at)).map(({ keyId }) => keyId);

test('a key turns after ninety days, the one before it stays while something is sealed to it, and a clock set back turns none', async (t) => {
  const at = folder(t);
  makeKeys(at, 1_000);
  const [first = ''] = await idsIn(at);
  assert.equal(await turnKeys(at, new Set([first]), 1_000 + keyAgeMs - 1), false);
  assert.equal(await turnKeys(at, new Set([first]), 0), false);
  assert.equal(await turnKeys(at, new Set([first]), 1_000 + keyAgeMs), true);
  const [second = '', older] = await idsIn(at);
  assert.equal(older, first);
  assert.notEqual(second, first);
  // Somebody's choice is sealed to the first still: it is not taken away.
  assert.equal(await turnKeys(at, new Set([first]), 1_000 + 2 * keyAgeMs), true);
  assert.deepEqual((await idsIn(at)).slice(1), [second, first]);
  assert.equal(await turnKeys(at, new Set([second]), 1_000 + 3 * keyAgeMs), true);
  assert.equal((await idsIn(at)).includes(first), false);
});

test('who never seals anew keeps the hospital’s key from turning for three years at least, and loses nothing then', async (t) => {
  const at = folder(t);
  makeKeys(at, 0);
  // Of each ninety days somebody never comes back.
  const inUse = new Set(await idsIn(at));
  for (let turn = 1; turn < 12; turn++) {
    assert.equal(await turnKeys(at, inUse, turn * keyAgeMs), true, `turn ${turn}`);
    for (const it of await idsIn(at)) inUse.add(it);
  }
  assert.equal(inUse.size, 12);
  assert.equal(await turnKeys(at, inUse, 12 * keyAgeMs), false);
  assert.deepEqual(new Set(await idsIn(at)), inUse);
  const [gone = ''] = inUse;
  inUse.delete(gone);
  assert.equal(await turnKeys(at, inUse, 12 * keyAgeMs), true);
});

test('who sends pushes stays who it is, and what is there is made once', async (t) => {
  const at = folder(t);
  makeKeys(at, 1_000);
  const before = [...[places.outboxKey, places.pushKey].map((it) => readFileSync(join(at, it)))];
  const push = pushKeyOf(at);
  makeKeys(at, 2_000);
  const now = [places.outboxKey, places.pushKey].map((it) => readFileSync(join(at, it)));
  assert.deepEqual(now, before);
  assert.deepEqual(pushKeyOf(at), push);
  assert.equal(push.length, 32);
});

test('a backup holds every key and every file of the alert service, and keys as keys', () => {
  const [service] = alertsServer.processes;
  assert.ok(service);
  const { keys = [], databases = [], plain = [] } = service.keeps;
  const all = [places.outboxKey, ...places.serviceKeys, places.pushKey];
  assert.deepEqual([...keys].toSorted(), all.toSorted());
  assert.deepEqual([...databases].toSorted(), [places.inbox, places.letters].toSorted());
  assert.deepEqual(plain, []);
});
