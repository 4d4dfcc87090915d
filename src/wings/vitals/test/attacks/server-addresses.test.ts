import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { textOfBytes } from '../../../../api/message-parts.ts';
import { utf8 } from '../../../../primitives/bytes.ts';
import { GatewayClient } from '../../../../sdk/client/gateway-client.ts';
import { Http } from '../../../../sdk/client/http.ts';
import { noticeWord, serverAddressIn } from '../../api/notice.ts';
import { dataServerRelayPost } from '../../api/routes/data-server-relay-post.ts';
import { dataServersPost } from '../../api/routes/data-servers-post.ts';
import { state } from '../../node/statements.ts';
import { dataServerLine } from '../../sdk/data-servers.ts';
import { ServerAddresses } from '../../server/peer-line.ts';
import { caught, type Enrolled, ReadingTown } from '../settings/reading-town.ts';

/** A data server that signs, as the place where it answers, a place of somebody else's network. */

let town: ReadingTown;
let ana: Enrolled;
let ben: Enrolled;
const asked: string[] = [];
/** What nobody outside may reach. */
const inner = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  response.end();
});
before(async () => {
  town = await ReadingTown.open();
  ana = await town.town.person('Ana', 'north', 'patient', { onlyGateways: true });
  ben = await town.town.person('Ben', 'north', 'patient');
  await new Promise<void>((resolve) => {
    inner.listen(0, '127.0.0.1', resolve);
  });
});
after(async () => {
  inner.close();
  await town.close();
});

/** The newest counts: each of a later time. */
let laterMs = 0;
async function says(payload: Uint8Array): Promise<void> {
  const { base } = town.server(0).server;
  const now = () => base.now() + ++laterMs;
  const notice = await state({ ...base, now }, { word: noticeWord, payload });
  const gateway = new GatewayClient(new Http(town.town.url('north')));
  await gateway.call(dataServersPost, { body: { notice: textOfBytes(notice) } });
}

const passed = async () => {
  const params = { server: town.server(0).account, word: 'readings' as const };
  return ana.person.run(
    {
      name: 'test/passed',
      run: (ctx) => ctx.gateway.call(dataServerRelayPost, { params, stream: new Uint8Array([1]) }),
    },
    undefined,
  );
};
/** As another data server finds it, and as a device does that reaches everybody. */
const found = async () => {
  const { ledger } = town.server(1).server.base;
  const addresses = new ServerAddresses(ledger, () => town.town.url('north'));
  return addresses.urlOf(town.server(0).account);
};
const deviceFinds = async () =>
  ben.person.run(
    {
      name: 'test/found',
      run: async (ctx) => {
        await dataServerLine(ctx).client(town.server(0).account);
      },
    },
    undefined,
  );

test('no address has a gateway, a server or a device ask what it likes of a place that it names', async () => {
  const { port } = inner.address() as AddressInfo;
  const place = `http://127.0.0.1:${port}`;
  for (const wrong of [
    `${place}/admin/delete?all=`,
    `${place}/admin/delete#`,
    `http://operator:operator@127.0.0.1:${port}`,
    'data:application/cbor,abc',
    'file:///etc/passwd',
    `${place}/${'a'.repeat(1_100)}`,
  ]) {
    await says(utf8(wrong));
    assert.equal(await caught(found()), 'SERVER_UNKNOWN', wrong);
  }
  await says(utf8(`${place}/admin/delete?all=`));
  // A person's device tries again for some seconds.
  assert.equal(await caught(deviceFinds()), 'GATEWAY_UNREACHABLE');
  assert.equal(await caught(passed()), 'GATEWAY_UNREACHABLE');
  assert.deepEqual(asked, []);
});

test('what is no text is a server that has not said where it answers, and no fault of who reads it', async () => {
  await says(Uint8Array.of(0xff, 0xfe));
  assert.equal(await caught(found()), 'SERVER_UNKNOWN');
  assert.equal(await caught(deviceFinds()), 'GATEWAY_UNREACHABLE');
});

test('a place below another one is an address, with or without the last stroke', () => {
  for (const [said, address] of [
    ['https://north.example', 'https://north.example'],
    ['https://north.example/', 'https://north.example'],
    ['http://127.0.0.1:8800/servers/north/', 'http://127.0.0.1:8800/servers/north'],
  ] as const)
    assert.equal(serverAddressIn(utf8(said)), address);
});
