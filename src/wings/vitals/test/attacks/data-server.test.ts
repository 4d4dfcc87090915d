import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import type { Code } from '../../../../codes/index.ts';
import { type SigningKey, signingKeyFromSeed, signLabelled } from '../../../../crypto/signature.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import { idBytes } from '../../../../primitives/ids.ts';
import { decodeAs, encodeAs } from '../../../../primitives/shape.ts';
import { pagesAskedAfter, pagesStated, signedPagesAsked } from '../../api/page-states.ts';
import { signedStatement, statement } from '../../api/statement.ts';
import { pageUpload } from '../../api/upload.ts';
import { pageIdOf } from '../../crypto/pages/page-head.ts';
import { vitalsNames } from '../../names.ts';
import { DataServer } from '../../node/data-server.ts';
import type { DataServerBase } from '../../node/data-server-base.ts';
import { createDataServerHttp } from '../../server/data-server-http.ts';
import { openServers } from '../settings/opened-servers.ts';
import { valuesOf } from '../settings/pages.ts';
import { actor, type ThreeServers } from '../settings/three-servers.ts';

/** What one data server is asked by people who may not, or too often. Source: docs/protocol/vitals-servers.md. */

async function codeOf(work: Promise<unknown>): Promise<Code | 'taken'> {
  try {
    await work;
    return 'taken';
  } catch (error) {
    if (isCoded(error)) return error.code;
    throw error;
  }
}

/** The first server again, which opens bodies by this, or has other settings. */
const again = (three: ThreeServers, change: Partial<DataServerBase>): DataServer =>
  new DataServer({ ...three.server(0).base, ...change });

test('who once read a registration does not learn hour by hour whether her sensor sends', async (t) => {
  const three = await openServers(t);
  await three.upload([await three.sign(valuesOf(1, 3, 1), 0)]);
  // The key stands in the registration that a reader under a grant is shown; ids follow from it.
  const sensor = three.sensor.publicKey;
  const pages = encodeAs(pagesAskedAfter, [pageIdOf(sensor, 1, 0)]);
  const asked = async (by: SigningKey, as: Uint8Array) => {
    const signature = await signLabelled(by, vitalsNames.labels.pageStates, pages);
    const signed = encodeAs(signedPagesAsked, { pages, sensor: as, signature });
    const answer = decodeAs(signedStatement, await three.server(0).pageStates(signed));
    return decodeAs(pagesStated, decodeAs(statement, answer.statement).payload)[0]?.state;
  };
  const his = await signingKeyFromSeed(new Uint8Array(32).fill(7));
  assert.equal(await asked(three.sensor, sensor), 'waiting');
  assert.equal(await asked(his, his.publicKey), 'unknown');
  assert.equal(await codeOf(asked(his, sensor)), 'SIGNATURE_WRONG');
});

test('a sensor that sends at once, or what is refused, has no more pages opened than its quota', async (t) => {
  const three = await openServers(t);
  const settings = { ...three.server(0).base.settings, pagesPerDay: 4 };
  const server = again(three, { settings });
  const uploads = await Promise.all(
    Array.from({ length: 8 }, async (_, at) => {
      const [first] = await three.uploads([await three.sign(valuesOf(1, 1, at), at)]);
      return first;
    }),
  );
  const rubbish = uploads.map((it) =>
    encodeAs(pageUpload, { ...decodeAs(pageUpload, it), sealed: new Uint8Array(1_200) }),
  );
  assert.equal(await codeOf(server.upload(rubbish[0] ?? new Uint8Array(0))), 'CANNOT_OPEN');
  const said = await Promise.all(uploads.map((it) => codeOf(server.upload(it))));
  const taken = said.filter((it) => it === 'taken').length;
  assert.equal(taken, 3);
  assert.equal(said.filter((it) => it === 'SENSOR_QUOTA').length, 5);
});

test('bodies of strangers fill no memory: so many at once, and the others are told before they are read', async (t) => {
  const three = await openServers(t);
  const app = await createDataServerHttp(three.server(0));
  t.after(() => app.close());
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const length = 2 * 1024 * 1024;
  const said = await Promise.all(
    Array.from({ length: 40 }, async () => {
      const socket = connect(port, '127.0.0.1');
      t.after(() => socket.destroy());
      const head = `POST /v1/peer HTTP/1.1\r\nhost: a\r\ncontent-type: application/cbor\r\ncontent-length: ${length}\r\n\r\n`;
      socket.write(head);
      const answer = once(socket, 'data').then(([bytes]) => String(bytes).slice(9, 12));
      return Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 1_000, 'waits'))]);
    }),
  );
  assert.ok(said.filter((it) => it === 'waits').length <= 12, said.join());
  assert.ok(said.filter((it) => it === '503').length >= 28, said.join());
});

test('statements of strangers are heard so often, and have the ledger asked no more than that', async (t) => {
  const three = await openServers(t);
  let lookedUp = 0;
  const ledger: DataServerBase['ledger'] = {
    chainId: three.ledger.chainId,
    receipt: () => three.ledger.receipt(),
    row: (table, id) => {
      lookedUp++;
      return three.ledger.row(table, id);
    },
  };
  const app = await createDataServerHttp(again(three, { ledger }));
  t.after(() => app.close());
  const { account } = await actor('a stranger');
  const said = encodeAs(statement, {
    ...{
      from: account,
      to: idBytes(three.server(0).base.account),
      word: 'round',
      timeMs: three.now,
    },
    payload: new Uint8Array(0),
  });
  const payload = Buffer.from(
    encodeAs(signedStatement, { statement: said, signature: new Uint8Array(64) }),
  );
  const headers = { 'content-type': 'application/cbor' };
  const told = new Set<number>();
  for (let n = 0; n < 6_100; n++) {
    const answer = await app.inject({ method: 'POST', url: '/v1/peer', headers, payload });
    told.add(answer.statusCode);
  }
  assert.equal(lookedUp, 6_000);
  assert.deepEqual([...told], [401, 429]);
});

test('what was taken in is not opened again, however often it is sent', async (t) => {
  const three = await openServers(t);
  const [upload] = await three.uploads([await three.sign(valuesOf(1, 3, 1), 0)]);
  await three.server(0).upload(upload);
  // With another key nothing opens.
  const kem = three.actors[1]?.kem ?? three.server(0).base.kem;
  const answer = await again(three, { kem }).upload(upload);
  const said = decodeAs(statement, decodeAs(signedStatement, answer).statement);
  assert.equal(decodeAs(pagesStated, said.payload)[0]?.state, 'waiting');
});
