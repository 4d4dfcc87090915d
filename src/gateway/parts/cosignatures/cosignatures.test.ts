import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { codeOf, Person } from '../../../../test/gateway/person.ts';
import { type Hospital, openTown, type Town, townChain } from '../../../../test/gateway/town.ts';
import { maxCosignatures } from '../../../api/cosignatures.ts';
import { textOfBytes } from '../../../api/message-parts.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { type SigningKey, signingKeyFromSeed, verifyVote } from '../../../crypto/signature.ts';
import { decodeHeader, headerHashBytes } from '../../../ledger/chain/header.ts';
import { verifyReceipt, witnessMessage } from '../../../ledger/chain/receipt.ts';
import { trustRootOf } from '../../../ledger/chain/trust-root.ts';
import type { Act } from '../../../ledger/protocol.ts';

let town: Town;
let ana: Person;
before(async () => {
  town = await openTown();
  ana = await Person.enrolled(town, town.north, 'patient');
});
after(() => town.close());

/** A hospital that calls another one as itself. */
async function calling(hospital: Hospital): Promise<Person> {
  const caller = new Person(town, town.north, hospital.keys);
  await caller.signIn();
  return caller;
}

async function signed(key: SigningKey, height: number, of = height) {
  const { header } = await town.engine.signedHeader(of);
  const hash = headerHashBytes(decodeHeader(header));
  return {
    height,
    signature: textOfBytes(await key.sign(witnessMessage(townChain, height, hash))),
  };
}

const handOver = (by: Person, key: SigningKey, signatures: readonly unknown[]) =>
  by.call('POST', '/v1/cosignatures', {
    json: { publicKey: textOfBytes(key.publicKey), signatures },
  });

const batch: Act = {
  ...{ kind: 'BatchAnchor', batch: 'refusal', root: randomBytes(32), count: 1 },
  ...{ firstMs: Date.now() - 2, lastMs: Date.now() - 1 },
};

const witnessKey = () => signingKeyFromSeed(randomBytes(32));

test('signatures of a hospital are kept once and stand in headers and receipts', async () => {
  const south = await calling(town.south);
  const key = await witnessKey();
  const { height, txId } = Object((await south.submit([batch], { log: 'doc' })).body);
  await town.engine.receipt(txId, 10_000);
  const signatures = [await signed(key, height), await signed(key, height + 1)];
  assert.deepEqual((await handOver(south, key, signatures)).body, { kept: 2 });
  assert.deepEqual((await handOver(south, key, signatures)).body, { kept: 0 });
  const header = Object((await ana.call('GET', `/v1/headers/${height}`)).body);
  assert.deepEqual(header.witnesses, [
    { publicKey: textOfBytes(key.publicKey), signature: signatures[0]?.signature },
  ]);
  assert.equal(Object((await ana.call('GET', '/v1/headers/1')).body).witnesses, undefined);
  const { bytes } = await ana.call('GET', `/v1/tx/${txId}/receipt`);
  const first = decodeHeader((await town.engine.signedHeader(1)).header);
  const trustRoot = trustRootOf(first, new Uint8Array(32), [key.publicKey]);
  const verdict = await verifyReceipt(new Uint8Array(bytes), trustRoot, verifyVote);
  assert.equal(verdict.vouchedBy, 'operator + 1 witness');
});

test('what is not signed, not of this header, or of a height to come is refused', async () => {
  const south = await calling(town.south);
  const key = await witnessKey();
  const refused = async (signature: unknown) => codeOf(await handOver(south, key, [signature]));
  assert.equal(await refused(await signed(await witnessKey(), 1)), 'SIGNATURE_WRONG');
  assert.equal(await refused(await signed(key, 1, 2)), 'SIGNATURE_WRONG');
  assert.equal(await refused({ ...(await signed(key, 1)), height: 999_999 }), 'HEIGHT_UNKNOWN');
  const many = Array.from({ length: maxCosignatures + 1 }, () => ({ height: 1, signature: 'AA' }));
  assert.equal(codeOf(await handOver(south, key, many)), 'REQUEST_INVALID');
  assert.equal(codeOf(await handOver(ana, key, [await signed(key, 1)])), 'FORBIDDEN');
});

test('who brings the key of another takes nothing from it: any hospital hands over what a witness signed', async () => {
  const [north, south] = [await calling(town.north), await calling(town.south)];
  const key = await witnessKey();
  // Its first signature is public where it was handed over first: at its own hospital.
  const [first, second] = [await signed(key, 1), await signed(key, 2)];
  assert.deepEqual((await handOver(north, key, [first])).body, { kept: 1 });
  assert.deepEqual((await handOver(south, key, [first, second])).body, { kept: 1 });
  const header = Object((await ana.call('GET', '/v1/headers/2')).body);
  assert.ok(JSON.stringify(header.witnesses).includes(textOfBytes(key.publicKey)));
});

test('a key counts for the hospital that brought it first, and eight of one hospital do', async () => {
  const north = await calling(town.north);
  const south = await calling(town.south);
  const key = await witnessKey();
  const bring = async (by: Person, of: SigningKey) => handOver(by, of, [await signed(of, 1)]);
  assert.equal((await bring(north, key)).status, 200);
  while ((await bring(north, await witnessKey())).status === 200);
  assert.equal(codeOf(await bring(north, await witnessKey())), 'QUOTA_EXCEEDED');
  assert.equal((await bring(north, key)).status, 200);
  // That the one has brought as many as it may keeps the other from nothing.
  const own = await witnessKey();
  assert.equal((await bring(south, own)).status, 200);
  assert.equal((await bring(north, own)).status, 200);
});
