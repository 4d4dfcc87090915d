import { withFixedRandomness } from '../../../../../test/vectors/formats/fixed-randomness.ts';
import {
  codeOf,
  type Format,
  hex,
  hexOfAll,
  pattern,
} from '../../../../../test/vectors/formats/write.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import { xwingKeyFromSeed } from '../../../../crypto/kem.ts';
import { signingKeyFromSeed } from '../../../../crypto/signature.ts';
import { decodeAs } from '../../../../primitives/shape.ts';
import { pageManifest } from '../../api/page.ts';
import { codesToBytes } from '../../crypto/pages/clinical-lane.ts';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import type { OfThree, ServerNumber } from '../../crypto/pages/page-head.ts';
import { keptHash } from '../../crypto/pages/page-keep.ts';
import { panelOf } from '../../crypto/panels.ts';
import { headOf } from '../../node/pages/page-bodies.ts';
import { rebuildShare } from '../../node/pages/rebuild-share.ts';
import { signPages } from '../../sdk/sensor/page-upload.ts';
import { valuesOf } from '../settings/pages.ts';

const trio = hex(pattern(32, 11));
const pseudonym = pattern(16, 7);
const startHour = 490_000;
const servers: readonly ServerNumber[] = [1, 2, 3];
const seedOf = (server: ServerNumber): Uint8Array => pattern(32, 20 * server);

/** Pages of one upload, shared and sealed with fixed randomness, and each rebuilt from what it was sealed as. */
async function upload(
  pages: readonly { readonly n: number; readonly panel: number }[],
  name: string,
) {
  const arithmetic = await openKernel();
  const keys = await Promise.all(servers.map((server) => xwingKeyFromSeed(seedOf(server))));
  const [first, second, third] = keys;
  if (first === undefined || second === undefined || third === undefined) throw new Error('three');
  const recoveryKeys: OfThree<Uint8Array> = [first.publicKey, second.publicKey, third.publicKey];
  const key = await signingKeyFromSeed(pattern(32, 3));
  const values = pages.map(({ n, panel }, sequence) => valuesOf(panel, n, sequence));
  const numbered = values.map((it, sequence) => ({ values: it, sequence, startHour }));
  const { result, drawn } = await withFixedRandomness(`envelopes ${name}`, () =>
    signPages(arithmetic, { key, pseudonym, trio, recoveryKeys }, numbered),
  );
  const envelopes = result.envelopes ?? [];
  const each = result.pages.map(async ({ signed: { manifest } }, at) => {
    const [one, two, three, nonce] = drawn.slice(4 * at, 4 * at + 4);
    const page = values[at];
    if (!one || !two || !three || !nonce || !page) throw new Error('drawn');
    const read = decodeAs(pageManifest, manifest);
    const rebuilt = await Promise.all(
      keys.map(async (own, place) => {
        const server = servers[place] ?? 1;
        const envelope = envelopes[place] ?? pattern(0, 0);
        const kept = await rebuildShare(arithmetic, own, { trio, server, manifest, envelope });
        return keptHash(server, headOf(read), kept);
      }),
    );
    const { n, panel, statistics, counters, clinical } = page;
    return {
      ...{ n, k: panelOf(panel).vitals.length, panel, sequence: at, edges: 1, nonce: hex(nonce) },
      ...{ secrets: hexOfAll([one, two, three]), statistics: hex(statistics) },
      ...{ counters: hex(counters), clinical: hex(codesToBytes(clinical)) },
      ...{ manifest: hex(manifest), rebuilt: hexOfAll(rebuilt) },
    };
  });
  const manifest = result.pages[0]?.signed.manifest ?? pattern(0, 0);
  const wrongKey = (server: ServerNumber) =>
    codeOf(() =>
      rebuildShare(arithmetic, keys[server % 3] ?? first, {
        ...{ trio, server, manifest, envelope: envelopes[server - 1] ?? pattern(0, 0) },
      }),
    );
  return {
    ...{ trio, pseudonym: hex(pseudonym), startHour, sensorKey: hex(key.publicKey) },
    recoverySeeds: servers.map((server) => hex(seedOf(server))),
    recoveryKeySha256: keys.map((it) => hex(sha256(it.publicKey))),
    pages: await Promise.all(each),
    drawnMore: drawn.length - 4 * pages.length,
    envelopes: hexOfAll(envelopes),
    withTheNextServersKey: await Promise.all(servers.map(wrongKey)),
  };
}

/** Recovery envelopes of an upload. */
export const statEnvelopes: Format = {
  about:
    'vitals-servers.md VS-29 to VS-33: pages of one upload, their envelopes for servers 1 to 3 and the hash of what is rebuilt of each page and server, which is the manifest’s; the coins of each envelope follow from the secret of the first page, so nothing more is drawn',
  async cases() {
    // One after the other: the fixed randomness is the process's.
    const one = await upload([{ n: 1, panel: 5 }], 'one');
    const three = await upload(
      [
        { n: 3, panel: 2 },
        { n: 2, panel: 1 },
        { n: 1, panel: 4 },
      ],
      'three',
    );
    return [one, three];
  },
};
