import { type Format, hex, hexOfAll, pattern } from '../../../../../test/vectors/formats/write.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import { encodeAs } from '../../../../primitives/shape.ts';
import { explicitBodies, pageManifest, seedBodies } from '../../api/page.ts';
import { bytesToElements, elementsToBytes, field64 } from '../../crypto/field.ts';
import { codesToBytes } from '../../crypto/pages/clinical-lane.ts';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { type OfThree, pageIdOf, type ServerNumber } from '../../crypto/pages/page-head.ts';
import { truncateShare } from '../../crypto/pages/page-keep.ts';
import { openBody } from '../../crypto/pages/page-open.ts';
import { encodeMeasurement, shareMeasurement } from '../../crypto/pages/page-share.ts';
import { type PreparedShare, prepareShare } from '../../crypto/pages/page-verify.ts';
import { panelOf } from '../../crypto/panels.ts';
import { statisticsCode, type VitalName, vitalSigns } from '../../crypto/vital-signs.ts';
import { valuesOf, verdictOf } from '../settings/pages.ts';

const digest = (bytes: Uint8Array): string => hex(sha256(bytes));

/** One page from fixed secrets; `wrong`: an element of the measurement that is raised by one after encoding. */
async function page(at: { n: number; panel: number; sequence: number; wrong?: number }) {
  const { n, panel, sequence, wrong } = at;
  const arithmetic = await openKernel();
  const values = valuesOf(panel, n, sequence);
  const sensorKey = pattern(32, sequence);
  const id = pageIdOf(sensorKey, panel, sequence);
  const head = { page: id, nonce: pattern(16, 40 + sequence), n, panel, edges: 1 };
  const secrets: OfThree<Uint8Array> = [
    pattern(32, 60),
    pattern(32, 100),
    pattern(32, 140 + sequence),
  ];
  const verifyKey = pattern(32, 200);
  const elements = [...(bytesToElements(field64, encodeMeasurement(values)) ?? [])];
  if (wrong !== undefined) elements[wrong] = (elements[wrong] ?? 0n) + 1n;
  const { parts, hashes, bodies } = await shareMeasurement(arithmetic, head, {
    ...{ measurement: elementsToBytes(field64, elements), clinical: values.clinical, secrets },
  });
  const each = async <Part>(
    run: (server: ServerNumber) => Promise<Part>,
  ): Promise<OfThree<Part>> => [...([await run(1), await run(2)] as const), await run(3)];
  const opened = await each((server) =>
    openBody(arithmetic, { server, head, body: bodies[server - 1] ?? bodies[0] }),
  );
  const said: OfThree<PreparedShare> = await each((server) =>
    prepareShare(arithmetic, {
      ...{ server, head, parts, verifyKey, opened: opened[server - 1] ?? opened[0] },
    }),
  );
  const manifest = {
    ...{ page: id, pseudonym: pattern(16, 7), panel, sequence, startHour: 490_000, n },
    ...{ nonce: head.nonce, parts, hashes, envelopes: [], edges: 1 },
  };
  const [first, second, third] = bodies;
  return {
    ...{ n, k: panelOf(panel).vitals.length, panel, sequence, edges: 1, wrong: wrong ?? null },
    ...{ sensorKey: hex(sensorKey), page: hex(id), nonce: hex(head.nonce) },
    ...{ secrets: hexOfAll(secrets), verifyKey: hex(verifyKey) },
    statistics: hex(values.statistics),
    counters: hex(values.counters),
    clinical: hex(codesToBytes(values.clinical)),
    ...{ parts: hexOfAll(parts), hashes: hexOfAll(hashes) },
    manifest: hex(encodeAs(pageManifest, manifest)),
    firstBodySha256: digest(encodeAs(seedBodies, { secrets: [first.secret] })),
    secondBodySha256: digest(encodeAs(seedBodies, { secrets: [second.secret] })),
    thirdBodySha256: digest(encodeAs(explicitBodies, { pages: [third] })),
    explicit: n * panelOf(panel).vitals.length <= 5 ? hex(third.elements) : null,
    explicitSha256: digest(third.elements),
    verifiersSha256: said.map(({ verifier }) => digest(verifier)),
    rolls: opened.map((it) => hex(truncateShare(arithmetic, it).roll)),
    verdict: verdictOf(arithmetic, parts, said),
  };
}

/** Pages from fixed secrets, and what each server says and keeps of them. */
export const statPages: Format = {
  about:
    'vitals-pages.md: codes of a page, VP-7 to VP-15: what each server is sent, says and keeps; `wrong` is an element of the measurement that the device raises by one. Long values as SHA-256',
  cases: () =>
    Promise.all([
      page({ n: 1, panel: 5, sequence: 0 }),
      page({ n: 17, panel: 2, sequence: 1 }),
      page({ n: 64, panel: 1, sequence: 2 ** 33 + 2 }),
      page({ n: 3, panel: 3, sequence: 3, wrong: 0 }),
      page({ n: 3, panel: 3, sequence: 3, wrong: 960 }),
    ]),
};

/** By vital sign: range, steps and both codes, in 10^-5 of its unit. */
export const statCodes: Format = {
  about:
    'vitals-pages.md, VP-2: the codes of vital signs in 10^-5 of their unit; some clinical codes and their statistics codes',
  async cases() {
    return (Object.keys(vitalSigns) as VitalName[]).map((name) => {
      const { loinc, unit, clinical, statistics } = vitalSigns[name];
      const last = Math.round((clinical.high - clinical.low) / clinical.step);
      const codes = Array.from({ length: 41 }, (_, i) => Math.round((i * last) / 40));
      return {
        ...{ name, loinc, unit, clinical, statistics, codes },
        bytes: codes.map((code) => statisticsCode(vitalSigns[name], code)),
      };
    });
  },
};
