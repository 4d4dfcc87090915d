import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createSecureContext } from 'node:tls';
import { remove, salus, temporaryHome } from '../../../../test/cli/salus.ts';
import { signingKeyFromSeed } from '../../../crypto/signature.ts';
import { organisationKeys, takeNewKey } from '../../../server/home-members.ts';
import { machineCertificate } from '../../../server/member/certificates.ts';
import { checkMember } from '../../../server/member/check.ts';
import {
  certifyMachine,
  daysUntil,
  machineEndsMs,
  machineFiles,
  renewMachine,
} from '../../../server/member/machine.ts';
import { networkIn, ownIn } from '../../../server/member/network.ts';
import { type MemberMachine, openMemberMachine } from '../../../server/member/open.ts';
import { PeerConnections, peerUrl } from '../../../server/member/peer-fetch.ts';
import { freePorts } from '../../../story/free-ports.ts';

const root = temporaryHome();
const running = new AsyncDisposableStack();
after(async () => {
  await running.disposeAsync();
  remove(root);
});

const dayMs = 86_400_000;
const homeOf = (name: string): string => join(root, 'homes', name);
const ownOf = (name: string) => ownIn(homeOf(name)) ?? assert.fail(name);
const connectionsOf = (name: string) => new PeerConnections(homeOf(name), ownOf(name));

async function textOf(message: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of message) text += String(piece);
  return text;
}

/** Two homes; anna's server answers with what it was sent. */
async function begin(): Promise<{ readonly url: string; readonly machine: MemberMachine }> {
  const ports = await freePorts(10);
  const members = ['anna', 'bern'].map((short, at) => {
    const [gateway, p2p, rpc, storage, peers] = ports.slice(5 * at);
    const name = `Hospital ${short}`;
    const url = `https://${short}.example`;
    return { name, short, url, host: '127.0.0.1', ports: { gateway, p2p, rpc, storage, peers } };
  });
  const file = join(root, 'members.json');
  writeFileSync(file, JSON.stringify({ chain: 'salus-two-1', members }));
  await salus(['consortium', 'init', '--members', file, '--out', join(root, 'homes')]);
  const server = createServer((request, response) => {
    void textOf(request).then((sent) => response.end(`${request.method} ${request.url} ${sent}`));
  });
  const machine = await openMemberMachine(homeOf('anna'), running, '127.0.0.1');
  assert.ok(machine);
  await machine.listen(server);
  return { url: peerUrl(ownOf('anna')), machine };
}
const { url: anna, machine: annasMachine } = await begin();

test('gateways call each other with the certificates of their machines, with text and with streams', async () => {
  const bern = connectionsOf('bern');
  running.defer(() => bern.close());
  assert.equal(bern.urls.get(ownOf('anna').organisation), anna);
  const post = { method: 'POST', body: '{}' };
  assert.equal(await (await bern.fetch(`${anna}/v1/x`, post)).text(), 'POST /anna/v1/x {}');
  const body = new Blob(['sealed ', 'bytes']).stream();
  const streamed = await bern.fetch(`${anna}/v1/y`, { method: 'PUT', body, duplex: 'half' });
  assert.equal(await streamed.text(), 'PUT /anna/v1/y sealed bytes');
});

test('who shows no certificate, or one that has ended, is not let in', async () => {
  await assert.rejects(fetch(anna, {}));
  const home = homeOf('bern');
  await certifyMachine(home, ownOf('bern'), Date.now() - 91 * dayMs);
  const late = connectionsOf('bern');
  await assert.rejects(late.fetch(`${anna}/v1/x`, { method: 'GET' }));
  late.close();
  assert.equal(await renewMachine(home, Date.now()), true);
  const renewed = connectionsOf('bern');
  assert.equal((await renewed.fetch(`${anna}/v1/x`, { method: 'GET' })).status, 200);
  renewed.close();
});

test('a machine that is not that of the organisation meant is not believed', async () => {
  const home = homeOf('bern');
  const [one, two] = networkIn(home);
  assert.ok(one !== undefined && two !== undefined);
  const path = join(home, 'servers', 'network.json');
  const whole = readFileSync(path, 'utf8');
  const members = [{ ...one, authority: two.authority }, two];
  writeFileSync(path, JSON.stringify({ members }));
  const bern = connectionsOf('bern');
  await assert.rejects(bern.fetch(`${anna}/v1/x`, { method: 'GET' }));
  bern.close();
  writeFileSync(path, whole);
});

test('a certificate names a machine by its name, and by addresses of either kind', async () => {
  const key = await signingKeyFromSeed(new Uint8Array(32).fill(1));
  const hosts = [
    'node.anna.example',
    '10.0.0.1',
    'fd00::1',
    '::1',
    'fd00:0:0:1::',
    '1:2:3:4:5:6:7:8',
  ];
  const { cert } = await machineCertificate(key, {
    organisation: 'Anna',
    hosts,
    nowMs: Date.now(),
  });
  const read = new X509Certificate(cert);
  assert.equal(read.checkHost('node.anna.example'), 'node.anna.example');
  for (const address of hosts.slice(1)) assert.equal(read.checkIP(address), address);
  assert.equal(read.checkIP('fd00::2'), undefined);
});

