import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accepted, codeOf, Person } from '../../test/gateway/person.ts';
import { openTown, type Town, townChain } from '../../test/gateway/town.ts';
import type { LogHeadsAnswer } from '../api/logs.ts';
import { bytesOfText } from '../api/message-parts.ts';
import type { AnswerOf } from '../api/route.ts';
import type { genesisGet } from '../api/routes/genesis-get.ts';
import type { logConsistencyGet } from '../api/routes/log-consistency-get.ts';
import type { whoGet } from '../api/routes/who-get.ts';
import type { BlockEvent, HeaderAnswer, StateAnswerMessage } from '../api/tx.ts';
import { appHashOf } from '../ledger/app-hash.ts';
import { decodeHeader } from '../ledger/chain/header.ts';
import { decodeReceipt } from '../ledger/chain/receipt.ts';
import { txIdOfBytes } from '../ledger/codec.ts';
import { genesisHash, parseGenesis } from '../ledger/genesis.ts';
import { isConsistent } from '../ledger/merkle.ts';
import { decodeRow } from '../ledger/table.ts';
import { accounts } from '../ledger/tables/accounts.ts';
import { bytesToHex } from '../primitives/bytes.ts';
import { eventOf } from './handlers/events-get.ts';

let town: Town;
let ana: Person;
before(async () => {
  town = await openTown();
  ana = await Person.enrolled(town, town.north, 'patient');
});
after(() => town.close());

test('a transaction is answered with its place, again under its id, and with a receipt', async () => {
  const revoked = await ana.grant(ana.account);
  const answer = await ana.submit([{ kind: 'ConsentRevoke', consent: revoked.consent }]);
  const outcome = accepted<{ txId: string; height: number; code: number }>(answer);
  assert.equal(outcome.code, 0);
  const again = await ana.call('GET', `/v1/tx/${outcome.txId}`, { anonymous: true });
  assert.deepEqual(again.body, outcome);
  const receipt = await ana.call('GET', `/v1/tx/${outcome.txId}/receipt`, { anonymous: true });
  assert.equal(receipt.status, 200);
  assert.equal(decodeReceipt(new Uint8Array(receipt.bytes)).height, outcome.height);
});

test('a refusal by a rule names code, transaction and act', async () => {
  const consent = (await ana.grant(ana.account)).consent;
  const revoke = { kind: 'ConsentRevoke', consent } as const;
  const answer = await ana.submit([revoke, revoke]);
  assert.equal(codeOf(answer), 'CONSENT_ENDED');
  const { details, ok, kind } = answer.body as {
    details: { txId: string; act: number };
    ok: boolean;
    kind: string;
  };
  assert.equal(ok, false);
  assert.equal(kind, 'not-shared');
  assert.equal(details.act, 1);
  const stored = accepted<{ code: number; name: string }>(
    await ana.call('GET', `/v1/tx/${details.txId}`, { anonymous: true }),
  );
  assert.equal(stored.name, 'CONSENT_ENDED');
  assert.notEqual(stored.code, 0);
});

test('bytes that are no transaction, and transactions nobody knows, are refused', async () => {
  const undecodable = await ana.call('POST', '/v1/tx', { json: { tx: 'AAAA' } });
  assert.equal(codeOf(undecodable), 'TX_UNDECODABLE');
  assert.equal(codeOf(await ana.call('GET', `/v1/tx/${'00'.repeat(32)}`)), 'TX_UNKNOWN');
});

test('headers, genesis and rows with proofs are for everybody', async () => {
  const anonymous = { anonymous: true };
  const latest = accepted<HeaderAnswer>(await ana.call('GET', '/v1/headers/latest', anonymous));
  assert.ok(latest.height >= 1 && latest.validators.length === 1);
  assert.equal(codeOf(await ana.call('GET', '/v1/headers/999999', anonymous)), 'HEIGHT_UNKNOWN');
  const genesis = accepted<AnswerOf<typeof genesisGet>>(
    await ana.call('GET', '/v1/genesis', anonymous),
  );
  const hash = bytesToHex(genesisHash(bytesOfText(genesis.genesis)));
  assert.equal(genesis.trustRoot.genesisHash, hash);
  const who = accepted<AnswerOf<typeof whoGet>>(await ana.call('GET', '/v1/who', anonymous));
  assert.deepEqual([who.genesisHash, who.chainId], [hash, townChain]);
  const path = `/v1/state/accounts/${ana.account}?proof=1`;
  const row = accepted<StateAnswerMessage>(await ana.call('GET', path, anonymous));
  assert.equal(decodeRow(accounts, bytesOfText(row.value ?? '')).role, 'patient');
  assert.ok((row.proof ?? '').length > 0);
  const absent = `/v1/state/accounts/${'00'.repeat(32)}?proof=1`;
  const missing = accepted<StateAnswerMessage>(await ana.call('GET', absent, anonymous));
  assert.equal(missing.value, null);
  assert.ok((missing.proof ?? '').length > 0);
});

