import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labels } from '../src/crypto/labels.ts';
import { signLabelled, verifyLabelled, verifyVote } from '../src/crypto/signature.ts';
import { verifyLedger } from '../src/engines/embedded/verify.ts';
import { openLedgerApplication } from '../src/engines/ledger-application/open.ts';
import { decodeHeader } from '../src/ledger/chain/header.ts';
import { verifyReceipt } from '../src/ledger/chain/receipt.ts';
import { trustRootOf } from '../src/ledger/chain/trust-root.ts';
import { txIdOfBytes } from '../src/ledger/codec.ts';
import { genesisHash } from '../src/ledger/genesis.ts';
import { signatureChecks } from '../src/server/ledger.ts';
import { makePerson } from '../test/builders.ts';
import type { Report } from './figures.ts';
import { Bench } from './ledger.ts';

/**
 * What a sceptic pays: a whole ledger hashed and executed again from its bytes, and receipts checked one after
 * the other with nothing but a trust root; against one Ed25519 verification after the other.
 */
export async function benchVerify(report: Report, grants = 2_000): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'salus-bench-'));
  try {
    const bench = await Bench.open(folder);
    await bench.run(grants, 4);
    const { engine, genesisBytes } = bench;
    const { header } = await engine.signedHeader(1);
    const trustRoot = trustRootOf(decodeHeader(header), genesisHash(genesisBytes), []);
    const receipts: Uint8Array[] = [];
    const { height } = engine.status();
    for (let at = 2; at < height && receipts.length < 500; at++) {
      const { txs } = await engine.block(at);
      for (const tx of txs) receipts.push(await engine.receipt(txIdOfBytes(tx), 10_000));
    }
    await bench.close();
    const verifications = await oneAfterTheOther();
    const base = { bench: 'verify', peer: 'Ed25519 verifications/s, one thread', rounds: 1 };
    const shown = { peerValue: verifications, goal: 'shown', ok: true };

    const begun = performance.now();
    const verdict = await verifyLedger({
      directory: folder,
      openApplication: (directory) =>
        openLedgerApplication({
          path: join(directory, 'state.db'),
          genesis: genesisBytes,
          verify: signatureChecks,
        }),
      verifyVote,
      trustRoot,
    });
    if (!verdict.ok) throw new Error(`broken at ${verdict.height}: ${verdict.what}`);
    const seconds = (performance.now() - begun) / 1000;
    const blocks = verdict.height / seconds;
    const txs = bench.size / seconds;
    report({
      ...base,
      ...shown,
      figure: 'verify-blocks',
      value: blocks,
      unit: 'blocks/s',
      ratio: blocks / verifications,
      n: verdict.height,
    });

    report({
      ...base,
      ...shown,
      figure: 'verify-transactions',
      value: txs,
      unit: 'transactions/s',
      ratio: txs / verifications,
      n: bench.size,
    });

    const started = performance.now();
    for (const receipt of receipts) await verifyReceipt(receipt, trustRoot, verifyVote);
    const checked = receipts.length / ((performance.now() - started) / 1000);
    report({
      ...base,
      ...shown,
      figure: 'verify-receipts',
      value: checked,
      unit: 'receipts/s',
      ratio: checked / verifications,
      n: receipts.length,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function oneAfterTheOther(): Promise<number> {
  const { key } = await makePerson('verified', 'patient');
  const bytes = new Uint8Array(randomBytes(300));
  const signature = await signLabelled(key, labels.txSign, bytes);
  const started = performance.now();
  let done = 0;
  while (performance.now() - started < 2_000) {
    await verifyLabelled(key.publicKey, labels.txSign, bytes, signature);
    done++;
  }
  return done / ((performance.now() - started) / 1000);
}
