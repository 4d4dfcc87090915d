import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatInvitationLink, readInvitation } from './invitation-link.ts';

const link = {
  gatewayUrl: 'https://north.example/salus?x=1&y=2',
  role: 'clinician',
  genesisHash: 'ab'.repeat(32),
  code: 'AAECAwQFBgcICQoLDA0ODw',
} as const;

test('a link is read as it was written, also with a line end behind it', () => {
  assert.deepEqual(readInvitation(`${formatInvitationLink(link)}\n`), link);
});

test('a code alone is a code', () => {
  assert.deepEqual(readInvitation(` ${link.code}\n`), { code: link.code });
});

for (const [what, text] of [
  ['nothing', ''],
  ['another scheme', formatInvitationLink(link).replace('salus:', 'https:')],
  ['no code', formatInvitationLink({ ...link, code: '' })],
  ['a role that is none', formatInvitationLink(link).replace('clinician', 'king')],
  ['an address that is no web address', formatInvitationLink({ ...link, gatewayUrl: 'file:///x' })],
  ['a hash that is none', formatInvitationLink({ ...link, genesisHash: 'zz' })],
  ['an escape in it', `${formatInvitationLink(link)}\u001b[2J`],
] as const) {
  test(`${what}: INVITATION_INVALID`, () => {
    assert.throws(() => readInvitation(text), { code: 'INVITATION_INVALID' });
  });
}
