import { sha256 } from '../../../src/crypto/hash.ts';
import { decodeTx } from '../../../src/ledger/codec.ts';
import { genesisHash } from '../../../src/ledger/genesis.ts';
import {
  burnNonce,
  freshWindow,
  judgeNonce,
  type NonceWindow,
} from '../../../src/ledger/nonce-window.ts';
import { encodeStateAnswerProof, verifyStateAnswer } from '../../../src/ledger/state-proof.ts';
import { proveKey } from '../../../src/ledger/state-tree.ts';
import { stateKey } from '../../../src/ledger/table.ts';
import { consents } from '../../../src/ledger/tables/consents.ts';
import { hexToBytes, utf8ToText } from '../../../src/primitives/bytes.ts';
import { type Cbor, decodeCbor, encodeCbor } from '../../../src/primitives/cbor.ts';
import { ledger } from './chain.ts';
import { codeOf, type Format, hex, hexOfAll, pattern } from './write.ts';

export const blocks: Format = {
  about:
    'transactions.md, acts.md, consent.md, state.md, blocks.md B-2, B-3: genesis; then block after block: transactions, results, changed rows, app hash, header and commit. The model executes them itself',
  async cases() {
    const { genesisBytes, before, blocks: made } = await ledger();
    const rowsOf = (rows: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[]) =>
      rows.map(({ key, value }) => [hex(key), hex(value)]);
    return [
      {
        ...{ genesis: hex(genesisBytes), genesisHash: hex(genesisHash(genesisBytes)) },
        ...{ rows: rowsOf(before.writes.rows), appHash: hex(before.appHash) },
      },
      ...made.map(({ height, timeMs, txs, results, rows, appHash, header, commit }) => ({
        ...{ height, timeMs, txs: hexOfAll(txs), txIds: txs.map((tx) => hex(sha256(tx))) },
        results: results.map(({ code, data }) => ({ code, data: hex(data) })),
        ...{ rows: rowsOf(rows), appHash: hex(appHash), header: hex(header), commit: hex(commit) },
      })),
    ];
  },
};

/** A key as table and id. */
function parted(key: Uint8Array): { readonly table: string; readonly id: Uint8Array } {
  const slash = key.indexOf(0x2f);
  return { table: utf8ToText(key.subarray(0, slash)), id: key.subarray(slash + 1) };
}

export const stateProofs: Format = {
  about:
    'state.md ST-6: rows and absent keys of the last state with their proof; then claims that do not hold. value empty: absent',
  async cases() {
    const { store, blocks: made } = await ledger();
    const appHash = made.at(-1)?.appHash ?? pattern(32, 0);
    const logs = { user: store.logHead('user'), doc: store.logHead('doc') };
    const proofOf = (key: Uint8Array) =>
      encodeStateAnswerProof(
        logs,
        proveKey((path) => store.page(path), key),
      );
    const present = [...store.rows].map(([key, value]) => ({
      key: hexToBytes(key) ?? pattern(0, 0),
      value,
    }));
    const absent = Array.from({ length: 12 }, (_, i) => stateKey(consents, pattern(16, 130 + i)));
    const cases: { key: Uint8Array; value: Uint8Array | undefined; proof: Uint8Array }[] = [
      ...present.map(({ key, value }) => ({ key, value, proof: proofOf(key) })),
      ...absent.map((key) => ({ key, value: undefined, proof: proofOf(key) })),
    ];
    const [one, two] = cases;
    const lost = absent[0];
    if (one === undefined || two === undefined || lost === undefined)
      throw new TypeError('a state has rows');
    const fields = decodeCbor(one.proof);
    const parts: readonly Cbor[] = Array.isArray(fields) ? fields : [];
    const siblings: Cbor = parts[4] ?? [];
    const some: readonly Cbor[] = Array.isArray(siblings) ? siblings : [];
    const swapped = (at: number, value: Cbor) =>
      encodeCbor(parts.map((part, i) => (i === at ? value : part)));
    const self = [sha256(one.key), sha256(one.value ?? pattern(1, 0))];
    cases.push(
      { ...one, value: undefined },
      { ...one, value: pattern(5, 1) },
      { ...one, proof: two.proof },
      { key: lost, value: pattern(5, 1), proof: proofOf(lost) },
      { ...one, proof: swapped(4, some.slice(1)) },
      { ...one, proof: swapped(4, [...some, pattern(32, 1)]) },
      {
        ...one,
        proof: swapped(
          4,
          some.map((part, i) => (i === 0 ? pattern(31, 1) : part)),
        ),
      },
      { ...one, proof: swapped(1, 7) },
      { ...one, proof: swapped(5, self) },
      { key: one.key, value: undefined, proof: swapped(5, self) },
      { key: lost, value: undefined, proof: swapped(5, self) },
      { ...one, proof: swapped(5, [pattern(32, 1)]) },
      { ...one, proof: one.proof.slice(0, -1) },
    );
    return Promise.all(
      cases.map(async ({ key, value, proof }) => ({
        ...{
          appHash: hex(appHash),
          key: hex(key),
          value: value === undefined ? '' : hex(value),
          proof: hex(proof),
        },
        holds: (await codeOf(() => verifyStateAnswer(appHash, parted(key), value, proof))) === '',
      })),
    );
  },
};

