import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { AnchoredRows, ItemRow, LiveRow } from '../../src/api/rows.ts';
import { equalBytes } from '../../src/primitives/bytes.ts';
import { isCoded } from '../../src/primitives/errors.ts';
import type { ConsentId, RecordId } from '../../src/primitives/ids.ts';
import { Person } from '../../src/sdk/index.ts';
import { changingRows } from '../attacks/lies-about-rows.ts';
import { memoryWalletStore } from '../wallet-store.ts';
import {
  type Consortium,
  type Enrolled,
  fileOf,
  passphrase,
  startConsortium,
} from './consortium.ts';

const text = (words: string): Uint8Array => new TextEncoder().encode(words);

let consortium: Consortium;
let ana: Enrolled;
let drA: Enrolled;
let consent: ConsentId;
let first: RecordId;
let second: RecordId;
/** What the gateway in the middle does to an answer: undefined leaves it alone. */
let lie: ((path: string, body: Uint8Array) => Uint8Array | undefined) | undefined;

/** A person who is served by a gateway that lies as `lie` says. */
async function served(by: Enrolled): Promise<Person> {
  const fetchLies = async (url: string, init: RequestInit): Promise<Response> => {
    const response = await fetch(url, init);
    const body = new Uint8Array(await response.arrayBuffer());
    const { pathname } = new URL(url);
    const path = `${init.method ?? 'GET'} ${pathname.slice(pathname.indexOf('/v1'))}`;
    return new Response(new Uint8Array(lie?.(path, body) ?? body), response);
  };
  return Person.open({ store: by.store, passphrase }, { http: { fetch: fetchLies } });
}

before(async () => {
  consortium = await startConsortium();
  ana = await consortium.person('Ana', 'north', 'patient');
  drA = await consortium.person('Dr A', 'north', 'clinician');
  const [a, b] = [
    await ana.person.addFile(fileOf('a.txt', text('one'))),
    await ana.person.addFile(fileOf('b.txt', text('two'))),
  ];
  assert.ok(a.items[0] && b.items[0]);
  first = a.items[0].recordId;
  second = b.items[0].recordId;
  await ana.person.addCard(drA.person.card());
  const given = await ana.person.grant({
    grantee: 'Dr A',
    readClasses: ['other', 'note'],
    purposes: ['TREAT'],
    notAfterMs: Date.now() + 3_600_000,
  });
  consent = given.consent;
  await drA.person.inbox();
});
after(async () => consortium.stop());

type Json = Record<string, unknown>;
type Lie = NonNullable<typeof lie>;

const onPath =
  (pattern: RegExp, change: (body: Json) => void): Lie =>
  (path, body) => {
    if (!pattern.test(path)) return undefined;
    const json: Json = JSON.parse(new TextDecoder().decode(body));
    change(json);
    return text(JSON.stringify(json));
  };
const flipText = (value: unknown): string => {
  const was = String(value);
  const at = Math.floor(was.length / 2);
  return was.slice(0, at) + (was.charAt(at) === 'A' ? 'B' : 'A') + was.slice(at + 1);
};
const flipped = (bytes: Uint8Array): Uint8Array =>
  bytes.map((byte, i) => (i === 7 ? byte ^ 1 : byte));
const onRows = (change: Parameters<typeof changingRows>[1]): Lie => {
  const changed = changingRows(/(GET \/v1\/items|POST \/v1\/read)/, change);
  return (name, body) => {
    const told = changed({ name, body: undefined }, body);
    return told instanceof Uint8Array ? told : undefined;
  };
};
const eachAnchor = (change: (anchor: AnchoredRows) => AnchoredRows): Lie =>
  onRows((anchors) => anchors.map(change));
const eachLive = (change: (row: LiveRow, at: number) => ItemRow): Lie =>
  onRows((anchors) =>
    anchors.map((anchor, at) => ({
      ...anchor,
      rows: anchor.rows.map((row) => (row.kind === 'live' ? change(row, at) : row)),
    })),
  );
