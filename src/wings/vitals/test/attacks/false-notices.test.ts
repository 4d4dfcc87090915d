import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { textOfBytes } from '../../../../api/message-parts.ts';
import type { CauseMet } from '../../../../gateway/causes.ts';
import { definePart } from '../../../../gateway/part.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import { encodeAs } from '../../../../primitives/shape.ts';
import { GatewayClient } from '../../../../sdk/client/gateway-client.ts';
import { Http } from '../../../../sdk/client/http.ts';
import { type IncidentNotice, incidentNotice, incidentWord } from '../../api/incident-notice.ts';
import { dataServerIncidentsPost } from '../../api/routes/data-server-incidents-post.ts';
import { incidentNotices } from '../../gateway/incident-notices-part.ts';
import { state } from '../../node/statements.ts';
import { drawn } from '../settings/pages.ts';
import { caught, type Enrolled, type Place, ReadingTown } from '../settings/reading-town.ts';

/** A data server that was taken over, and the people of a hospital whose accounts it knows. */

const met: CauseMet[] = [];
const listening = definePart({
  name: 'listening',
  open: ({ causes }) => causes.onCause((it) => met.push(it)),
});

let town: ReadingTown;
let ana: Enrolled;
let ben: Enrolled;
before(async () => {
  town = await ReadingTown.open([{ name: 'ears', parts: [listening], handlers: [] }]);
  ana = await town.town.person('Ana', 'valley', 'patient');
  ben = await town.town.person('Ben', 'valley', 'patient');
});
after(() => town.close());
beforeEach(() => {
  met.length = 0;
});

const accountOf = ({ person }: Enrolled) => person.accounts[0]?.account as AccountId;

/** A report that there need not be: the ledger takes any hash. */
async function onLedger(place: Place, name: string): Promise<string> {
  const report = drawn(name);
  await town.server(place).server.base.send({ kind: 'Incident', report, incident: 'tampering' });
  return bytesToHex(report);
}

async function said(place: Place, incident: string, change: Partial<IncidentNotice> = {}) {
  const { organisation } = town.town.gateway('valley').options;
  const notice: IncidentNotice = {
    ...{ incident: Uint8Array.from(Buffer.from(incident, 'hex')), began: incident },
    ...{ server: 'harbour', fromMs: 1, untilMs: 2, done: 'quarantined', source: '' },
    ...{ claimedMac: '', people: [accountOf(ana)] },
    ...change,
  };
  const { base } = town.server(place).server;
  const payload = encodeAs(incidentNotice, notice);
  const statement = await state(base, { to: organisation, word: incidentWord, payload });
  const gateway = new GatewayClient(new Http(town.town.url('valley')));
  const body = { notice: textOfBytes(statement) };
  await gateway.call(dataServerIncidentsPost, { body } as never);
}

const toldTo = (who: Enrolled) =>
  town.town.gateway('valley').parts.get(incidentNotices).toldTo(accountOf(who), 0);

test('with one incident on the ledger nobody is told a hundred times: what it began with must be that server’s, too', async () => {
  const incident = await onLedger(1, 'one');
  await said(1, incident);
  const another = await onLedger(0, 'of the other');
  for (const began of [bytesToHex(drawn('made up')), another])
    assert.equal(await caught(said(1, incident, { began })), 'INCIDENT_UNKNOWN');
  assert.equal(met.length, 1);
  assert.equal(toldTo(ana).length, 1);
  // And what one said is in no other's way.
  await said(0, another);
  assert.equal(met.length, 2);
});

test('a server tells under the name of who runs it, whatever it calls itself', async () => {
  const incident = await onLedger(2, 'named');
  await said(2, incident, { server: 'Call 0900 555 1234' });
  const [cause] = met;
  assert.ok(cause?.kind === 'incident');
  assert.equal(cause.facts.server, "Valley Children's Hospital");
  assert.equal(toldTo(ana).at(-1)?.server, "Valley Children's Hospital");
});

test('hours that no calendar has are refused', async () => {
  const incident = await onLedger(1, 'hours');
  assert.equal(await caught(said(1, incident, { untilMs: 9e15 })), 'CBOR_SHAPE');
  assert.deepEqual(met, []);
});

test('of one server one person is told 24 things a day, and others beside her are told', async () => {
  const before = toldTo(ana).filter(({ by }) => by === town.accounts[0]).length;
  for (let n = before; n < 24; n++) await said(0, await onLedger(0, `flood ${n}`));
  const more = await onLedger(0, 'more');
  const people = [accountOf(ana), accountOf(ben)];
  assert.equal(await caught(said(0, more, { people })), 'RATE_LIMITED');
  const count = () => met.filter(({ account }) => account === accountOf(ben)).length;
  assert.equal(count(), 1);
  // Again, as an honest one does: she is told the next day, and he once.
  town.town.advance(24 * 3_600_000);
  await said(0, more, { people });
  assert.equal(count(), 1);
  assert.equal(toldTo(ana).filter(({ by }) => by === town.accounts[0]).length, 25);
});

test('her report ends, however often her hospital shows the same, and says what could not be asked', async () => {
  const part = town.town.gateway('valley').parts.get(incidentNotices);
  const honest = part.toldTo.bind(part);
  let asked = 0;
  part.toldTo = (account) => {
    asked++;
    const [one] = honest(account, 0);
    assert.ok(one);
    return Array.from({ length: 500 }, () => one);
  };
  try {
    const untilMs = town.town.now();
    const { report } = await ana.person.accessReport({ fromMs: 0, untilMs });
    assert.deepEqual(report.missing, [{ wing: 'vitals/incidents', code: 'GATEWAY_LIED' }]);
    assert.equal(asked, 1);
  } finally {
    part.toldTo = honest;
  }
});
