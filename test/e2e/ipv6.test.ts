import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { formatDeviceLink, makeDeviceLink, parseDeviceLink } from '../../src/sdk/devices/link.ts';
import {
  formatInvitationLink,
  type InvitationLink,
  readInvitation,
} from '../../src/sdk/trust/invitation-link.ts';
import { type Consortium, fileOf, startConsortium } from './consortium.ts';

let consortium: Consortium;
before(async () => {
  consortium = await startConsortium({ host: '::1' });
});
after(() => consortium.stop());

test('hospitals that listen on IPv6: people enrol, share between hospitals and read', async () => {
  assert.match(consortium.url('north'), /^http:\/\/\[::1\]:\d+\/north$/);
  const ana = await consortium.person('Ana', 'north', 'patient');
  const doctor = await consortium.person('Dr A', 'harbour', 'clinician');
  await ana.person.addFile(fileOf('note.txt', new Uint8Array(100)));
  await ana.person.addCard(doctor.person.card());
  const { consent } = await ana.person.grant({
    ...{ grantee: 'Dr A', readClasses: ['other'], purposes: ['TREAT'] },
    notAfterMs: consortium.now() + 3_600_000,
  });
  await doctor.person.sync();
  assert.ok((await doctor.person.readShared(consent)).records.length > 0);
});

test('an address with brackets stands in an invitation’s link and in a device’s', async () => {
  const gatewayUrl = consortium.url('north');
  const said: InvitationLink = {
    ...{ gatewayUrl, genesisHash: 'ab'.repeat(32), code: 'A'.repeat(22) },
    role: 'patient',
  };
  assert.deepEqual(readInvitation(formatInvitationLink(said)), said);
  const { account } = (await consortium.person('Bo', 'north', 'patient')).person.account();
  const link = makeDeviceLink({
    ...{ session: new Uint8Array(16), account, relay: gatewayUrl, key: new Uint8Array(1_216) },
  });
  assert.equal(parseDeviceLink(formatDeviceLink(link)).relay, gatewayUrl);
});
