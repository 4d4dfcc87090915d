import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { makePerson, type Person } from '../../../test/builders.ts';
import { rootOf, type Sealed, sealedItem } from '../../../test/gateway/sealed.ts';
import { encodeErased } from '../../api/erase.ts';
import type { AnchoredRows, ItemRow } from '../../api/rows.ts';
import { encodeSigned } from '../../api/signed.ts';
import { labels } from '../../crypto/labels.ts';
import { signLabelled } from '../../crypto/signature.ts';
import { merkleTree } from '../../ledger/merkle.ts';
import { multiproof } from '../../ledger/multiproof.ts';
import { decodeRow, encodeRow, type StateTable } from '../../ledger/table.ts';
import { type Anchor, anchors } from '../../ledger/tables/anchors.ts';
import type { HeldIdentity } from '../../ledger/tables/keys.ts';
import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import { type AccountId, parseAccountId, parseTxId } from '../../primitives/ids.ts';
import { checkRows } from './check-rows.ts';
import { OwnRows, type PageOf } from './own-rows.ts';
import { packRows } from './packed-rows.ts';

const ana: AccountId = parseAccountId('a1'.repeat(32));
const txId = parseTxId('b2'.repeat(32));

const hospital: Person = await makePerson('hospital', 'organisation');

/** One row with what its anchor says of it. */
type Told = Omit<AnchoredRows, 'siblings' | 'rows'> & { readonly row: ItemRow };

/** A custodian of one account as rule H-10 has it, two rows a page, and the ledger's anchors. */
class Custodian {
  readonly asked: { since: number; changed: number; cursor?: string }[] = [];
  readonly anchors = new Map<string, Anchor>();
  rows: { row: Told; change: number }[] = [];
  readonly #trees = new Map<string, readonly Uint8Array[]>();
  changes = 0;
  lie: (row: Told) => Told = (row) => row;

  show(height: number, items: readonly Sealed[]): void {
    const root = rootOf(items);
    const place = { height, timeMs: height * 10, epoch: 1, count: items.length };
    this.anchors.set(bytesToHex(root), { ...place, consent: '', log: 'user' });
    this.changes += 1;
    this.#trees.set(
      bytesToHex(root),
      items.map((it) => it.leaf),
    );
    for (const [index, { recordId, row }] of items.entries()) {
      const live = { kind: 'live', index, recordId, ...row } as const;
      const told = { txId, ...place, consent: '', root, row: live } as const;
      this.rows.push({ row: told, change: this.changes });
    }
  }

  async erase({ recordId, leaf }: Sealed): Promise<void> {
    this.changes += 1;
    const tombstone = await signedTombstone(leaf);
    this.rows = this.rows.map((kept) => {
      const { index, kind } = kept.row.row;
      if (kept.row.row.recordId !== recordId || kind === 'erased') return kept;
      const row: ItemRow = { kind: 'erased', index, recordId, leaf, tombstone };
      return { row: { ...kept.row, row }, change: this.changes };
    });
  }

  readonly pageOf: PageOf = async ({ account: _account, since = 0, changed = 0, cursor }) => {
    const asked = { since, changed, ...(cursor === undefined ? {} : { cursor }) };
    this.asked.push(asked);
    const from = Number(asked.cursor ?? 0);
    const found = this.rows
      .filter(({ row, change }) => change > asked.changed && row.height > asked.since)
      .map(({ row }) => this.lie(row));
    const next = from + 2 < found.length ? String(from + 2) : '';
    return { changes: this.changes, anchors: this.anchored(found.slice(from, from + 2)), next };
  };

  /** Rows of one anchor together, with their proof. */
  anchored(told: readonly Told[]): AnchoredRows[] {
    const byRoot = new Map<string, Told[]>();
    for (const row of told) {
      const root = bytesToHex(row.root);
      byRoot.set(root, [...(byRoot.get(root) ?? []), row]);
    }
    return [...byRoot.values()].flatMap((rows) => {
      const [first] = rows;
      if (first === undefined) return [];
      const { row: _row, ...anchor } = { ...first, ...rows.at(-1) };
      const { nodeAt } = merkleTree(this.#trees.get(bytesToHex(anchor.root)) ?? []);
      const indexes = rows.map(({ row }) => row.index);
      const siblings = multiproof(indexes, anchor.count, nodeAt);
      return [{ ...anchor, siblings, rows: rows.map(({ row }) => row) }];
    });
  }

  async identityOfKey(_: AccountId, signKey: Uint8Array): Promise<HeldIdentity | undefined> {
    const { identity } = hospital;
    const isHis = equalBytes(identity.signKey, signKey);
    return isHis ? { identity, fromHeight: 1, untilHeight: 0 } : undefined;
  }

  /** Of the one table that is asked: account ‖ root. */
  async row<Row>(table: StateTable<Row>, id: string): Promise<Row | undefined> {
    assert.equal(table.name, anchors.name);
    const anchor = this.anchors.get(id.slice(64));
    return anchor === undefined ? undefined : decodeRow(table, encodeRow(anchors, anchor));
  }
}

