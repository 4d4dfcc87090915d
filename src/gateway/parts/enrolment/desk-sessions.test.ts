import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeskSessions } from './desk-sessions.ts';

function desks() {
  let nowMs = 1_000_000;
  const sessions = new DeskSessions(() => nowMs);
  const later = (ms: number): void => {
    nowMs += ms;
  };
  return { sessions, later };
}

test('A link opens one session, once, for ten minutes (H-31)', () => {
  const { sessions, later } = desks();
  const { link } = sessions.link();
  const { token } = sessions.open(link);
  assert.ok(sessions.holds(token));
  assert.throws(() => sessions.open(link), { code: 'UNAUTHENTICATED' });
  assert.ok(!sessions.holds(link), 'a link is no token');
  const { link: late } = sessions.link();
  later(10 * 60_000);
  assert.throws(() => sessions.open(late), { code: 'UNAUTHENTICATED' });
  assert.throws(() => sessions.open(''), { code: 'UNAUTHENTICATED' });
});

test('A session ends after twelve hours, and when the operator ends all of them', () => {
  const { sessions, later } = desks();
  const { token } = sessions.open(sessions.link().link);
  later(12 * 3_600_000 - 1);
  assert.ok(sessions.holds(token));
  later(1);
  assert.ok(!sessions.holds(token));
  const again = sessions.open(sessions.link().link).token;
  const { link } = sessions.link();
  assert.equal(sessions.endAll(), 1);
  assert.ok(!sessions.holds(again));
  assert.throws(() => sessions.open(link), { code: 'UNAUTHENTICATED' });
});

test('Links that nobody uses fill no memory', () => {
  const { sessions, later } = desks();
  for (let at = 0; at < 100; at++) sessions.link();
  assert.throws(() => sessions.link(), { code: 'STORE_BUSY' });
  later(10 * 60_000);
  sessions.link();
});
