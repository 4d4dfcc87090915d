import assert from 'node:assert/strict';
import { catalogue, isCode } from '../../../src/codes/index.ts';
import { type Cbor, decodeCbor } from '../../../src/primitives/cbor.ts';
import type { Target, TargetModule } from '../target.ts';
import { type Neighbourhood, openNeighbourhood } from './http-people.ts';
import { requestOf, type Sent } from './http-request.ts';
import { requestSeeds, requestWords } from './http-seeds.ts';

const answerMs = 8_000;
/** Changed requests change the neighbourhood: after so many it is built anew. */
const requestsPerTown = 1_000;

/** Every route of a gateway with real parts: refuses with a code, is never at fault and always answers. */
export const http: TargetModule = {
  async open(): Promise<Target> {
    const seeds = await requestSeeds();
    let known = await openNeighbourhood();
    let requests = 0;
    await checkRoutes(seeds, known);
    return {
      ...{ name: 'http', shape: 'cbor', seeds, words: requestWords, batch: 1, boundMs: 3_000 },
      allows: ['CBOR_INVALID'],
      run: async (input) => {
        const tree = decodeCbor(input);
        if (requests++ === requestsPerTown) {
          await known.town.close();
          known = await openNeighbourhood();
          requests = 1;
        }
        await judge(known, await requestOf(tree, known));
      },
      close: async () => known.town.close(),
    };
  },
};

/** A route without a seed would never be tried in earnest. */
async function checkRoutes(seeds: readonly Uint8Array[], known: Neighbourhood): Promise<void> {
  const { paths = {} } = known.town.app.swagger() as { paths?: Record<string, object> };
  const missing = new Set<string>();
  for (const [path, methods] of Object.entries(paths)) {
    if (!path.startsWith('/north/')) continue;
    for (const method of Object.keys(methods)) missing.add(`${method.toUpperCase()} ${path}`);
  }
  for (const seed of seeds) {
    const { method, url } = await requestOf(decodeCbor(seed), known);
    const [path = ''] = url.split('?');
    for (const route of missing) {
      const pattern = route.split(' ')[1]?.replaceAll(/\{[^}]+\}/g, '[^/]+') ?? '';
      if (route.startsWith(`${method} `) && new RegExp(`^${pattern}$`).test(path)) {
        missing.delete(route);
      }
    }
  }
  assert.deepEqual([...missing], [], 'routes without a seed');
}

async function judge({ town }: Neighbourhood, sent: Sent): Promise<void> {
  const { method, url, headers, payload } = sent;
  let alarm: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    alarm = setTimeout(() => reject(new Error(`no answer in ${answerMs} ms`)), answerMs);
  });
  try {
    const answer = await Promise.race([
      town.app.inject({
        ...{ method, url, headers: { ...headers } },
        ...(payload === undefined ? {} : { payload }),
        payloadAsStream: true,
      }),
      late,
    ]);
    const stream = answer.stream();
    const type = String(answer.headers['content-type'] ?? '');
    // Events go on for ever; that they began, and end when their client is gone, is enough.
    if (type.startsWith('text/event-stream')) {
      stream.on('error', () => {});
      answer.raw.res.destroy();
      await allStreamsEnded(town);
      return;
    }
    const chunks: Buffer[] = [];
    const whole = (async () => {
      for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
    })();
    await Promise.race([whole, late]);
    checkAnswer(method, answer.statusCode, type, Buffer.concat(chunks));
  } finally {
    clearTimeout(alarm);
  }
}

/** Each open stream listens for the end of the server; a client that is gone leaves nothing behind. */
async function allStreamsEnded({ app }: Neighbourhood['town']): Promise<void> {
  for (let turn = 0; turn < 200 && app.server.listenerCount('close') > 0; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(app.server.listenerCount('close'), 0, 'a stream outlives its client');
}

function checkAnswer(method: string, status: number, type: string, bytes: Buffer): void {
  if (status < 400) return;
  if (method === 'HEAD') {
    assert.ok(status < 500 || status === 503, `HEAD answered ${status}`);
    return;
  }
  assert.match(type, /^application\/json/, `${status} without a code`);
  const answer: unknown = JSON.parse(bytes.toString('utf8'));
  const { ok, code, sentence } = answer as { readonly [field: string]: Cbor };
  assert.ok(
    ok === false && isCode(String(code)) && typeof sentence === 'string',
    `not a refusal: ${bytes.toString('utf8').slice(0, 300)}`,
  );
  if (status < 500 || !isCode(String(code))) return;
  const named = String(code);
  const { kind } = Object.entries(catalogue).find(([name]) => name === named)?.[1] ?? {};
  assert.equal(kind, 'unavailable', `answered ${status} ${named}`);
}
