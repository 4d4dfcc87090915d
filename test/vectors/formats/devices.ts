import { messageObjects } from '../../../src/api/object-types.ts';
import { sha256 } from '../../../src/crypto/hash.ts';
import { suite } from '../../../src/ledger/object-types.ts';
import { bytesToBase64url } from '../../../src/primitives/bytes.ts';
import { type Cbor, encodeCbor } from '../../../src/primitives/cbor.ts';
import {
  firstMessageHash,
  formatDeviceLink,
  parseDeviceLink,
} from '../../../src/sdk/devices/link.ts';
import { NewDevice } from '../../../src/sdk/devices/new-device.ts';
import { OldDevice } from '../../../src/sdk/devices/old-device.ts';
import { decodeReveal, transcriptOf } from '../../../src/sdk/devices/transcript.ts';
import { withFixedRandomness } from './fixed-randomness.ts';
import { patient } from './people.ts';
import { codeOf, type Format, hex, hexOfAll, pattern } from './write.ts';

const relay = 'https://north.example/salus';

/** The whole ceremony, by the two devices themselves. */
async function ceremony(name: string, payload: Uint8Array) {
  const old = await OldDevice.begin({ account: patient.account, relay, tries: 3 });
  const link = formatDeviceLink(old.link);
  const fresh = new NewDevice(parseDeviceLink(link), name);
  const commitment = await fresh.meet(old.kemKey);
  const nonce = old.answerTo(commitment);
  const { digits, message } = fresh.answerTo(nonce);
  await old.hear(message);
  old.enter(digits);
  const release = await old.release(payload);
  await fresh.open(release);
  const firstHash = firstMessageHash(old.link, old.kemKey);
  const said = { firstHash, commitment, nonce, reveal: decodeReveal(message) };
  return {
    link,
    firstHash: hex(firstHash),
    commitment: hex(commitment),
    revealSha256: hex(sha256(message)),
    transcript: hex(transcriptOf(said)),
    digits,
    releaseBytes: release.length,
    releaseSha256: hex(sha256(release)),
  };
}

const fields: readonly Cbor[] = [
  ...[suite, messageObjects.deviceLink, pattern(16, 1), pattern(32, 2), relay, pattern(32, 3)],
];
const withField = (at: number, value: Cbor) => fields.map((it, i) => (i === at ? value : it));
const linkWith = (value: Cbor) => `salus:device#${bytesToBase64url(encodeCbor(value))}`;
const good = linkWith(fields);
const strange = [
  ...[
    linkWith(withField(0, 1)),
    linkWith(withField(1, 54)),
    linkWith(withField(2, pattern(15, 1))),
  ],
  ...[linkWith(withField(3, pattern(31, 2))), linkWith(withField(5, pattern(1216, 3)))],
  ...['', 'ftp://north.example', 'https://ana@north.example', 'https://north.example?x=1'].map(
    (it) => linkWith(withField(4, it)),
  ),
  ...['https://north.example/', 'https://North.example', 'https://north.example#x'].map((it) =>
    linkWith(withField(4, it)),
  ),
  linkWith(withField(4, `https://north.example/${'x'.repeat(491)}`)),
  linkWith([...fields, 0]),
  linkWith(fields.slice(0, -1)),
  ...[`${good}=`, `${good}A`, good.slice(0, -1), ` ${good}`, good.replace('#', '?')],
  good.replace('salus', 'Salus'),
];

export const deviceCeremony: Format = {
  about:
    'devices.md D-2 to D-6: whole ceremonies; drawn = seed of K_o, session, ML-KEM and X25519 randomness of enc_o, seed of K_n, r_n, r_o, the same of enc_n, nonce of the release; payload byte i = (start + i) mod 251. Then links, and what is refused',
  async cases() {
    const cases = [];
    for (const [index, given] of [
      { name: 'Telephone', bytes: 100 },
      { name: 'Ana’s phone', bytes: 16_381 },
      { name: 'x'.repeat(64), bytes: 0 },
    ].entries()) {
      const { result, drawn } = await withFixedRandomness(`device ${index}`, () =>
        ceremony(given.name, pattern(given.bytes, index)),
      );
      cases.push({
        ...{ account: patient.account, relay, name: given.name },
        ...{ payloadBytes: given.bytes, payloadStart: index, drawn: hexOfAll(drawn), ...result },
      });
    }
    const links = [good, ...strange].map(async (link) => ({
      link,
      refused: await codeOf(() => parseDeviceLink(link)),
    }));
    return [...cases, ...(await Promise.all(links))];
  },
};
