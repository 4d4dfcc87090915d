import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ShownLedger } from '../../../test/fakes/shown-ledger.ts';
import { isCoded } from '../../primitives/errors.ts';
import { GatewayClient } from '../client/gateway-client.ts';
import { Http } from '../client/http.ts';
import { VerifiedHeaders } from './verified-headers.ts';

const shown = await ShownLedger.of(['ana', 'ben', 'cleo']);

test('Who asks for a header that somebody else asked for first is not stopped with him', async () => {
  const asked: (() => void)[] = [];
  // The first question is never answered; it ends with its signal alone.
  const slow: typeof fetch = (url, init) => {
    const isFirst = asked.length === 0;
    asked.push(() => undefined);
    if (!isFirst) return shown.fetch(String(url));
    return new Promise((_, reject) => {
      init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
    });
  };
  const gateway = new GatewayClient(new Http('http://shown', { fetch: slow, retryDelaysMs: [] }));
  const headers = new VerifiedHeaders(gateway, shown.trustRoot());
  const [gone, leaves, stays] = [0, 1, 2].map(() => new AbortController());
  assert.ok(gone !== undefined && leaves !== undefined && stays !== undefined);
  const first = headers.header(1, gone.signal);
  const second = headers.header(1, stays.signal);
  const third = headers.header(1);
  const fourth = headers.header(1, leaves.signal);
  leaves.abort();
  await assert.rejects(fourth, (error) => isCoded(error, 'INTERRUPTED'));
  gone.abort();
  await assert.rejects(first, (error) => isCoded(error, 'INTERRUPTED'));
  assert.equal((await second).height, 1);
  assert.equal((await third).height, 1);
  assert.equal(asked.length, 2, 'who stayed asked once more, together');
});