/** What the first row of each anchor says, said by that of the next. */
const swapped = (part: 'header' | 'recordId'): Lie =>
  onRows((anchors) => {
    const rows = anchors.map((it) => it.rows[0]).filter((row) => row?.kind === 'live');
    return anchors.map((anchor, at) => {
      const [row, other] = [anchor.rows[0], rows[(at + 1) % rows.length]];
      if (row?.kind !== 'live' || other === undefined) return anchor;
      return { ...anchor, rows: [{ ...row, [part]: other[part] }, ...anchor.rows.slice(1)] };
    });
  });

const openFirst = async (): Promise<unknown> => (await served(ana)).openRecord(first);
const readAll = async (): Promise<unknown> => (await served(drA)).readShared(consent);
const importOne = async (): Promise<unknown> =>
  (await served(ana)).addFile(fileOf('c.txt', text('three')));

for (const [name, lying, work, codes] of [
  [
    'denies an account that stands',
    onPath(/state\/accounts/, (body) => {
      body.value = null;
    }),
    openFirst,
    ['PROOF_INVALID'],
  ],
  [
    'changes a row of the ledger',
    onPath(/state\/accounts/, (body) => {
      body.value = flipText(body.value);
    }),
    openFirst,
    ['PROOF_INVALID', 'GATEWAY_LIED', 'REQUEST_INVALID'],
  ],
  [
    'gives no proof',
    onPath(/state\/accounts/, (body) => {
      delete body.proof;
    }),
    openFirst,
    ['PROOF_INVALID'],
  ],
  [
    'claims a much older state',
    onPath(/state\/accounts/, (body) => {
      body.height = 1;
    }),
    openFirst,
    ['GATEWAY_LIED', 'PROOF_INVALID'],
  ],
  [
    'forges a header',
    onPath(/\/v1\/headers/, (body) => {
      body.header = flipText(body.header);
    }),
    openFirst,
    ['HEADER_INVALID', 'GATEWAY_LIED', 'REQUEST_INVALID'],
  ],
  [
    'forges the votes',
    onPath(/\/v1\/headers/, (body) => {
      body.commit = flipText(body.commit);
    }),
    openFirst,
    ['HEADER_INVALID', 'GATEWAY_LIED', 'REQUEST_INVALID'],
  ],
  [
    'names validators of its own',
    onPath(/\/v1\/headers/, (body) => {
      body.validators = [{ publicKey: 'A'.repeat(43), power: 10 }];
    }),
    openFirst,
    ['HEADER_INVALID'],
  ],
  [
    'changes the salt of an item',
    eachLive((row) => ({ ...row, salt: flipped(row.salt) })),
    openFirst,
    ['PROOF_INVALID', 'REQUEST_INVALID'],
  ],
  ["swaps two items' headers", swapped('header'), openFirst, ['ITEM_HEADER_CORRUPT']],
  ['gives one record under the name of another', swapped('recordId'), openFirst, ['GATEWAY_LIED']],
  [
    'dates an item back',
    eachAnchor((anchor) => ({ ...anchor, timeMs: 1 })),
    readAll,
    ['PROOF_INVALID'],
  ],
  [
    'moves an item under another root',
    eachAnchor((anchor) => ({ ...anchor, root: flipped(anchor.root) })),
    readAll,
    ['PROOF_INVALID', 'REQUEST_INVALID'],
  ],
  [
    'flips a bit of a body',
    (path: string, body: Uint8Array) =>
      /GET \/v1\/blobs/.test(path)
        ? body.map((byte, i) => (i === 99 ? byte ^ 1 : byte))
        : undefined,
    openFirst,
    ['BLOB_CORRUPT'],
  ],
  [
    'confirms another root than was delivered',
    onPath(/POST \/v1\/items/, (body) => {
      body.root = flipText(body.root);
    }),
    importOne,
    ['GATEWAY_LIED'],
  ],
  [
    'confirms a transaction with a forged receipt',
    (path: string, body: Uint8Array) =>
      path.endsWith('/receipt')
        ? body.map((byte, i) => (i === body.length - 40 ? byte ^ 1 : byte))
        : undefined,
    importOne,
    ['RECEIPT_INVALID'],
  ],
  [
    'stores nothing and says it did',
    onPath(/POST \/v1\/blobs/, (body) => {
      body.stored = [];
    }),
    importOne,
    ['GATEWAY_LIED'],
  ],
] as const) {
  test(`A gateway that ${name} is found out`, async () => {
    lie = lying;
    try {
      await assert.rejects(work(), (error) => {
        assert.ok(isCoded(error), String(error));
        assert.ok(
          codes.some((code) => code === error.code),
          error.code,
        );
        return true;
      });
    } finally {
      lie = undefined;
    }
  });
}