async function signedTombstone(leaf: Uint8Array): Promise<Uint8Array> {
  const bytes = encodeErased({
    ...{ chainId: 'salus-test-1', account: ana, leaf, erasedMs: 5 },
    ...{ holder: hospital.account, holderKey: hospital.key.publicKey },
  });
  return encodeSigned({
    bytes,
    signature: await signLabelled(hospital.key, labels.erasedSign, bytes),
  });
}

const items = (count: number): Sealed[] => Array.from({ length: count }, () => sealedItem('lab'));
const idsOf = (rows: Iterable<{ recordId: string }>): string[] =>
  [...rows].map((it) => it.recordId).sort();

let custodian: Custodian;
let rows: OwnRows;
beforeEach(() => {
  custodian = new Custodian();
  rows = new OwnRows(custodian.pageOf, custodian, ana);
});

test('Rows are fetched and proven once; after that only what is new is asked for', async () => {
  const [first, second] = [items(5), items(1)];
  custodian.show(3, first);
  await rows.refresh();
  custodian.asked.length = 0;
  await rows.refresh();
  custodian.show(4, second);
  await rows.refresh();
  assert.deepEqual(custodian.asked, [
    { since: 0, changed: 1 },
    { since: 0, changed: 1 },
  ]);
  assert.deepEqual(idsOf(rows.live()), idsOf([...first, ...second]));
});

test('What another device erased is gone here too', async () => {
  const chart = items(3);
  custodian.show(3, chart);
  await rows.refresh();
  const [gone] = chart;
  assert.ok(gone);
  assert.ok(rows.liveOf(gone.recordId));
  await custodian.erase(gone);
  await rows.refresh();
  assert.equal(rows.liveOf(gone.recordId), undefined);
  assert.equal(rows.isErased(gone.recordId), true);
  assert.equal([...rows.live()].length, 2);
});

test('Rows whose delivery came late are learned, though their height is an old one', async () => {
  custodian.show(9, items(1));
  await rows.refresh();
  const late = items(2);
  custodian.show(4, late);
  await rows.refresh();
  for (const { recordId } of late) assert.equal(rows.liveOf(recordId)?.height, 4);
});

test('A row that is not anchored so is refused, and nothing of its answer is kept', async () => {
  custodian.show(3, items(1));
  await rows.refresh();
  const forged = items(3);
  custodian.show(4, forged);
  custodian.lie = (row) => (row.row.index === 2 ? { ...row, timeMs: 1 } : row);
  await assert.rejects(rows.refresh(), { code: 'PROOF_INVALID' });
  assert.equal([...rows.live()].length, 1);
  custodian.lie = (row) => row;
  await rows.refresh();
  assert.equal([...rows.live()].length, 4);
});

test('A custodian that counts less than before is asked for everything again', async () => {
  const [kept, lost] = [items(2), items(1)];
  custodian.show(3, kept);
  const older = { rows: custodian.rows, changes: custodian.changes };
  custodian.rows = [...custodian.rows];
  custodian.show(4, lost);
  await rows.refresh();
  Object.assign(custodian, older);
  await rows.refresh();
  assert.deepEqual(idsOf(rows.live()), idsOf(kept));
});

test('Each of several callers at once is told what happened before it came', async () => {
  custodian.show(3, items(1));
  const early = rows.refresh();
  const added = sealedItem('lab');
  custodian.show(4, [added]);
  await rows.refresh();
  await early;
  assert.ok(rows.liveOf(added.recordId));
});

test('A device that has fetched nothing yet is told what is newer and no more', async () => {
  custodian.show(3, items(2));
  const newer = items(1);
  custodian.show(4, newer);
  assert.deepEqual(idsOf((await rows.since(3)).live), idsOf(newer));
  assert.deepEqual(custodian.asked, [{ since: 3, changed: 0 }]);
  await rows.refresh();
  assert.deepEqual(idsOf((await rows.since(3)).live), idsOf(newer));
  assert.equal((await rows.since(0)).live.length, 3);
});

test('A packed row says what the proven one said', async () => {
  custodian.show(3, items(5));
  const all = custodian.rows.map(({ row }) => row);
  const { live } = await checkRows(custodian, ana, custodian.anchored(all));
  const packed = packRows(live);
  assert.equal(packed.length, 5);
  for (const [i, plain] of live.entries()) {
    const seen = Object.fromEntries(
      Object.keys(plain).map((name) => [name, Reflect.get(packed[i] ?? {}, name)]),
    );
    assert.deepEqual(seen, { ...plain });
  }
});
