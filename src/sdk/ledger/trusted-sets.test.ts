import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { headerOf, headersChain, type Signer, signedHeader } from '../../../test/signed-headers.ts';
import { verifyVote } from '../../crypto/signature.ts';
import { headerHashBytes } from '../../ledger/chain/header.ts';
import type { SignedHeaderParts } from '../../ledger/chain/light-client.ts';
import { msOfTimestamp, timestampOfMs } from '../../ledger/chain/timestamp.ts';
import { sortValidators, validatorsHash } from '../../ledger/chain/validators.ts';
import { isCoded } from '../../primitives/errors.ts';
import { TrustedSets } from './trusted-sets.ts';

const signers = Array.from({ length: 12 }, (): Signer => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const x = publicKey.export({ format: 'jwk' }).x ?? '';
  return {
    publicKey: new Uint8Array(Buffer.from(x, 'base64url')),
    power: 10,
    sign: (bytes) => new Uint8Array(sign(null, bytes, privateKey)),
  };
});
const setOf = (...at: readonly number[]): readonly Signer[] =>
  sortValidators(at.map((it) => signers[it] ?? assert.fail())) as Signer[];

/** A ledger whose set of each height is given; a header names the set of the height after it as its next. */
class Ledger {
  readonly #sets: readonly (readonly Signer[])[];
  readonly headers = new Map<number, SignedHeaderParts>();
  asked = 0;

  private constructor(sets: readonly (readonly Signer[])[]) {
    this.#sets = sets;
  }

  static async of(
    sets: readonly (readonly Signer[])[],
    timeOf: (height: number) => number = (height) => 1_000_000 + height,
  ): Promise<Ledger> {
    const ledger = new Ledger(sets);
    for (let height = 1; height < sets.length; height++) {
      const [own, next] = [ledger.setAt(height), ledger.setAt(height + 1)];
      const fields = {
        nextValidatorsHash: validatorsHash(next),
        time: timestampOfMs(timeOf(height)),
      };
      ledger.headers.set(height, await signedHeader(headerOf(height, own, fields), own));
    }
    return ledger;
  }

  /** The first is of height 1. */
  setAt(height: number): readonly Signer[] {
    return this.#sets[height - 1] ?? assert.fail();
  }

  at(height: number): SignedHeaderParts {
    return this.headers.get(height) ?? assert.fail(`no header ${height}`);
  }

  trusting(options: { nowMs?: number; tip?: number; show?: Ledger } = {}): TrustedSets {
    const { header } = this.at(1);
    const of = (height: number) => ({
      ...{ height, headerHash: headerHashBytes(this.at(height).header) },
    });
    const source = options.show ?? this;
    return new TrustedSets(
      {
        chainId: headersChain,
        root: { ...of(1), set: header.validatorsHash },
        ...(options.tip !== undefined && { tip: of(options.tip) }),
        show: async (height) => {
          source.asked += 1;
          return source.at(height);
        },
        verifyVote,
      },
      () => options.nowMs ?? 1_001_000,
    );
  }
}

const many = (count: number, set: readonly Signer[]) => Array.from({ length: count }, () => set);
const code = (name: string, reason?: string) => (error: unknown) =>
  isCoded(error, name as 'HEADER_INVALID') &&
  (reason === undefined || error.details.reason === reason);

test('one operator: nothing is asked, and another operator is not believed', async () => {
  const ledger = await Ledger.of(many(20, setOf(0)));
  const sets = ledger.trusting({ tip: 9 });
  for (const height of [1, 5, 9, 19]) await sets.require(ledger.at(height));
  assert.equal(ledger.asked, 0);
  const other = await Ledger.of(many(20, setOf(1)));
  await assert.rejects(
    ledger.trusting().require(other.at(15)),
    code('HEADER_INVALID', 'validators'),
  );
});

test('of a header that is known another one is shown: a fork', async () => {
  const ledger = await Ledger.of(many(20, setOf(0, 1, 2, 3)));
  const other = await Ledger.of(many(20, setOf(4, 5, 6, 7)));
  const sets = ledger.trusting({ tip: 9, show: other });
  await assert.rejects(sets.require(other.at(15)), code('LEDGER_FORKED'));
});

test('of a header that is known one is shown that nobody signed, or a set that is none here: a gateway that lies', async () => {
  const ledger = await Ledger.of(many(20, setOf(0, 1, 2, 3)));
  const [later, others] = [many(20, setOf(0, 1, 2, 3)), many(20, setOf(4, 5, 6, 7))];
  const unsigned = await Ledger.of(later, (height) => 1_000_100 + height);
  for (const [height, { header }] of unsigned.headers) {
    unsigned.headers.set(height, await signedHeader(header, setOf(0, 1, 2, 3), 2));
  }
  const stranger = await Ledger.of(others);
  for (const [show, tip] of [
    [unsigned, 9],
    [unsigned, undefined],
    [stranger, undefined],
  ] as const) {
    const sets = ledger.trusting({ show, ...(tip !== undefined && { tip }) });
    await assert.rejects(sets.require(show.at(15)), code('GATEWAY_LIED'));
  }
});

