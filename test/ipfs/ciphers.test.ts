import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./ciphers.ts', import.meta.url));
const used = (what: string) => execFileSync(process.execPath, [script, what], { encoding: 'utf8' });

test('the swarm key’s cipher lives through large updates of two connections, as the library’s own does not', () => {
  assert.equal(used('updates-mended'), 'held');
  assert.match(used('updates'), /Maximum memory size exceeded|out of memory/i);
});

test('the swarm key’s cipher is given back: 6,000 connections come and go, as with the library’s own they cannot', () => {
  assert.equal(used('connections-mended'), 'held');
  assert.match(used('connections'), /offset is out of bounds/);
});
