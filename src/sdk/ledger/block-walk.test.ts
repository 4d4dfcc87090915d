import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accepted, Person } from '../../../test/gateway/person.ts';
import { openTown, type Town } from '../../../test/gateway/town.ts';
import type { LogHeadsAnswer } from '../../api/logs.ts';
import { textOfBytes } from '../../api/message-parts.ts';
import {
  decodeShownBlock,
  encodeShownBlock,
  type ShownBlock,
} from '../../ledger/chain/shown-block.ts';
import { parseTrustRoot, type TrustRoot } from '../../ledger/chain/trust-root.ts';
import { GatewayClient } from '../client/gateway-client.ts';
import { Http } from '../client/http.ts';
import { walkBlocks } from './block-walk.ts';

let town: Town;
let address: string;
let trust: TrustRoot;
/** A block with a transaction that is held back, and one with a transaction that is shown. */
let held: number;
let open: number;
before(async () => {
  town = await openTown();
  address = `${await town.app.listen({ host: '127.0.0.1', port: 0 })}/north`;
  const [ana, ben] = [
    await Person.enrolled(town, town.north, 'patient'),
    await Person.enrolled(town, town.north, 'patient'),
  ];
  await ben.keySet();
  const grant = await ben.grant(ana.account, { writeClasses: ['diagnosis'] });
  assert.ok(grant.writeKey !== undefined);
  const { consent, writeKey: key } = grant;
  const act = { kind: 'DiagnosisAnchor', consent, epoch: 1, root: new Uint8Array(32), count: 1 };
  const as = { log: 'doc', sender: ben.account, key, nonce: 1 } as const;
  held = accepted<{ height: number }>(
    await ana.submit([{ ...act, kind: 'DiagnosisAnchor' }], as),
  ).height;
  const given = await ben.grant(ana.account);
  open = accepted<{ height: number }>(
    await ben.submit([{ kind: 'ConsentRevoke', consent: given.consent }]),
  ).height;
  trust = parseTrustRoot(JSON.stringify(town.north.gateway.options.trustRoot));
});
after(() => town.close());

type Change = (block: ShownBlock) => ShownBlock;

interface Lies {
  readonly block?: readonly [height: number, change: Change];
  readonly header?: readonly [height: number, shown: number];
  readonly heads?: (heads: LogHeadsAnswer) => LogHeadsAnswer;
}

/** The town's gateway, but for what it lies about. */
function gateway({ block, header, heads }: Lies = {}): GatewayClient {
  const lying: typeof fetch = async (url, init) => {
    const [, what, name] = /\/v1\/(\w+)\/?(\w*)/.exec(String(url)) ?? [];
    if (what === 'headers' && header !== undefined && name === String(header[0])) {
      return fetch(`${address}/v1/headers/${header[1]}`, init);
    }
    const answer = await fetch(url, init);
    if (what === 'logs' && heads !== undefined) {
      return Response.json(heads((await answer.json()) as LogHeadsAnswer));
    }
    if (what !== 'blocks' || block === undefined || name !== String(block[0])) return answer;
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const changed = encodeShownBlock(block[1](decodeShownBlock(bytes, block[0])));
    return new Response(Buffer.from(changed), { headers: answer.headers });
  };
  return new GatewayClient(new Http(address, { fetch: lying, retryDelaysMs: [] }));
}

const walked = async (lies: Lies = {}) => {
  const blocks: ShownBlock[] = [];
  await walkBlocks(gateway(lies), trust, {
    onBlock: ({ block }) => {
      blocks.push(block);
    },
  });
  return blocks;
};

test('every block is shown; of a log for institutions the hashes, of one for everybody all', async () => {
  const blocks = await walked();
  assert.deepEqual(
    blocks.map(({ height }) => height),
    blocks.map((_, at) => at + 1),
  );
  const at = (height: number) => blocks[height - 1]?.txs.map(({ log, body }) => [log, body.length]);
  assert.deepEqual(at(held), [['doc', 0]]);
  assert.deepEqual(at(open), [['user', 1]]);
});

test('who is signed in is shown the logs that are open to his role', async () => {
  const show = async (role: 'auditor' | 'clinician') => {
    const person = await Person.enrolled(town, town.north, role);
    const { status, bytes } = await person.call('GET', `/v1/blocks/${held}/whole`);
    assert.equal(status, 200);
    return decodeShownBlock(new Uint8Array(bytes), held).txs[0]?.body.length;
  };
  assert.deepEqual([await show('auditor'), await show('clinician')], [1, 0]);
});

const one =
  (change: (tx: ShownBlock['txs'][number]) => ShownBlock['txs'][number]): Change =>
  (block) => ({ ...block, txs: block.txs.map(change) });
const other = new Uint8Array(32).fill(7);

const lies: readonly [string, () => Lies, string][] = [
  ['a transaction left out', () => ({ block: [open, (it) => ({ ...it, txs: [] })] }), 'data'],
  [
    'one put in',
    () => ({ block: [open, (it) => ({ ...it, txs: [...it.txs, ...it.txs] })] }),
    'data',
  ],
  ['another id', () => ({ block: [held, one((tx) => ({ ...tx, txId: other }))] }), 'data'],
  [
    'another result',
    () => ({ block: [held, one((tx) => ({ ...tx, resultHash: other }))] }),
    'result',
  ],
  [
    'the result of no body',
    () => ({ block: [open, one((tx) => ({ ...tx, resultHash: other }))] }),
    'result',
  ],
  [
    'another body',
    () => ({
      block: [open, one((tx) => ({ ...tx, body: tx.body.map((it) => ({ ...it, tx: other })) }))],
    }),
    'data',
  ],
  ['a verdict turned', () => ({ block: [held, one((tx) => ({ ...tx, accepted: false }))] }), 'log'],
  ['another log', () => ({ block: [held, one((tx) => ({ ...tx, log: 'user' as const }))] }), 'log'],
  [
    'evidence that its header does not name',
    () => ({
      block: [
        open,
        (it) => ({ ...it, evidence: [{ validatorAddress: other.slice(12), height: 1 }] }),
      ],
    }),
    'data',
  ],
  ['the height of another', () => ({ block: [open, (it) => ({ ...it, height: 1 })] }), 'data'],
  [
    'other heads',
    () => ({
      heads: (it) => ({
        ...it,
        height: it.height - 1,
        user: { ...it.user, root: textOfBytes(other) },
      }),
    }),
    'log',
  ],
];
for (const [what, told, why] of lies) {
  test(`a ledger that shows ${what} does not hold: ${why}`, async () => {
    await assert.rejects(walked(told()), (error: unknown) => {
      const { code, details } = Object(error);
      assert.deepEqual([code, details.what], ['LEDGER_CORRUPT', why]);
      return true;
    });
  });
}

test('a header in the place of another is refused, and another ledger than the one that is trusted', async () => {
  await assert.rejects(walked({ header: [open, open - 1] }), { code: 'GATEWAY_LIED' });
  const stranger = parseTrustRoot(JSON.stringify({ ...trust, headerHash: '00'.repeat(32) }));
  await assert.rejects(walkBlocks(gateway(), stranger, { onBlock: () => undefined }), {
    code: 'LEDGER_CORRUPT',
  });
});
