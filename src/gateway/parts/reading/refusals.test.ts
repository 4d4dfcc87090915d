import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { codeOf, type Grant, Person } from '../../../../test/gateway/person.ts';
import { openTown, type Town } from '../../../../test/gateway/town.ts';
import { refusalLeafContent } from '../../../api/look.ts';
import { bytesOfText } from '../../../api/message-parts.ts';
import { decodeTx } from '../../../ledger/codec.ts';
import { isIncluded, leafHash } from '../../../ledger/merkle.ts';
import { equalBytes } from '../../../primitives/bytes.ts';

let town: Town;
let ana: Person;
let doctor: Person;
let grant: Grant;
before(async () => {
  town = await openTown({ refusalLeavesPerHour: 3 });
  ana = await Person.enrolled(town, town.north, 'patient');
  doctor = await Person.enrolled(town, town.south, 'clinician');
  grant = await ana.grant(doctor.account);
});
after(() => town.close());

const refuse = () => doctor.read(grant, town.north, { purpose: 'HRESCH' });
const refusals = async () => (await ana.inbox()).filter(({ kind }) => kind === 'refusal');
const batches = async () => {
  const blocks = await Promise.all(
    Array.from({ length: town.engine.status().height }, (_, at) => town.engine.block(at + 1)),
  );
  const acts = blocks.flatMap(({ txs }) => txs.flatMap((tx) => decodeTx(tx).body.acts));
  return acts.flatMap((act) => (act.kind === 'BatchAnchor' ? [act] : []));
};

test('a refused look is sealed for the patient and proven by the next batch', async () => {
  assert.equal(codeOf(await refuse()), 'PURPOSE_NOT_GRANTED');
  const [waiting] = await refusals();
  assert.equal(waiting?.anchor, undefined);
  await town.north.gateway.flush();
  const [notice] = await refusals();
  const opened = await ana.openNotice(notice?.sealed ?? '');
  assert.ok(opened.kind === 'refusal');
  assert.equal(opened.code, 'PURPOSE_NOT_GRANTED');
  assert.equal(opened.reader, doctor.account);
  const { anchor } = notice ?? {};
  assert.ok(anchor?.leaf !== undefined && anchor.path !== undefined && anchor.count !== undefined);
  const content = refusalLeafContent(opened);
  assert.ok(equalBytes(content, bytesOfText(anchor.leaf)));
  const batch = (await batches()).at(-1);
  assert.ok(batch !== undefined);
  const path = anchor.path.map((hash) => bytesOfText(hash));
  assert.ok(isIncluded(leafHash(content), anchor.index, anchor.count, path, batch.root));
});

test('an empty minute anchors nothing', async () => {
  const before = (await batches()).length;
  await town.north.gateway.flush();
  assert.equal((await batches()).length, before);
});

test('beyond the limit of an hour a caller makes no leaves but one, which counts', async () => {
  for (let i = 0; i < 6; i++) assert.equal(codeOf(await refuse()), 'PURPOSE_NOT_GRANTED');
  assert.equal((await refusals()).length, 3);
  await town.north.gateway.flush();
  const first = (await batches()).at(-1);
  assert.equal(first?.count, 2);
  town.clock.aheadMs += 3_600_000;
  await town.north.gateway.flush();
  const counting = (await batches()).at(-1);
  assert.equal(counting?.count, 1);
  assert.notDeepEqual(counting?.root, first?.root);
  town.clock.aheadMs = 0;
});

test('what fails authentication leaves no leaf, only a count', async () => {
  const before = (await refusals()).length;
  const readerKey = ana.keys.sign.publicKey;
  assert.equal(codeOf(await doctor.read(grant, town.north, { readerKey })), 'KEY_NOT_CURRENT');
  assert.equal((await refusals()).length, before);
  const metrics = await town.app.inject({ method: 'GET', url: '/metrics' });
  const line = 'unauthenticated_total{hospital="south",code="KEY_NOT_CURRENT"} 1';
  assert.ok(metrics.body.includes(line), 'the reader’s own hospital counts it');
});

test('leaves whose batch was lost are anchored with the next one', async () => {
  const colleague = await Person.enrolled(town, town.south, 'nurse');
  assert.equal(codeOf(await colleague.read(grant, town.north)), 'NOT_SHARED');
  town.engine.hold();
  const lost = assert.rejects(town.north.gateway.flush());
  town.engine.giveUp();
  await lost;
  town.engine.release();
  await town.north.gateway.flush();
  assert.ok((await refusals()).every(({ anchor }) => anchor !== undefined));
});

test('a batch that came through after it was given up is known by its place, and not sent for ever', async () => {
  const colleague = await Person.enrolled(town, town.south, 'nurse', 'Late');
  assert.equal(codeOf(await colleague.read(grant, town.north)), 'NOT_SHARED');
  town.engine.silent = true;
  await assert.rejects(town.north.gateway.flush(), { code: 'COMMIT_TIMEOUT' });
  town.engine.silent = false;
  await town.north.gateway.flush();
  const sent = town.engine.submitted;
  await town.north.gateway.flush();
  assert.equal(town.engine.submitted, sent);
  assert.ok((await refusals()).every(({ anchor }) => anchor !== undefined));
});
