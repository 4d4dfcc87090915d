import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { type Call, type Fetch, Http } from './http.ts';

const get: Call = { method: 'GET', path: '/v1/wallet/secret?secret=1' };
const answers =
  (...list: (() => Response | Error)[]): Fetch =>
  async () => {
    const next = list.length > 1 ? list.shift() : list[0];
    const answer = next?.();
    if (answer instanceof Response) return answer;
    throw answer;
  };
const http = (fetch: Fetch) => new Http('http://h/', { fetch, retryDelaysMs: [0, 0] });
const refusal = (status: number, body: unknown) => () =>
  new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });
const down = () => new TypeError('fetch failed');

for (const [name, fetch, code] of [
  ['a refusal', answers(refusal(403, { ok: false, code: 'NOT_SHARED' })), 'NOT_SHARED'],
  ['a code that is none of ours', answers(refusal(403, { code: 'YOUR_MONEY' })), 'GATEWAY_LIED'],
  ['a page instead of JSON', answers(refusal(404, '<html>')), 'GATEWAY_LIED'],
  ['a proxy that finds nobody', answers(refusal(502, '<html>')), 'GATEWAY_UNREACHABLE'],
  ['no connection', answers(down), 'GATEWAY_UNREACHABLE'],
  ['JSON that is none', answers(() => new Response('{')), 'GATEWAY_LIED'],
] as const) {
  test(`${name}: ${code}`, async () => {
    await assert.rejects(http(fetch).json(get), (error) => {
      assert.ok(isCoded(error, code));
      assert.ok(!JSON.stringify(error.details).includes('secret'));
      return true;
    });
  });
}

const newer = {
  ok: false,
  code: 'NOTE_TOO_LONG',
  kind: 'usage',
  sentence: 'Call this number.',
  details: { text: 'and pay' },
};
const told = { code: 'NOTE_TOO_LONG', kind: 'usage' };
for (const [name, change, code] of [
  ['of a newer version', {}, 'REFUSAL_UNKNOWN'],
  ['that is no code', { code: 'Call this number' }, 'GATEWAY_LIED'],
  ['that never ends', { code: 'A'.repeat(65) }, 'GATEWAY_LIED'],
  ['of a kind that nobody has', { kind: 'worse' }, 'GATEWAY_LIED'],
  ['of a success', { ok: true }, 'GATEWAY_LIED'],
] as const) {
  test(`A refusal ${name}: ${code}, and none of its text`, async () => {
    const call = http(answers(refusal(422, { ...newer, ...change }))).json(get);
    await assert.rejects(call, (error) => {
      assert.ok(isCoded(error, code));
      assert.ok(!/number|pay|A{9}/.test(JSON.stringify([error.sentence, error.details])));
      if (code === 'REFUSAL_UNKNOWN') assert.deepEqual(error.details, told);
      return true;
    });
  });
}

test('A refusal of a newer version names the transaction that it is about, and nothing in its place', async () => {
  const txId = 'ab'.repeat(32);
  for (const [details, expected] of [
    [
      { txId, text: 'and pay' },
      { ...told, txId },
    ],
    [{ txId: 'Call this number' }, told],
  ] as const) {
    const call = http(answers(refusal(422, { ...newer, details }))).json(get);
    await assert.rejects(call, (error) => {
      assert.ok(isCoded(error, 'REFUSAL_UNKNOWN'));
      assert.deepEqual(error.details, expected);
      return true;
    });
  }
});

test('Details keep scalars only, and no long texts', async () => {
  const details = { n: 1, s: 'x'.repeat(999), o: { a: 1 }, b: true };
  const call = http(answers(refusal(400, { code: 'USAGE', details }))).json(get);
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof CodedError);
    assert.deepEqual(Object.keys(error.details), ['n', 's', 'b']);
    assert.equal(String(error.details.s).length, 200);
    return true;
  });
});

test('What may be repeated is repeated, and nothing else is', async () => {
  const flaky = () => answers(down, down, () => new Response('1'));
  assert.equal(await http(flaky()).json(get), 1);
  await assert.rejects(http(flaky()).json({ method: 'POST', path: '/x', json: {} }), (error) =>
    isCoded(error, 'GATEWAY_UNREACHABLE'),
  );
  const repeatable = { method: 'POST', path: '/x', json: {}, repeatable: true } as const;
  assert.equal(await http(flaky()).json(repeatable), 1);
});

test('A blob is sent again when sending failed, a stream is not', async () => {
  const put = (body: Blob | ReadableStream<Uint8Array>): Call => ({
    method: 'PUT',
    path: '/v1/blobs',
    body,
    repeatable: true,
  });
  const flaky = () => http(answers(down, () => new Response('1')));
  const blob = new Blob([Uint8Array.of(1)]);
  assert.deepEqual(await flaky().bytes(put(blob)), Uint8Array.of(0x31));
  await assert.rejects(flaky().bytes(put(blob.stream())), (error) =>
    isCoded(error, 'GATEWAY_UNREACHABLE'),
  );
});

test('No cookies are sent, and no answer is taken from a cache', async () => {
  const seen: RequestInit[] = [];
  const fetch: Fetch = async (_url, init) => {
    seen.push(init);
    return new Response('1');
  };
  await http(fetch).json(get);
  assert.deepEqual(
    seen.map(({ credentials, cache, referrerPolicy }) => [credentials, cache, referrerPolicy]),
    [['omit', 'no-store', 'no-referrer']],
  );
});

test('An answer is read no further than its bound', async () => {
  let pulled = 0;
  const endless = () =>
    new Response(
      new ReadableStream<Uint8Array>({
        pull(controller) {
          pulled += 1;
          controller.enqueue(new Uint8Array(1024));
        },
      }),
    );
  await assert.rejects(http(answers(endless)).bytes({ ...get, maxBytes: 10_000 }), (error) =>
    isCoded(error, 'BODY_TOO_LARGE'),
  );
  assert.ok(pulled < 20);
});

test("The caller's signal stops a call: INTERRUPTED", async () => {
  const stop = new AbortController();
  const hanging: Fetch = (_url, init) =>
    new Promise((_resolve, reject) => {
      init.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      stop.abort();
    });
  await assert.rejects(http(hanging).json({ ...get, signal: stop.signal }), (error) =>
    isCoded(error, 'INTERRUPTED'),
  );
});

async function listening(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

for (const status of [301, 302, 303, 307, 308]) {
  test(`A gateway that leads elsewhere (${status}): nobody else is sent token or body`, async (t) => {
    const reached: (string | undefined)[] = [];
    const other = await listening(t, ({ headers }, answer) => {
      reached.push(headers['x-salus-ticket']?.toString());
      answer.end('{}');
    });
    const gateway = await listening(t, (_, answer) => {
      answer.writeHead(status, { location: `${other}/v1/wallet/secret` }).end();
    });
    const asking = new Http(gateway, { retryDelaysMs: [] });
    const headers = { authorization: 'Bearer secret', 'x-salus-ticket': 'secret' };
    for (const call of [get, { ...get, method: 'POST', json: { secret: 1 } } as const]) {
      await assert.rejects(asking.json({ ...call, headers }), {
        code: 'GATEWAY_UNREACHABLE',
        details: { path: '/v1/wallet', redirects: true },
      });
    }
    assert.deepEqual(reached, []);
  });
}