test('a certificate is renewed thirty days before its end, with another key, and not before', async () => {
  const home = homeOf('bern');
  const now = Date.now();
  await certifyMachine(home, ownOf('bern'), now);
  const key = readFileSync(machineFiles(home).key, 'utf8');
  assert.equal(await renewMachine(home, now + 58 * dayMs), false);
  assert.equal(readFileSync(machineFiles(home).key, 'utf8'), key);
  const late = now + 60 * dayMs;
  const [before] = await checkMember(home, late);
  assert.deepEqual([before?.check, before?.ok], ['certificate', false]);
  assert.match(String(before?.advice), /^keys to renew/);
  assert.equal(await renewMachine(home, late), true);
  assert.notEqual(readFileSync(machineFiles(home).key, 'utf8'), key);
  assert.ok(daysUntil(machineEndsMs(home) ?? 0, late) >= 88);
  const [after] = await checkMember(home, late);
  assert.equal(after?.ok, true);
});

test('who is taken out of the list of members is among the certificates no more', async () => {
  const home = homeOf('bern');
  const { members } = machineFiles(home);
  const path = join(home, 'servers', 'network.json');
  const whole = readFileSync(path, 'utf8');
  const { authority } = ownOf('anna');
  assert.ok(readFileSync(members, 'utf8').includes(authority));
  writeFileSync(path, JSON.stringify({ members: [ownOf('bern')] }));
  await renewMachine(home, Date.now());
  assert.equal(readFileSync(members, 'utf8'), ownOf('bern').authority);
  writeFileSync(path, whole);
  await renewMachine(home, Date.now());
});

test('a renewal that was cut off between key and certificate is made again', async () => {
  const home = homeOf('bern');
  const { cert, key } = machineFiles(home);
  const old = readFileSync(cert);
  await certifyMachine(home, ownOf('bern'), Date.now());
  writeFileSync(cert, old);
  assert.equal(await renewMachine(home, Date.now()), true);
  const pair = { cert: readFileSync(cert), key: readFileSync(key) };
  createSecureContext(pair);
  assert.equal(await renewMachine(home, Date.now()), false);
});

test('a restored home, which has no certificates, gets them again from what it has', async () => {
  const home = homeOf('bern');
  const { members, cert } = machineFiles(home);
  const before = readFileSync(members, 'utf8');
  remove(join(home, 'servers', 'tls'));
  assert.equal(await renewMachine(home, Date.now()), true);
  assert.equal(readFileSync(members, 'utf8'), before);
  assert.ok(readFileSync(cert, 'utf8').includes('BEGIN CERTIFICATE'));
});

test('after a vote for another key, what the old key certifies is refused on both sides, and the new one taken (H-34)', async () => {
  const home = homeOf('bern');
  const bern = ownOf('bern');
  const secret = new Uint8Array(32).fill(7);
  const folder = join(root, 'new-key');
  mkdirSync(folder);
  writeFileSync(join(folder, 'organisation.key'), secret, { mode: 0o600 });
  const { sign } = await organisationKeys(folder);
  const ask = async (from: string, url: string): Promise<number> => {
    const connections = connectionsOf(from);
    try {
      return (await connections.fetch(`${url}/v1/x`, { method: 'GET' })).status;
    } finally {
      connections.close();
    }
  };
  const askBern = async (): Promise<number> => {
    const serving = new AsyncDisposableStack();
    const machine = await openMemberMachine(home, serving, '127.0.0.1');
    await machine?.listen(createServer((_, response) => response.end()));
    try {
      return await ask('anna', peerUrl(bern));
    } finally {
      await serving.disposeAsync();
    }
  };
  assert.deepEqual([await ask('bern', anna), await askBern()], [200, 200]);
  await annasMachine.follow(async (it) => (it === bern.organisation ? sign.publicKey : undefined));
  await assert.rejects(ask('bern', anna), 'its certificate of before');
  await certifyMachine(home, bern, Date.now());
  await assert.rejects(ask('bern', anna), 'a new one that a thief makes with the old key');
  await assert.rejects(askBern(), 'nor is a machine with it called');
  takeNewKey(home, { name: 'bern', account: bern.organisation }, secret);
  assert.equal(await renewMachine(home, Date.now()), true, 'made anew by the new key');
  assert.equal(await renewMachine(home, Date.now()), false);
  assert.deepEqual([await ask('bern', anna), await askBern()], [200, 200]);
  const [kept] = networkIn(homeOf('anna')).filter(({ name }) => name === 'anna');
  assert.equal(
    kept?.authority,
    ownOf('anna').authority,
    'who has the key of before stays as he was',
  );
});
