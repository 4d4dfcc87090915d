import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CopyOwner, named } from '../../test/gateway/copy-owner.ts';
import { accepted, Person } from '../../test/gateway/person.ts';
import type { Sealed } from '../../test/gateway/sealed.ts';
import { openTown, type Town } from '../../test/gateway/town.ts';
import { randomBytes } from '../crypto/random.ts';
import { utf8 } from '../primitives/bytes.ts';
import { recordIdOf } from '../primitives/ids.ts';
import { sealItem } from '../sdk/records/item-seal.ts';

let town: Town;
before(async () => {
  town = await openTown();
});
after(() => town.close());

const patientName = 'Zaphira Quillmark';
const doctorName = 'Dr. Ottoline Brandspur';
const absent = 'ab'.repeat(16);
const plaintext = 'MARKER-plaintext-hypertension-7731';

function everything(folder: string): Buffer {
  const parts: Buffer[] = [];
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    parts.push(statSync(path).isDirectory() ? everything(path) : readFileSync(path));
  }
  return Buffer.concat(parts);
}

test('after a whole visit no disk holds a plaintext, a patient’s name or a token, and no log any secret', async () => {
  const ana = await Person.make(town, town.north);
  const invitation = await ana.invitation('patient', patientName);
  await ana.enrol('patient', patientName, invitation);
  await ana.signIn();
  const doctor = await Person.enrolled(town, town.south, 'clinician', doctorName);
  await ana.keySet();

  const recordId = recordIdOf(randomBytes(16));
  const sealed = await sealItem(
    {
      ...{ recordId, account: ana.account, author: ana.account, recordClass: 'diagnosis' },
      ...{ mediaType: 'text/plain', name: plaintext, previous: undefined, writtenMs: Date.now() },
      bytes: utf8(plaintext),
    },
    ana.keys.sign,
    { kind: 'segment', sek: randomBytes(32), epoch: 1 },
  );
  const item: Sealed = {
    ...sealed,
    row: { salt: sealed.salt, leafContent: sealed.leafContent, header: sealed.header },
  };
  await ana.keep([item]);
  const grant = await ana.grant(doctor.account);
  const { ticket } = await doctor.reads(grant, town.north);
  const headers = { 'x-salus-ticket': ticket };
  const at = `/v1/blobs/${item.blobId}?at=${town.north.organisation}`;
  assert.equal((await doctor.call('GET', at, { headers })).status, 200);
  await doctor.read(grant, town.north, { purpose: 'HRESCH' });
  await town.north.gateway.flush();
  const owner = await CopyOwner.open(town, town.north);
  const shard = await owner.shard();
  accepted(await owner.putCopy({ shards: [shard] }));
  accepted(await owner.getShard(shard));
  const codeToken = await owner.tokenByCode();
  await owner.byCode(`/v1/wallet/shards/${shard.name}`);
  await owner.putCopy({ shards: [named(randomBytes(9), absent)] });
  // Refused requests are the ones whose content is tempting to log.
  await ana.call('POST', '/v1/session', { json: { account: patientName } });
  await ana.call('POST', '/v1/enrol', { json: { name: patientName, [plaintext]: plaintext } });
  await ana.call('GET', `/v1/cards/${encodeURIComponent(patientName)}`);

  // She has her card and her keys, so the task of every hour has nothing to keep her name for.
  await town.north.gateway.enrolment.forgetNames();
  const disk = everything(town.folder);
  for (const secret of [
    patientName,
    plaintext,
    ana.token,
    codeToken,
    doctor.token,
    ticket,
    invitation,
    town.north.deskToken,
  ]) {
    assert.ok(!disk.includes(secret), `on a disk: ${secret}`);
  }
  const log = town.logged();
  assert.match(log, /"route":"POST \/v1\/read"/);
  const unlogged = [
    patientName,
    doctorName,
    plaintext,
    ana.token,
    doctor.token,
    ticket,
    invitation,
  ];
  const { deskToken } = town.north;
  for (const secret of [...unlogged, deskToken, codeToken, shard.name, absent, 'authorization']) {
    assert.ok(!log.includes(secret), `in a log: ${secret}`);
  }
  for (const part of patientName.split(' ')) assert.ok(!log.includes(part));
  // The search finds what is there: else all of the above would prove nothing.
  assert.ok(disk.includes(Buffer.from(sealed.header)));
});
