import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { encodeSigned } from '../../../../api/signed.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import { signLabelled } from '../../../../crypto/signature.ts';
import { encodeManifest, type QueryManifest, queryIdOf } from '../../api/query-manifest.ts';
import type { Question } from '../../api/question.ts';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { statDatasets } from '../../ledger/tables/stat-datasets.ts';
import { statPermits } from '../../ledger/tables/stat-permits.ts';
import { queryRowId, statQueries } from '../../ledger/tables/stat-queries.ts';
import { sealRowId, statSeals } from '../../ledger/tables/stat-seals.ts';
import { vitalsNames } from '../../names.ts';
import { openAnswers } from '../../sdk/asking/collecting.ts';
import { valuesOf } from './pages.ts';
import { actor, hour, type OpenStores, type Place, ThreeServers } from './three-servers.ts';

const places: readonly Place[] = [0, 1, 2];
const dataset = 'ab'.repeat(16);
const permit = 'cd'.repeat(16);

/** Pages that three servers proved and sealed are asked about: the answer is what the device measured. */
export async function answersAreMeasured(t: TestContext, openStores?: OpenStores): Promise<void> {
  const kernel = await openKernel();
  const three = await ThreeServers.open(
    mkdtempSync(join(tmpdir(), 'salus-asked-')),
    kernel,
    openStores,
  );
  t.after(() => three.close());
  await three.registerEverywhere();
  const values = [valuesOf(1, 64, 1), valuesOf(1, 9, 2)];
  await three.upload(await Promise.all(values.map((it, at) => three.sign(it, at))));
  await three.judge();
  for (const place of places) await three.server(place).seal();
  for (const place of places) await three.server(place).seal();

  const rosa = await actor('rosa');
  const { ledger } = three;
  ledger.enrol(rosa, 'researcher');
  const [first] = three.actors;
  assert.ok(first !== undefined);
  ledger.put(statDatasets, dataset, {
    ...{ trio: three.trio, founder: first.account, panel: 1, edges: 1, windows: 1 },
    // Not as a ledger has it: one patient, and a budget without measure, to see the numbers.
    ...{ kMin: 1, pagesPerPatient: 2, researcherCap: 1, datasetCap: 1 },
    ...{ purposes: ['research'], height: 1 },
  });
  ledger.put(statPermits, permit, {
    ...{ dataset, researcher: rosa.account, purpose: 'research', microRho: 1, spent: 0 },
    ...{ notAfterMs: three.now + 1_000, proposer: first.account, approver: first.account },
  });

  async function asked(question: Question, nonce: number): Promise<readonly bigint[]> {
    const manifest: QueryManifest = {
      ...{ chainId: ledger.chainId, researcher: rosa.account, permit, dataset, asOfBatch: 1 },
      ...{ purpose: 'research', question, cohort: [{ attribute: 'sex', from: 1, to: 1 }] },
      ...{ fromHour: hour, untilHour: hour + 1, microRho: Number.MAX_SAFE_INTEGER },
      ...{ issuedMs: three.now, expiresMs: three.now + 1_000 },
      nonce: new Uint8Array(16).fill(nonce),
    };
    const bytes = encodeManifest(manifest);
    const { question: label } = vitalsNames.labels;
    const signed = encodeSigned({ bytes, signature: await signLabelled(rosa.sign, label, bytes) });
    const checks = await Promise.all(places.map((it) => three.server(it).questions.check(signed)));
    assert.deepEqual(new Set(checks.map(({ patients }) => patients)), new Set([1]));
    const query = queryIdOf(bytes);
    const { microRho, purpose } = manifest;
    ledger.put(statQueries, queryRowId(rosa.account, query), {
      ...{ permit, dataset, purpose, asOfBatch: 1, microRho, quarter: 1 },
      ...{ height: 1, timeMs: three.now },
    });
    const answers = await Promise.all(places.map((it) => three.server(it).questions.ask(signed)));
    // Restarted, each gives the same bytes.
    for (const place of places) {
      await three.kill(place);
      assert.deepEqual(await three.server(place).questions.ask(signed), answers[place]);
      const id = sealRowId(rosa.account, query, three.actors[place]?.account ?? rosa.account);
      const seal = await ledger.row(statSeals, id);
      assert.deepEqual(seal?.answer, sha256(answers[place] ?? new Uint8Array(0)));
    }
    return (await openAnswers(answers, query, [rosa.kem])).values;
  }

  const rows = values.flatMap(({ statistics, n }) =>
    Array.from({ length: n }, (_, row) => [...statistics].slice(row * 5, (row + 1) * 5)),
  );
  // Of sums and counters the noise has a deviation of 2, of products of a deviation of 50.
  const near = (value: bigint | undefined, exact: number, by = 15) =>
    assert.ok(Math.abs(Number(value) - exact) < by, `${value} is not ${exact}`);
  const centred = (vital: number) => rows.map((row) => (row[vital] ?? 0) - 128);
  const sum = (list: readonly number[]) => list.reduce((total, it) => total + it, 0);

  const [, n, s, p] = await asked({ kind: 'variance', vital: 0 }, 1);
  near(n, rows.length);
  near(s, sum(centred(0)));
  near(p, sum(centred(0).map((it) => it * it)), 400);
  const counters = (await asked({ kind: 'histogram', vital: 1 }, 2)).slice(1);
  for (const [bin, counted] of counters.entries())
    near(counted, sum(values.map((page) => page.counters[32 + bin] ?? 0)));
}
