import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDatabaseAddress, withPassword } from './database-address.ts';

test('a database is on this machine, or reached by TLS with the name checked; no password stands in its address', () => {
  const taken = [
    'postgres://salus@127.0.0.1/pages',
    'postgresql://salus@localhost:5433/pages',
    'postgres://salus@[::1]/pages',
    'postgres://salus@db.example.org/pages?sslmode=verify-full',
    'postgres://salus@db.example.org/pages?sslmode=verify-full&sslrootcert=/etc/salus/ca.pem',
  ];
  const refused = [
    'pages',
    'mysql://salus@127.0.0.1/pages',
    'postgres://salus@127.0.0.1',
    'postgres:///pages',
    'postgres://salus:secret@127.0.0.1/pages',
    'postgres://salus@db.example.org/pages',
    'postgres://salus@db.example.org/pages?sslmode=require',
    'postgres://salus@db.example.org/pages?sslmode=verify-full&sslmode=disable',
    'postgres://salus@127.0.0.1/pages?host=db.example.org',
    'postgres://salus@127.0.0.1/pages?sslmode=disable',
    'postgres://salus@127.0.0.1.example.org/pages',
  ];
  assert.deepEqual([...taken, ...refused].filter(isDatabaseAddress), taken);
});

test('a password goes into the address as it is', () => {
  const password = 'a:b@c/d?e#f%41 ü';
  const whole = new URL(withPassword('postgres://salus@localhost/pages', password));
  assert.equal(decodeURIComponent(whole.password), password);
  assert.equal(whole.host + whole.pathname, 'localhost/pages');
});
