import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { CodedError, isCoded } from '../../src/primitives/errors.ts';
import type { AccountId } from '../../src/primitives/ids.ts';
import {
  bytes,
  decodeAs,
  encodeAs,
  flag,
  struct,
  text,
  typed,
  uint,
} from '../../src/primitives/shape.ts';
import type { Action } from '../../src/sdk/action.ts';
import { type MessageKind, sealMessage } from '../../src/sdk/client/messages.ts';
import type { PendingKind } from '../../src/sdk/client/pending.ts';
import { liveGrants, sendWithKeys } from '../../src/sdk/grants/grant.ts';
import { Person } from '../../src/sdk/index.ts';
import { type Drawer, entriesOf, withEntry } from '../../src/sdk/wallet/drawer.ts';
import type { SdkWing } from '../../src/sdk/wing.ts';
import { bytesOfWords, caught, changing, Middle } from '../attacks/middle.ts';
import { memoryWalletStore } from '../wallet-store.ts';
import { type Consortium, type Enrolled, passphrase, startConsortium } from './consortium.ts';

/**
 * A wing on a person's device: notes to colleagues, which stand in a drawer, go out once a transaction of their own
 * kind is confirmed, and come in as messages of their own type. Beside it a device that lacks the wing.
 */
interface Note {
  readonly changedMs: number;
  readonly words: string;
  readonly sent: boolean;
}
const notes: Drawer<Note> = {
  wing: 'notes',
  entry: struct({ changedMs: uint, words: text(), sent: flag }),
  key: (note) => bytesOfWords(note.words),
};
const noteObject = typed(2, 70, { words: text() });

const notePending: PendingKind = {
  kind: 'note',
  afterCommit: (content, pending) =>
    entriesOf(content, notes)
      .filter((it) => !it.sent && it.changedMs <= pending.createdMs)
      .reduce(
        (held, it) => withEntry(held, notes, { ...it, changedMs: it.changedMs + 1, sent: true }),
        content,
      ),
  afterRefusal: (content) => content,
};

interface Received {
  readonly from: Uint8Array;
  readonly words: string;
}
const received: Drawer<Received> = {
  wing: 'notes/received',
  entry: struct({ from: bytes(64), words: text() }),
  key: (note) => bytesOfWords(note.words),
};
const noteKind: MessageKind = {
  objectType: 70,
  async receive(_ctx, opened, arrived) {
    const { words } = decodeAs(noteObject, opened);
    const from = bytesOfWords(await arrived.sender());
    return (content) => withEntry(content, received, { from, words });
  },
};

const sendNote: Action<{ readonly to: AccountId; readonly words: string }, number> = {
  name: 'notes/send',
  async run(ctx, { to, words }, { signal }) {
    const { kemKey } = await ctx.ledger.identity(to, signal);
    const sealed = await sealMessage(kemKey, to, encodeAs(noteObject, { words }));
    // Taken once, and before its transaction is made: by its time `afterCommit` knows what went out with that.
    const changedMs = ctx.now();
    const { height } = await sendWithKeys(ctx, {
      kind: 'note',
      acts: [],
      grantsOf: (content) => liveGrants(ctx, content),
      outgoing: [{ to, sealed }],
      writeDown: (content) => withEntry(content, notes, { changedMs, words, sent: false }),
      signal,
    });
    return height;
  },
};
const readNotes: Action<undefined, readonly Note[]> = {
  name: 'notes/read',
  run: async (ctx) => entriesOf(ctx.vault.content, notes),
};
const readReceived: Action<undefined, readonly Received[]> = {
  name: 'notes/received',
  run: async (ctx) => entriesOf(ctx.vault.content, received),
};
const wing: SdkWing = {
  name: 'notes',
  drawers: [notes, received],
  pendingKinds: [notePending],
  messageKinds: [noteKind],
};

let consortium: Consortium;
let ana: Enrolled;
let drA: Enrolled;
let doctor: AccountId;
const middle = new Middle();

before(async () => {
  consortium = await startConsortium();
  ana = await consortium.person('Ana', 'north', 'patient');
  drA = await consortium.person('Dr A', 'north', 'clinician');
  doctor = drA.person.account().account;
  await ana.person.addCard(drA.person.card());
});
after(() => consortium.stop());
afterEach(() => {
  middle.lie = undefined;
  middle.instead = undefined;
});

/** The same wallet in a version that has the wing, or in one that has none. */
const opened = (somebody: Enrolled, wings: readonly SdkWing[]): Promise<Person> =>
  Person.open({ store: somebody.store, passphrase }, { now: consortium.now, wings });
const throughMiddle = (somebody: Enrolled, wings: readonly SdkWing[]): Promise<Person> =>
  Person.open(
    { store: somebody.store, passphrase },
    { now: consortium.now, wings, http: { fetch: middle.fetch, retryDelaysMs: [] } },
  );
const words = async (person: Person) =>
  (await person.run(readNotes, undefined)).map((it) => `${it.words}${it.sent ? ', sent' : ''}`);

