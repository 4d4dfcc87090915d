import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyVote } from '../src/crypto/signature.ts';
import { verifyLedger } from '../src/engines/embedded/verify.ts';
import { openLedgerApplication } from '../src/engines/ledger-application/open.ts';
import { VerifyPool } from '../src/engines/threads/verify-pool.ts';
import { decodeHeader } from '../src/ledger/chain/header.ts';
import { verifyReceipt } from '../src/ledger/chain/receipt.ts';
import { type TrustRoot, trustRootOf } from '../src/ledger/chain/trust-root.ts';
import { txIdOfBytes } from '../src/ledger/codec.ts';
import { genesisHash } from '../src/ledger/genesis.ts';
import { batchesAhead, checksBy } from '../src/server/ledger.ts';
import type { Report } from './figures.ts';
import { Bench } from './ledger.ts';
import { besideRawEd25519, type Spent, spending } from './raw-ed25519.ts';

const turns = 3;
const peer = 'raw Ed25519 verifications/s, all cores, in turn';

/**
 * What a sceptic pays: a whole ledger hashed and executed again from its bytes, and receipts checked one after
 * the other with nothing but a trust root; in turn with raw Ed25519 verification on all cores. One ledger of small
 * blocks, as a quiet day makes them, and one of full ones.
 */
export async function benchVerify(report: Report, grants = 20_000): Promise<void> {
  await benchLedgerOf(report, { grants: grants / 2, clients: 4, name: '' });
  await benchLedgerOf(report, { grants, clients: 512, name: '-full-blocks' });
}

interface Shape {
  readonly grants: number;
  readonly clients: number;
  readonly name: string;
}

async function benchLedgerOf(report: Report, { grants, clients, name }: Shape): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'salus-bench-'));
  try {
    const { genesisBytes, trustRoot, receipts, txs, height } = await fill(folder, grants, clients);
    const whole = await besideRawEd25519(
      Array.from({ length: turns }, () => async () => {
        const spent = await verifyOnce(folder, genesisBytes, trustRoot);
        return { ...spent, n: txs };
      }),
      1_000,
    );
    const base = { bench: 'verify', goal: 'shown', ok: true, peer, peerValue: whole.peerRate };
    report({
      ...base,
      figure: `verify-transactions${name}`,
      value: whole.rate,
      unit: 'transactions/s',
      ratio: whole.ratio,
      goal: '>= 0.6',
      ok: whole.ratio >= 0.6,
      n: txs,
      rounds: turns,
    });
    report({
      ...base,
      figure: `verify-transactions${name}-cpu`,
      value: whole.rate,
      unit: 'transactions/s',
      peer: 'the same by CPU time',
      ratio: whole.cpuRatio,
      n: txs,
      rounds: turns,
    });
    report({
      ...base,
      figure: `verify-blocks${name}`,
      value: (whole.rate * height) / txs,
      unit: `blocks/s of ${(txs / height).toPrecision(2)} transactions`,
      ratio: (whole.ratio * height) / txs,
      n: height,
      rounds: turns,
    });
    if (clients > 4) return;
    const each = await besideRawEd25519(
      Array.from({ length: turns }, () => () => checkReceipts(receipts, trustRoot)),
      1_000,
    );
    report({
      ...base,
      figure: 'verify-receipts',
      value: each.rate,
      unit: 'receipts/s, one after the other',
      ratio: each.ratio,
      n: receipts.length,
      rounds: turns,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A ledger of so many grants; what its clients sent and what enrolled them, no empty block, counts as transactions. */
async function fill(folder: string, grants: number, clients: number) {
  const bench = await Bench.open(folder);
  await bench.run(grants, clients);
  const { engine, genesisBytes } = bench;
  const { header } = await engine.signedHeader(1);
  const trustRoot = trustRootOf(decodeHeader(header), genesisHash(genesisBytes), []);
  const { height } = engine.status();
  let txs = 0;
  const receipts: Uint8Array[] = [];
  for (let at = 1; at <= height; at++) {
    const block = await engine.block(at);
    txs += block.txs.length;
    for (const tx of at < height ? block.txs : []) {
      if (receipts.length < 500) receipts.push(await engine.receipt(txIdOfBytes(tx), 10_000));
    }
  }
  await bench.close();
  return { genesisBytes, trustRoot, receipts, txs, height };
}

function verifyOnce(directory: string, genesis: Uint8Array, trustRoot: TrustRoot): Promise<Spent> {
  return spending(async () => {
    const curves = new VerifyPool({ batches: batchesAhead });
    const verdict = await verifyLedger({
      directory,
      trustRoot,
      verifyVote: (key, message, signature) => curves.verifyVote(key, message, signature),
      openApplication: (scratch) =>
        openLedgerApplication({
          path: join(scratch, 'state.db'),
          genesis,
          verify: checksBy(curves),
          isScratch: true,
        }),
    }).finally(() => curves.close());
    if (!verdict.ok) throw new Error(`broken at ${verdict.height}: ${verdict.what}`);
    return verdict.height;
  });
}

function checkReceipts(receipts: readonly Uint8Array[], trustRoot: TrustRoot): Promise<Spent> {
  return spending(async () => {
    for (const receipt of receipts) await verifyReceipt(receipt, trustRoot, verifyVote);
    return receipts.length;
  });
}
