import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { alertsStanding } from '../api/standing.ts';
import { letterText } from '../node/letter-text.ts';
import { SmtpRelay } from '../node/smtp-relay.ts';
import { DemoLetters, readDemoLetters } from './demo-letters.ts';

test('whatever somebody on this machine sends the demonstration’s relay, its operator’s screen can be answered', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'salus-demo-letters-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'letters.db');
  const letters = new DemoLetters(path);
  const long = 'x'.repeat(100_000);
  const data = `Subject: =?UTF-8?Q?${long}?=\r\nContent-Language: ${long}\r\n\r\n${long}`;
  for (let n = 0; n < 300; n++) letters.add({ to: long, takenMs: n, ...letterText(data) });
  letters.close();
  const read = readDemoLetters(path);
  assert.equal(read.length, 50);
  const standing = { states: {}, codes: {}, incidents: [], letters: [...read] };
  assert.equal(alertsStanding.safeParse(standing).success, true);
});

test('a relay leaves who sends a line that does not end', async (t) => {
  const relay = new SmtpRelay();
  const port = await relay.listen();
  t.after(() => relay.close());
  const socket = connect(port, '127.0.0.1');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => {});
  socket.write('x'.repeat(1_500_000));
  await closed;
  assert.deepEqual(relay.taken, []);
});
