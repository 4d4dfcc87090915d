import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { textOfBytes } from '../../../../api/message-parts.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import { GatewayClient } from '../../../../sdk/client/gateway-client.ts';
import { Http } from '../../../../sdk/client/http.ts';
import { recoveryKeyBytes, recoveryWord } from '../../api/notice.ts';
import { dataServersPost } from '../../api/routes/data-servers-post.ts';
import { state } from '../../node/statements.ts';
import { ServerAddresses } from '../../server/peer-line.ts';
import { type Place, ReadingTown } from '../settings/reading-town.ts';

/** How a sensor comes by the recovery keys of the three servers (VS-28). */

let town: ReadingTown;
before(async () => {
  town = await ReadingTown.open();
  await town.tellAddresses();
});
after(() => town.close());

const keyOf = (byte: number, length: number = recoveryKeyBytes) =>
  new Uint8Array(length).fill(byte);
/** What a server says of its key, at a time. */
const noticeOf = (place: Place, payload: Uint8Array, laterMs = 0) => {
  const { account, sign, now } = town.server(place).server.base;
  const said = { word: recoveryWord, payload };
  return state({ account, sign, now: () => now() + laterMs }, said);
};
const tell = async (hospital: string, notice: Uint8Array) => {
  const gateway = new GatewayClient(new Http(town.town.url(hospital)));
  await gateway.call(dataServersPost, { body: { notice: textOfBytes(notice) } });
};
const unauthenticated = (work: Promise<unknown>) =>
  assert.rejects(work, (error) => isCoded(error, 'UNAUTHENTICATED'));
/** As a hub asks, by the gateways that this names. */
const shownKey = (place: Place) => {
  const { ledger } = town.server(place).server.base;
  const hospital = (['north', 'harbour', 'valley'] as const)[place];
  const addresses = new ServerAddresses(ledger, () => town.town.url(hospital));
  return addresses.recoveryKeyOf(town.server(place).account);
};

test('a server’s recovery key is shown beside its address, the newest of those that it signed', async () => {
  assert.equal(await shownKey(0), undefined);
  await tell('north', await noticeOf(0, keyOf(1)));
  assert.deepEqual(await shownKey(0), keyOf(1));
  await tell('north', await noticeOf(0, keyOf(2), 1_000));
  assert.deepEqual(await shownKey(0), keyOf(2));
  // Nothing newer would come for a year.
  const yearMs = 365 * 86_400_000;
  await unauthenticated(tell('north', await noticeOf(0, keyOf(4), yearMs)));
  await tell('north', await noticeOf(0, keyOf(3), -1_000));
  assert.deepEqual(await shownKey(0), keyOf(2));
  assert.equal(await shownKey(1), undefined);
});

test('what is no key, is not of a server of this hospital, or was changed on the way is not taken', async () => {
  await unauthenticated(tell('valley', await noticeOf(2, keyOf(1, recoveryKeyBytes - 1))));
  await unauthenticated(tell('valley', await noticeOf(1, keyOf(1))));
  const changed = await noticeOf(2, keyOf(1));
  const at = changed.length - 100;
  changed[at] = (changed[at] ?? 0) ^ 1;
  await unauthenticated(tell('valley', changed));
  assert.equal(await shownKey(2), undefined);
});