test('everybody can have it shown that a log only grew, and what the signed app hash is made of', async () => {
  const ask = async <T>(path: string) =>
    accepted<T>(await ana.call('GET', path, { anonymous: true }));
  const heads = async () => {
    const { stateRoot, user, doc, height } = await ask<LogHeadsAnswer>('/v1/logs');
    const logs = { user: logHeadOf(user), doc: logHeadOf(doc) };
    return { height, logs, appHash: appHashOf(bytesOfText(stateRoot), logs) };
  };
  const before = await heads();
  await ana.grant(ana.account);
  const { height, logs, appHash } = await heads();
  await town.engine.receipt(txIdOfBytes(await lastTx(height)), 10_000);
  const signed = await ask<HeaderAnswer>(`/v1/headers/${height + 1}`);
  assert.deepEqual(decodeHeader(bytesOfText(signed.header)).appHash, appHash);
  const [from, to] = [before.logs.user, logs.user];
  assert.ok(to.size > from.size);
  const way = `/v1/logs/user/consistency?from=${from.size}&to=${to.size}`;
  const { path } = await ask<AnswerOf<typeof logConsistencyGet>>(way);
  const hashes = path.map((hash) => bytesOfText(hash, 32));
  assert.ok(isConsistent(from, to, hashes));
  assert.ok(!isConsistent({ ...from, root: to.root }, to, hashes));
});

const logHeadOf = ({ size, root }: LogHeadsAnswer['user']) => ({
  size,
  root: bytesOfText(root, 32),
});

async function lastTx(height: number): Promise<Uint8Array> {
  for (let at = height; at > 0; at--) {
    const tx = (await town.engine.block(at)).txs.at(-1);
    if (tx !== undefined) return tx;
  }
  return assert.fail('no transaction');
}

test('a log that is for institutions is told to them, and to a patient what is her own', async () => {
  const ben = await Person.enrolled(town, town.north, 'patient');
  await ben.keySet();
  const grant = await ben.grant(ana.account, { writeClasses: ['diagnosis'] });
  assert.ok(grant.writeKey !== undefined);
  const { consent } = grant;
  const act = {
    kind: 'DiagnosisAnchor',
    consent,
    epoch: 1,
    root: new Uint8Array(32),
    count: 1,
  } as const;
  const as = { log: 'doc', sender: ben.account, key: grant.writeKey, nonce: 1 } as const;
  const { height } = accepted<{ height: number }>(await ana.submit([act], as));
  const block = await town.engine.block(height);
  const { logs } = parseGenesis(town.north.gateway.options.genesis);
  const seen = (account: Person['account'], role: 'patient' | 'auditor') =>
    eventOf(block, { account, role }, logs).acts.length;
  assert.deepEqual(
    [seen(ben.account, 'patient'), seen(ana.account, 'patient'), seen(ana.account, 'auditor')],
    [1, 0, 1],
  );
});

test('events tell what is committed from a height on, and then what comes', async () => {
  const address = await town.app.listen({ host: '127.0.0.1', port: 0 });
  const stop = new AbortController();
  const response = await fetch(`${address}/north/v1/events`, {
    headers: { authorization: `Bearer ${ana.token}`, 'last-event-id': '0' },
    signal: stop.signal,
  });
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  const grant = await ana.grant(ana.account);
  const events: BlockEvent[] = [];
  let text = '';
  for await (const piece of response.body ?? []) {
    text += Buffer.from(piece).toString('utf8');
    const whole = text.slice(0, text.lastIndexOf('\n\n') + 1);
    events.splice(
      0,
      events.length,
      ...[...whole.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? '')),
    );
    if (events.some(({ acts }) => acts.some(({ consent }) => consent === grant.consent))) break;
  }
  stop.abort();
  assert.deepEqual(
    events.map(({ height }) => height),
    events.map((_, at) => at + 1),
  );
  const kinds = events.flatMap(({ acts }) => acts.map(({ kind }) => kind));
  assert.ok(kinds.includes('Enrol'));
  assert.equal((await fetch(`${address}/north/v1/events`)).status, 401);
});