test('A wing writes down, sends, is answered, and its message waits for a version that has it', async () => {
  const person = await opened(ana, [wing]);
  assert.ok((await person.run(sendNote, { to: doctor, words: 'one' })) > 0);
  assert.deepEqual(await words(person), ['one, sent']);
  const { consent } = await person.grant({
    grantee: 'Dr A',
    readClasses: ['lab'],
    purposes: ['TREAT'],
    notAfterMs: consortium.now() + 3_600_000,
  });

  const older = await opened(drA, []);
  const grants = await older.inbox();
  assert.ok(
    grants.some((it) => it.consent === consent),
    'the letter behind it arrives',
  );
  assert.equal(older.notUnderstoodCount, 1);
  assert.equal((await older.sync()).notUnderstood, 1);

  const newer = await opened(drA, [wing]);
  await newer.inbox();
  assert.equal(newer.notUnderstoodCount, 0);
  const [note, another] = await newer.run(readReceived, undefined);
  const from = bytesOfWords(ana.person.account().account);
  assert.deepEqual([note, another], [{ from, words: 'one' }, undefined]);
  await older.inbox();
  assert.equal(older.notUnderstoodCount, 0, 'it has left the inbox');
});

test('A device without the wing keeps its drawer, and repeats its transaction without knowing what for', async () => {
  const person = await throughMiddle(ana, [wing]);
  middle.instead = ({ name }) =>
    name.startsWith('POST /v1/tx') ? new Response('down', { status: 503 }) : undefined;
  await caught(person.run(sendNote, { to: doctor, words: 'two' }), 'GATEWAY_UNREACHABLE');
  assert.deepEqual(await words(person), ['one, sent', 'two']);

  const older = await opened(ana, []);
  assert.equal(older.pendingCount, 1);
  const { resumed } = await older.sync();
  assert.deepEqual(
    resumed.map(({ kind, refused }) => ({ kind, refused })),
    [{ kind: 'note', refused: undefined }],
  );
  assert.equal(older.pendingCount, 0);
  assert.deepEqual(await words(await opened(ana, [wing])), ['one, sent', 'two']);
});

test('A wallet that comes back by its code brings the drawers of wings along', async () => {
  const store = memoryWalletStore();
  const again = await Person.recover(
    { store, passphrase, code: ana.code, gatewayUrl: consortium.url('north') },
    { now: consortium.now, wings: [wing] },
  );
  assert.deepEqual(await words(again), ['one, sent', 'two']);
});

test('A message of which its kind says no stays where it is and stops nobody', async () => {
  const person = await opened(ana, [wing]);
  await person.run(sendNote, { to: doctor, words: 'three' });
  const strict: MessageKind = {
    objectType: 70,
    receive: () => Promise.reject(new CodedError('CARD_INVALID')),
  };
  const unwilling = await opened(drA, [{ ...wing, messageKinds: [strict] }]);
  await unwilling.inbox();
  const willing = await opened(drA, [wing]);
  await willing.inbox();
  const got = (await willing.run(readReceived, undefined)).map((it) => it.words);
  assert.deepEqual(got, ['one', 'three', 'two']);
});

test('A message at which its kind breaks is a fault that is told, after all others were received', async () => {
  const person = await opened(ana, [wing]);
  const asked: string[] = [];
  const fragile: MessageKind = {
    objectType: 70,
    async receive(ctx, opened, arrived) {
      const { words } = decodeAs(noteObject, opened);
      asked.push(words);
      if (words === 'breaks it') throw new TypeError('a bug of the wing');
      return noteKind.receive(ctx, opened, arrived);
    },
  };
  for (const words of ['breaks it', 'behind it']) await person.run(sendNote, { to: doctor, words });
  const broken = await opened(drA, [{ ...wing, messageKinds: [fragile] }]);
  await assert.rejects(broken.inbox(), TypeError);
  assert.deepEqual(asked, ['breaks it', 'behind it']);
  const got = (await broken.run(readReceived, undefined)).map((it) => it.words);
  assert.ok(got.includes('behind it') && !got.includes('breaks it'));
});

test('A sender whom the hospital made up is not believed: the message stays', async () => {
  const person = await opened(ana, [wing]);
  await person.run(sendNote, { to: doctor, words: 'four' });
  const reader = await throughMiddle(drA, [wing]);
  middle.lie = changing(/GET \/v1\/inbox/, ({ messages }) => {
    assert.ok(Array.isArray(messages));
    for (const message of messages) delete message.signed;
  });
  await reader.inbox();
  assert.ok(!(await reader.run(readReceived, undefined)).some((it) => it.words === 'four'));
  middle.lie = undefined;
  await reader.inbox();
  assert.ok((await reader.run(readReceived, undefined)).some((it) => it.words === 'four'));
});

test('A refusal of a later version settles the transaction and accuses nobody: REFUSAL_UNKNOWN', async () => {
  const person = await throughMiddle(ana, [wing]);
  middle.lie = changing(/POST \/v1\/tx/, (body) => {
    body.code = 399;
    body.name = 'PERMIT_ENDED';
  });
  const error = await caught(
    person.run(sendNote, { to: doctor, words: 'five' }),
    'REFUSAL_UNKNOWN',
  );
  assert.equal(error.kind, 'unavailable');
  assert.equal(error.details.number, 399);
  assert.equal(error.details.servedBy, undefined);
  assert.equal(person.pendingCount, 0);
});

test('Two wings of one name, drawer or message type are a fault of the program: INTERNAL', async () => {
  for (const wings of [
    [wing, wing],
    [wing, { ...wing, name: 'other', drawers: [] }],
    [{ ...wing, name: 'other' }],
    [{ ...wing, messageKinds: [{ ...noteKind, objectType: 41 }] }],
    [{ ...wing, pendingKinds: [{ ...notePending, kind: 'grant' }] }],
  ]) {
    await assert.rejects(
      async () => (await opened(drA, wings)).received(),
      (error) => isCoded(error, 'INTERNAL'),
    );
  }
});