export const nonces: Format = {
  about:
    'transactions.md T-7: numbers that a fresh window is asked about in turn; taken ones are burnt. Verdict, top and bits after each',
  async cases() {
    const rows = [
      [1, 2, 3, 3, 0, 1],
      [5, 3, 4, 4, 5, 2, 1, 0],
      [1024, 768, 767, 1023, 1024, 2048, 1792, 1791, 2047],
      [1025, 1024, 2049, 2048, 3072],
      [256, 0, 1, 255, 257, 0, 1, 2, 513, 257, 258, 256],
      [300, 44, 43, 299, 556, 300, 299, 301, 812, 556, 555],
      [2 ** 53 - 1, 7, 1031, 8, 1032],
    ];
    return rows.map((numbers) => {
      let window: NonceWindow = freshWindow;
      const steps = numbers.map((nonce) => {
        const refused = judgeNonce(window, nonce) ?? '';
        if (refused === '') window = burnNonce(window, nonce);
        return { nonce, refused, top: window.top, used: hex(window.used) };
      });
      return { steps };
    });
  },
};

type Change = (fields: Cbor[]) => void;

export const transactions: Format = {
  about:
    'transactions.md T-1, acts.md: transactions that are decoded, and those that are refused, with the code',
  async cases() {
    const { blocks: made } = await ledger();
    const good = made.flatMap(({ txs }) => txs).slice(0, -1);
    const [enrol, grant] = good;
    if (enrol === undefined || grant === undefined)
      throw new TypeError('a ledger has transactions');
    const array = (value: Cbor | undefined): Cbor[] => {
      if (!Array.isArray(value)) throw new TypeError('not an array');
      return value as Cbor[];
    };
    const altered = (tx: Uint8Array, change: Change): Uint8Array => {
      const fields = array(decodeCbor(tx));
      change(fields);
      return encodeCbor(fields);
    };
    const inBody = (at: number, value: Cbor) => (tx: Cbor[]) => {
      array(tx[0])[at] = value;
    };
    const inAct = (at: number, value: Cbor) => (tx: Cbor[]) => {
      array(array(array(tx[0])[7])[0])[at] = value;
    };
    const act = array(array(array(decodeCbor(grant))[0])[7])[0] ?? null;
    const changes: Change[] = [
      ...[0, 1, 3, 2 ** 40].map((suite) => inBody(0, suite)),
      inBody(1, 2),
      inBody(2, 'x'.repeat(50)),
      inBody(2, 'x'.repeat(51)),
      inBody(2, '\u{1F9EA}'.repeat(25)),
      inBody(2, '\u{1F9EA}'.repeat(26)),
      inBody(2, 7),
      inBody(3, 'other'),
      inBody(4, pattern(31, 0)),
      inBody(5, null),
      inBody(6, true),
      inBody(7, []),
      inBody(7, new Array<Cbor>(16).fill(act)),
      inBody(7, new Array<Cbor>(17).fill(act)),
      inBody(7, [[]]),
      inBody(7, [[99]]),
      inBody(7, [['10']]),
      inBody(7, [[79, 1]]),
      inBody(7, [act, [11]]),
      inBody(7, [[4, 0, pattern(16, 0), [[1, 0, 0]], '', '']]),
      inBody(7, [[4, 0, pattern(16, 0), [[1, 0]], 'bafkrei', '']]),
      inBody(7, [[20, pattern(15, 0), 1, pattern(32, 0), 1]]),
      inBody(7, [[20, pattern(16, 0), 1, pattern(32, 0), 1]]),
      inBody(7, [[21, new Uint8Array(0), 1, pattern(32, 0), 1]]),
      inBody(7, [[30, []]]),
      inBody(7, [[31, 'gossip', pattern(32, 0), 1, 1, 1]]),
      inAct(5, pattern(31, 0)),
      inAct(1, pattern(17, 0)),
      (tx) => {
        tx[1] = [];
      },
      (tx) => {
        const [signature] = array(tx[1]);
        tx[1] = new Array<Cbor>(3).fill(signature ?? null);
      },
      (tx) => {
        tx[1] = [[pattern(32, 0), pattern(63, 0)]];
      },
      (tx) => {
        tx.push(0);
      },
    ];
    const enrolChanges: Change[] = [inAct(2, 'friend'), inAct(1, []), inAct(3, pattern(33, 0))];
    const large = altered(
      grant,
      inBody(7, [[30, new Array<Cbor>(1_300).fill([pattern(16, 0), pattern(32, 0)])]]),
    );
    const bytes = [
      ...good,
      ...changes.map((change) => altered(grant, change)),
      ...enrolChanges.map((change) => altered(enrol, change)),
      large,
    ];
    return Promise.all(
      bytes.map(async (tx) => ({ tx: hex(tx), refused: await codeOf(() => decodeTx(tx)) })),
    );
  },
};