test('the header of the trust root shown otherwise, and signed by its own set: a fork', async () => {
  const ledger = await Ledger.of(many(20, setOf(0, 1, 2, 3)));
  const other = await Ledger.of(many(20, setOf(0, 1, 2, 3)), (height) => 1_000_100 + height);
  const sets = ledger.trusting({ show: other });
  await assert.rejects(sets.require(other.at(15)), code('LEDGER_FORKED'));
});

test('a set that stays is asked for once', async () => {
  const ledger = await Ledger.of(many(40, setOf(0, 1, 2, 3)));
  const sets = ledger.trusting();
  for (let height = 1; height < 40; height++) await sets.require(ledger.at(height));
  assert.equal(ledger.asked, 1);
});

test('one member leaves and another comes: the header is believed over what both sets share', async () => {
  const ledger = await Ledger.of([...many(10, setOf(0, 1, 2, 3)), ...many(30, setOf(1, 2, 3, 4))]);
  const sets = ledger.trusting();
  await sets.require(ledger.at(39));
  await sets.require(ledger.at(5));
  await sets.require(ledger.at(12));
  assert.ok(ledger.asked < 8);
});

test('the whole set was exchanged member by member: it is reached by halving', async () => {
  const steps = Array.from({ length: 8 }, (_, i) => many(12, setOf(i, i + 1, i + 2, i + 3)));
  const ledger = await Ledger.of(steps.flat());
  const sets = ledger.trusting();
  await sets.require(ledger.at(95));
  assert.ok(ledger.asked < 60, `${ledger.asked} asked`);
  // From a header of the visit before it is a shorter way.
  const again = ledger.trusting({ tip: 90 });
  ledger.asked = 0;
  await again.require(ledger.at(95));
  assert.ok(ledger.asked <= 1);
});

test('a set that nobody who was trusted named is not believed, also over invented headers between', async () => {
  const honest = await Ledger.of(many(40, setOf(0, 1, 2, 3)));
  const forged = await Ledger.of([
    ...many(10, setOf(0, 1, 2, 3)),
    ...many(30, setOf(8, 9, 10, 11)),
  ]);
  // Whoever forges has none of the trusted keys: his header 10 names his set, and is signed by nobody who may.
  for (const height of forged.headers.keys()) {
    if (height < 10) forged.headers.set(height, honest.at(height));
  }
  const theirs = setOf(8, 9, 10, 11);
  const fields = { nextValidatorsHash: validatorsHash(theirs) };
  const ten = await signedHeader(headerOf(10, setOf(0, 1, 2, 3), fields), theirs);
  for (const validators of [theirs, setOf(0, 1, 2, 3)]) {
    forged.headers.set(10, { ...ten, validators });
    const sets = honest.trusting({ show: forged });
    await assert.rejects(sets.require(forged.at(39)), code('HEADER_INVALID'));
  }
  await honest.trusting().require(honest.at(39));
});

test('keys of a set that left long ago bring no other set along', async () => {
  const day = 24 * 3_600_000;
  const start = 1_000_000;
  const ledger = await Ledger.of(
    [...many(10, setOf(0, 1, 2, 3)), ...many(10, setOf(1, 2, 3, 4))],
    (height) => start + height * day,
  );
  await ledger.trusting({ nowMs: start + 20 * day }).require(ledger.at(19));
  await assert.rejects(
    ledger.trusting({ nowMs: start + 60 * day }).require(ledger.at(19)),
    code('HEADER_EXPIRED'),
  );
  // A newer header that the device knows is a reason again, and while the set stays age is no question.
  await ledger.trusting({ nowMs: start + 60 * day, tip: 15 }).require(ledger.at(19));
  await ledger.trusting({ nowMs: start + 600 * day }).require(ledger.at(9));
});

test('a header that is not later than the one it follows from is not believed, also of a set that stays', async () => {
  const set = setOf(0, 1, 2, 3);
  const ledger = await Ledger.of(many(20, set));
  for (const back of [0, 1]) {
    const fields = { time: timestampOfMs(msOfTimestamp(ledger.at(1).header.time) - back) };
    const late = await signedHeader(headerOf(15, set, fields), set);
    await assert.rejects(ledger.trusting().require(late), code('HEADER_INVALID', 'time'));
  }
});

test('a header from the future, and one below the trust root, are not believed', async () => {
  const ledger = await Ledger.of([...many(10, setOf(0, 1, 2, 3)), ...many(10, setOf(1, 2, 3, 4))]);
  const late = msOfTimestamp(ledger.at(19).header.time) - 11 * 60_000;
  await assert.rejects(
    ledger.trusting({ nowMs: late }).require(ledger.at(19)),
    code('HEADER_INVALID', 'future'),
  );
  const from = ledger.at(12).header;
  const sets = new TrustedSets({
    chainId: headersChain,
    root: { height: 12, headerHash: headerHashBytes(from), set: from.validatorsHash },
    show: async (height) => ledger.at(height),
    verifyVote,
  });
  await assert.rejects(sets.require(ledger.at(11)), code('HEADER_INVALID', 'validators'));
});
