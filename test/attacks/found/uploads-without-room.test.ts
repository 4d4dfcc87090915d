import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { blobIdOf } from '../../../src/storage/blob-id.ts';
import { accepted, Person } from '../../gateway/person.ts';
import { openTown, portOf, type Town } from '../../gateway/town.ts';

/**
 * A person with a quota of 1,000,000 bytes sends a stream of 200 MiB: to an id that is nobody's, and to the id of three
 * bytes of his own.
 *
 * Claim: neither comes in. (Here 32 MiB: what is refused after the first part is refused of 200, too.)
 */
const sentMib = 32;
const mib = 1024 * 1024;
let town: Town;
let mal: Person;
before(async () => {
  town = await openTown({}, { quotaBytesOf: () => 1_000_000 });
  await town.app.listen({ port: 0, host: '127.0.0.1' });
  mal = await Person.enrolled(town, town.north, 'researcher');
});
after(() => town.close());

const partBytes = () => {
  const files = join(town.folder, 'north', 'blobs', 'files');
  const parts = readdirSync(files).filter((name) => name.endsWith('.part'));
  return parts.reduce((sum, name) => sum + statSync(join(files, name)).size, 0);
};

/** The answer's status, with the most bytes that lay on the disk meanwhile. */
function push(id: string): Promise<{ status: number | undefined; most: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${mal.token}`,
      'content-type': 'application/octet-stream',
      'content-length': sentMib * mib,
    };
    let most = 0;
    const { hostname, port } = { hostname: '127.0.0.1', port: portOf(town) };
    const path = `/north/v1/blobs/${id}`;
    const sent = request({ hostname, port, path, method: 'PUT', headers }, (answer) => {
      let body = '';
      answer.on('data', (piece) => {
        body += String(piece);
      });
      answer.on('end', () => {
        resolve({ status: answer.statusCode, most, body });
        sent.destroy();
      });
    });
    sent.on('error', reject);
    const piece = Buffer.alloc(mib);
    let left = sentMib;
    const more = () => {
      while (left > 0) {
        left -= 1;
        most = Math.max(most, partBytes());
        if (!sent.write(piece)) return void sent.once('drain', more);
      }
    };
    more();
  });
}

test('a stream to an id that is nobody’s ends at the quota: QUOTA_EXCEEDED', async () => {
  const { status, body, most } = await push(blobIdOf(Uint8Array.of(9)));
  assert.equal(status, 507);
  assert.match(body, /QUOTA_EXCEEDED/);
  assert.ok(most <= 2 * mib, `${most} bytes on disk`);
});

test('a stream to the id of three bytes of one’s own ends where those end: BLOB_MISMATCH', async () => {
  const small = Uint8Array.of(1, 2, 3);
  await mal.putBlob(small);
  const { status, body, most } = await push(blobIdOf(small));
  assert.equal(status, 422);
  assert.match(body, /BLOB_MISMATCH/);
  assert.ok(most <= 2 * mib, `${most} bytes on disk`);
  assert.equal(partBytes(), 0);
  accepted(await mal.call('GET', '/v1/who'));
});
