import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from '../../../../crypto/hash.ts';
import { signingKeyFromSeed } from '../../../../crypto/signature.ts';
import { bytesToHex, utf8 } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { type AccountId, accountIdOf } from '../../../../primitives/ids.ts';
import { decodeAs } from '../../../../primitives/shape.ts';
import { incidentNotice } from '../../api/incident-notice.ts';
import { signedStatement, statement } from '../../api/statement.ts';
import type { DataServerBase } from '../data-server-base.ts';
import { rowMacsOf } from '../stores/row-macs.ts';
import { sqliteIncidentStore } from '../stores/sqlite/sqlite-incident-store.ts';
import { signReport } from './incident-signing.ts';
import { type TellingPlace, tellPeople } from './telling.ts';

const named = (name: string): AccountId => accountIdOf(sha256(utf8(name)));
const [away, there] = [named('a hospital that is away'), named('a hospital')];

test('people of a hospital that is away keep nobody of another from being told, however many they are', async (t) => {
  const sign = await signingKeyFromSeed(new Uint8Array(32).fill(3));
  const account = accountIdOf(sign.publicKey);
  const incidents = sqliteIncidentStore(':memory:', rowMacsOf(new Uint8Array(32)));
  t.after(() => incidents.close());
  const { signed, hash } = await signReport(sign, {
    ...{ chainId: 'salus-test', by: account, kind: 'tampering', store: 'data-server', more: 0 },
    ...{ foundBy: 'scrub', foundMs: 2, wholeMs: 1, places: [], batches: [], people: 3_001 },
    ...{
      firstHour: 0,
      lastHour: 0,
      attempts: [],
      untold: [],
      done: [],
      follows: new Uint8Array(0),
    },
  });
  const name = bytesToHex(hash);
  const everybody = Array.from({ length: 3_001 }, (_, n) => named(`person ${n}`)).sort();
  const last = everybody.at(-1) ?? account;
  const people = everybody.map((it) => ({ account: it, began: name }));
  await incidents.keep({ name, signed, quarantines: [], people });
  await incidents.onLedger(name);
  const row = async (_table: unknown, id: string) => ({
    organisation: id === last ? there : away,
  });
  const base = { account, sign, incidents, ledger: { row }, now: () => 5 };
  const told: AccountId[] = [];
  const hand = async (organisation: AccountId, said: Uint8Array) => {
    if (organisation === away) throw new CodedError('GATEWAY_UNREACHABLE');
    const { payload } = decodeAs(statement, decodeAs(signedStatement, said).statement);
    told.push(...decodeAs(incidentNotice, payload).people);
  };
  const place: TellingPlace = { after: undefined };
  const turn = () => tellPeople(base as unknown as DataServerBase, { name: 'north', hand }, place);
  for (let n = 0; n < 3; n++) await turn();
  assert.deepEqual(told, [last]);
  // And once it is there again all of its people are.
  const back = async (_organisation: AccountId, said: Uint8Array) => hand(there, said);
  for (let n = 0; n < 3; n++)
    await tellPeople(base as unknown as DataServerBase, { name: 'north', hand: back }, place);
  assert.deepEqual([...told].sort(), everybody);
  assert.equal(await turn(), 0);
});
