import { type Format, hex, hexOfAll, pattern } from '../../../../../test/vectors/formats/write.ts';
import { accountIdOf, recordIdOf } from '../../../../primitives/ids.ts';
import { commitmentTo, encodeLock } from '../../api/half.ts';
import { sharesOf } from '../../crypto/half-shares.ts';
import { bytesToInteger, integerToBytes } from '../../crypto/paillier/integers.ts';

/** Shares whose sum is carried, shares of which one is all the half, and those that follow from a half. */
const cases: readonly ((of: Parameters<typeof sharesOf>[0]) => readonly Uint8Array[])[] = [
  () => [pattern(32, 200), new Uint8Array(32).fill(0xff), new Uint8Array(32).fill(0xfe)],
  () => [new Uint8Array(32), pattern(32, 9), new Uint8Array(32)],
  (of) => sharesOf(of, pattern(32, 33)),
  (of) => sharesOf(of, new Uint8Array(32)),
];
/** From here on they follow from the half. */
const firstDerived = 2;

export const doubleLocks: Format = {
  about:
    'vitals-double.md DE-1 to DE-3: three shares (`derived`: those of the half), the half that they add up to modulo 2^256, and the lock that stands in the header',
  cases: async () =>
    cases.map((make, at) => {
      const account = accountIdOf(pattern(32, 70 + at));
      const recordId = recordIdOf(pattern(16, 80 + at));
      const shares = make({ account, recordId });
      const servers = [1, 2, 3].map((it) => accountIdOf(pattern(32, 90 + 10 * at + it)));
      const sum = shares.reduce((all, it) => all + bytesToInteger(it), 0n);
      const half = integerToBytes(BigInt.asUintN(256, sum), 32);
      const commit = (place: number, secret: Uint8Array): Uint8Array =>
        commitmentTo({ account, recordId, place }, secret);
      const commitments = shares.map((it, place) => commit(place + 1, it));
      const lock = encodeLock({ servers, commitments, whole: commit(0, half) });
      return {
        ...{ account, recordId, servers, shares: hexOfAll(shares) },
        ...{ half: hex(half), lock: hex(lock), derived: at >= firstDerived },
      };
    }),
};
