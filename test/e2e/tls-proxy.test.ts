import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { Person } from '../../src/sdk/index.ts';
import { trustedProxies } from '../../src/server/trusted-proxies.ts';
import { caught } from '../attacks/middle.ts';
import { startProcess } from '../cli/process.ts';
import { remove, temporaryHome } from '../cli/salus.ts';
import { openTown, portOf } from '../gateway/town.ts';
import { startTlsProxy, type TlsProxy } from '../tls-proxy.ts';
import { memoryWalletStore } from '../wallet-store.ts';
import { type Consortium, fileOf, passphrase, startConsortium } from './consortium.ts';

/** Who asks stands here, as the proxy sees it. */
const standsAt = 'x-test-address';

let consortium: Consortium;
let proxy: TlsProxy;
const trusted = getCACertificates('default');

before(async () => {
  consortium = await startConsortium({
    isProxy: trustedProxies(['127.0.0.1']),
    settings: { strangerReadsPerMinute: 40 },
  });
  const upstream = new URL(consortium.url('north')).origin;
  proxy = await startTlsProxy(upstream, (headers) => String(headers[standsAt] ?? '192.0.2.1'));
});
after(async () => {
  setDefaultCACertificates(trusted);
  proxy.close();
  await consortium.stop();
});

/** Somebody on a device at this address who knows the hospital by the proxy's. */
async function enrolledAt(address: string, name: string, role: 'patient' | 'clinician') {
  const withAddress = (url: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.set(standsAt, address);
    return fetch(url, { ...init, headers });
  };
  const options = { now: consortium.now, http: { fetch: withAddress, retryDelaysMs: [] } };
  const { person } = await Person.create({ store: memoryWalletStore(), passphrase, name }, options);
  const invitation = await consortium.invite('north', role, name);
  await person.enrol({ gatewayUrl: `${proxy.url}/north`, invitation, role });
  return person;
}

test('a certificate that nobody vouches for is refused, and not a request leaves', async () => {
  const enrolling = enrolledAt('192.0.2.9', 'Nobody', 'patient');
  const { details } = await caught(enrolling, 'GATEWAY_UNREACHABLE');
  assert.equal(details.certificate, 'DEPTH_ZERO_SELF_SIGNED_CERT');
  assert.equal(proxy.passed(), 0);
});

test('behind TLS: enrol, import of 6 MB, grant, read, revoke', async () => {
  setDefaultCACertificates([...trusted, proxy.cert]);
  const ana = await enrolledAt('192.0.2.10', 'Ana', 'patient');
  const doctor = await enrolledAt('2001:db8::10', 'Dr A', 'clinician');
  const scan = new Uint8Array(6_000_000).map((_, at) => (at * 7) % 251);
  await ana.addFile(fileOf('scan.bin', scan));
  await ana.addCard(doctor.card());
  const { consent } = await ana.grant({
    ...{ grantee: 'Dr A', readClasses: ['other'], purposes: ['TREAT'] },
    notAfterMs: consortium.now() + 3_600_000,
  });
  await doctor.sync();
  const { records } = await doctor.readShared(consent);
  assert.ok(records.some(({ bytes }) => bytes.length === scan.length));
  await ana.revoke(consent);
});

const who = async (headers: Record<string, string>): Promise<number> => {
  const answer = await fetch(`${proxy.url}/north/v1/who`, { headers });
  await answer.arrayBuffer();
  return answer.status;
};

test('one caller behind the proxy uses up nothing of another, whatever he claims and however he is spelt', async () => {
  for (let n = 0; n < 40; n++) {
    // What he writes into the header himself stands before what the proxy adds.
    const headers = { [standsAt]: `192.0.2.20:${50_000 + n}`, 'x-forwarded-for': `10.0.0.${n}` };
    assert.equal(await who(headers), 200);
  }
  assert.equal(await who({ [standsAt]: '192.0.2.20' }), 429);
  assert.equal(await who({ [standsAt]: '::ffff:c000:214' }), 429);
  assert.equal(await who({ [standsAt]: '192.0.2.21' }), 200);
});

test('the command line believes the certificate that NODE_EXTRA_CA_CERTS names, and none without', async () => {
  const home = temporaryHome();
  const ca = join(home, 'hospital.pem');
  writeFileSync(ca, proxy.cert);
  const enrolling = async (name: string, env: Record<string, string>) => {
    const invitation = join(home, 'invitation');
    writeFileSync(invitation, await consortium.invite('north', 'device'));
    const from = ['--gateway', `${proxy.url}/north`, '--invitation-file', invitation];
    const args = ['person', 'create', name, '--role', 'device', ...from, '--json'];
    return startProcess(args, { home, env }).ended;
  };
  const before = proxy.passed();
  assert.match((await enrolling('refused', {})).stdout, /GATEWAY_UNREACHABLE.*SELF_SIGNED_CERT/);
  assert.equal(proxy.passed(), before);
  const made = await enrolling('taken', { NODE_EXTRA_CA_CERTS: ca });
  assert.equal(made.code, 0, made.stdout + made.stderr);
  remove(home);
});

test('behind a proxy a body that drips ends too, and a long one that is refused is told so', async (t) => {
  const isProxy = trustedProxies(['127.0.0.1']);
  const town = await openTown({}, { isProxy, limits: { bodyPatienceMs: 200 } });
  await town.app.listen({ host: '127.0.0.1', port: 0 });
  const other = await startTlsProxy(`http://127.0.0.1:${portOf(town)}`);
  t.after(async () => {
    other.close();
    await town.close();
  });
  const post = (path: string, length: number) =>
    request(`${other.url}/north${path}`, {
      method: 'POST',
      ca: other.cert,
      headers: { 'content-type': 'application/json', 'content-length': length },
    });
  const dripping = post('/v1/session', 1_000);
  dripping.write('{');
  const [ended] = (await once(dripping, 'response')) as [IncomingMessage];
  assert.ok([400, 502].includes(ended.statusCode ?? 0));
  dripping.destroy();
  const long = post('/v1/session', 10_000_000);
  long.on('error', () => undefined);
  long.write(new Uint8Array(100_000));
  const [refused] = (await once(long, 'response')) as [IncomingMessage];
  assert.equal(refused.statusCode, 413);
  long.destroy();
});

test('events come through as they happen', async () => {
  const ana = await enrolledAt('192.0.2.30', 'Ana 2', 'patient');
  const leave = new AbortController();
  const watching = ana.watch({ signal: leave.signal });
  // From then on: an earlier block is not told again.
  const first = watching.next();
  await ana.addFile(fileOf('note.txt', new Uint8Array(10)));
  const { value } = await first;
  assert.ok(value !== undefined && value.height > 0);
  leave.abort();
  await watching.return();
});