test('The same gateway is believed as long as it tells the truth', async () => {
  await openFirst();
  await readAll();
  const { notices, withheld } = await (await served(ana)).looked();
  assert.ok(notices.length > 0 && notices.every((it) => it.kind !== 'doubtful'));
  assert.deepEqual(withheld, []);
});

test('A gateway that keeps a look from the patient is found out by the count on the ledger', async () => {
  await (await served(drA)).readShared(consent, { recordIds: [second] });
  lie = onPath(/GET \/v1\/inbox/, (body) => {
    if (Array.isArray(body.messages)) body.messages.pop();
  });
  try {
    const { withheld } = await (await served(ana)).looked();
    assert.equal(withheld[0]?.consent, consent);
    assert.equal((withheld[0]?.counted ?? 0) - (withheld[0]?.seen ?? 0), 1);
  } finally {
    lie = undefined;
  }
});

test('A gateway that keeps an erasure back gains nothing: the body does not open on a device that kept the row', async () => {
  const { items } = await ana.person.addFile(fileOf('gone.txt', text('gone')));
  const [gone] = items;
  assert.ok(gone);
  const kept = await served(ana);
  await kept.openRecord(gone.recordId);
  lie = onRows(() => []);
  try {
    await ana.person.erase([gone.recordId]);
    await assert.rejects(kept.openRecord(gone.recordId), { code: 'BLOB_UNKNOWN' });
  } finally {
    lie = undefined;
  }
  await kept.addFile(fileOf('next.txt', text('next')));
  assert.ok(equalBytes((await kept.openRecord(first)).bytes, text('one')));
});

test('A gateway that lies about one of many rows is found out', async () => {
  const given = { grantee: 'Dr A', readClasses: ['lab'], purposes: ['TREAT'] } as const;
  await ana.person.grant({ ...given, notAfterMs: Date.now() + 3_600_000 });
  const onAnswers = (change: (answers: Json[]) => void): Lie =>
    onPath(/POST \/v1\/state/, (body) => {
      if (Array.isArray(body.answers)) change(body.answers);
    });
  const denyAll = (answers: Json[]): void => {
    for (const it of answers) it.value = null;
  };
  const dropProofs = (answers: Json[]): void => {
    for (const it of answers) delete it.proof;
  };
  const lies: readonly [Lie, string][] = [
    [onAnswers((answers) => answers.splice(0)), 'GATEWAY_LIED'],
    [onAnswers((answers) => answers.push(...answers)), 'GATEWAY_LIED'],
    [onAnswers((answers) => answers.reverse()), 'PROOF_INVALID'],
    [onAnswers((answers) => denyAll(answers)), 'PROOF_INVALID'],
    [onAnswers((answers) => dropProofs(answers)), 'PROOF_INVALID'],
  ];
  try {
    for (const [told, code] of lies) {
      lie = told;
      await assert.rejects(async () => (await served(ana)).grants(), { code });
    }
  } finally {
    lie = undefined;
  }
  assert.equal((await (await served(ana)).grants()).length, 2);
});

test('A gateway that offers another ledger is not enrolled with', async () => {
  const { person } = await Person.create({ store: memoryWalletStore(), passphrase, name: 'X' }, {});
  const trustRoot = JSON.parse(ana.person.trustRootJson());
  const trustRootJson = JSON.stringify({ ...trustRoot, genesisHash: '00'.repeat(32) });
  const invitation = await consortium.invite('north', 'patient');
  const gatewayUrl = consortium.url('north');
  await assert.rejects(
    person.enrol({ gatewayUrl, invitation, role: 'patient', trustRootJson }),
    (error) => isCoded(error, 'TRUST_ROOT_WRONG'),
  );
});
