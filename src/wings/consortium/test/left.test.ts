import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { codeOf, Person } from '../../../../test/gateway/person.ts';
import { type Hospital, openTown, type Town, townChain } from '../../../../test/gateway/town.ts';
import { textOfBytes } from '../../../api/message-parts.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { signingKeyFromSeed } from '../../../crypto/signature.ts';
import { decodeHeader, headerHashBytes } from '../../../ledger/chain/header.ts';
import { witnessMessage } from '../../../ledger/chain/receipt.ts';
import { decodeShownBlock } from '../../../ledger/chain/shown-block.ts';
import { type Act, foundingLogs } from '../../../ledger/protocol.ts';
import { proposalId } from '../ledger/acts/gov-propose.ts';

/** What the members tell each other of the ledger, asked for by one that was voted out. */
let town: Town;
before(async () => {
  town = await openTown({}, { logs: foundingLogs });
});
after(() => town.close());

async function calling(hospital: Hospital): Promise<Person> {
  const caller = new Person(town, town.north, hospital.keys);
  await caller.signIn();
  return caller;
}

const looks = (): Act => ({
  ...{ kind: 'BatchAnchor', batch: 'refusal', root: randomBytes(32), count: 1 },
  ...{ firstMs: Date.now() - 2, lastMs: Date.now() - 1 },
});

/** Whether the body of the one transaction of this block is shown. */
async function isShown(by: Person, height: number): Promise<boolean> {
  const { bytes } = await by.call('GET', `/v1/blocks/${height}/whole`);
  return decodeShownBlock(new Uint8Array(bytes), height).txs[0]?.body.length === 1;
}

async function cosign(by: Person) {
  const key = await signingKeyFromSeed(randomBytes(32));
  const { header } = await town.engine.signedHeader(1);
  const hash = headerHashBytes(decodeHeader(header));
  const signature = textOfBytes(await key.sign(witnessMessage(townChain, 1, hash)));
  const json = { publicKey: textOfBytes(key.publicKey), signatures: [{ height: 1, signature }] };
  return by.call('POST', '/v1/cosignatures', { json });
}

test('an organisation that was voted out is told of the ledger what anybody is, and hands nothing over as a member', async () => {
  const [north, south] = [await calling(town.north), await calling(town.south)];
  const { height } = Object((await north.submit([looks()], { log: 'doc' })).body);
  assert.equal(await isShown(south, height), true);
  assert.equal((await cosign(south)).status, 200);
  const change = { kind: 'member-out', organisation: town.south.organisation } as const;
  const proposed = await north.submit([{ kind: 'GovPropose', number: 1, change }]);
  assert.equal(proposed.status, 200, JSON.stringify(proposed.body));
  const sent = { chainId: townChain, sender: town.north.organisation };
  const proposal = proposalId({ number: 1, change }, sent);
  const voted = await south.submit([{ kind: 'GovVote', proposal, yes: true }]);
  assert.equal(voted.status, 200, JSON.stringify(voted.body));
  for (let n = 0; n < 3; n++) await north.submit([looks()], { log: 'doc' });
  const left = await calling(town.south);
  assert.equal(await isShown(left, height), false);
  assert.equal(codeOf(await cosign(left)), 'FORBIDDEN');
  assert.equal(codeOf(await left.call('GET', '/v1/blocks/1/kept')), 'FORBIDDEN');
  assert.equal(codeOf(await left.call('GET', '/v1/headers/1/turns')), 'FORBIDDEN');
  // It still speaks for its people: what it passes on is signed by them.
  assert.equal((await left.call('GET', `/v1/cards/${town.north.organisation}`)).status, 404);
  assert.equal(await isShown(await calling(town.north), height), true);
});
