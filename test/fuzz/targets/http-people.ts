import { textOfBytes } from '../../../src/api/message-parts.ts';
import { sha256 } from '../../../src/crypto/hash.ts';
import { randomBytes } from '../../../src/crypto/random.ts';
import type { SigningKey } from '../../../src/crypto/signature.ts';
import { identity as identityShape } from '../../../src/ledger/identity.ts';
import { bytesToHex, hexToBytes } from '../../../src/primitives/bytes.ts';
import { type Cbor, encodeCbor } from '../../../src/primitives/cbor.ts';
import type { TxId } from '../../../src/primitives/ids.ts';
import { enrolmentIdentity, noRecovery } from '../../../src/sdk/wallet/identity.ts';
import { CopyOwner } from '../../gateway/copy-owner.ts';
import { accepted, Person } from '../../gateway/person.ts';
import { rootOf, sealedItem } from '../../gateway/sealed.ts';
import { openTown, type Town, townChain } from '../../gateway/town.ts';

/** Two hospitals where something happened, and what the people there know, by the names that inputs use. */
export interface Neighbourhood {
  readonly town: Town;
  readonly people: Readonly<Record<string, Person>>;
  readonly keys: ReadonlyMap<string, SigningKey>;
  /** Text stands for text in addresses and JSON, bytes for bytes in CBOR. */
  readonly known: ReadonlyMap<string, Cbor>;
}

export async function openNeighbourhood(): Promise<Neighbourhood> {
  const many = 1_000_000_000;
  const town = await openTown({
    ...{ requestsPerMinute: many, strangerReadsPerMinute: many, messagesPerHour: many },
    ...{ refusalLeavesPerHour: 1_000, maxEventStreams: 20, stalledMs: 5_000 },
  });
  const ana = await Person.enrolled(town, town.north, 'patient');
  const eve = await Person.enrolled(town, town.north, 'patient');
  const doctor = await Person.enrolled(town, town.south, 'clinician', 'Ada');
  const device = await Person.enrolled(town, town.north, 'device');
  await ana.keySet();
  const kept = [sealedItem('lab'), sealedItem('diagnosis'), sealedItem('note')];
  await ana.keep(kept);
  const reading = await ana.grant(doctor.account);
  const writing = await ana.grant(doctor.account, { writeClasses: ['lab', 'iot'] });
  const ended = await ana.grant(device.account);
  const { ticket, access } = await doctor.reads(reading, town.north);
  const { writeKey } = writing;
  if (writeKey === undefined) throw new Error('a grant to write has a key');
  const waiting = sealedItem('lab');
  await ana.putBlob(waiting.body);
  await doctor.putBlob(waiting.body);
  const newcomer = await Person.make(town, town.north);
  const bound = { chainId: townChain, organisation: town.north.organisation, recovery: noRecovery };
  const identity = await enrolmentIdentity(newcomer.keys, { ...bound, role: 'nurse' });
  const owner = await CopyOwner.open(town, town.north);
  const shard = await owner.shard();
  accepted(await owner.putCopy({ shards: [shard] }));
  const withCode = new CopyOwner(town, town.north, owner.keys);
  withCode.token = await owner.tokenByCode();
  const [first] = kept;
  if (first === undefined) throw new Error('nothing was kept');

  const people = { ana, eve, doctor, device, owner, withCode };
  const keys = new Map<string, SigningKey>([
    ['writer', writeKey],
    ['newcomer', newcomer.keys.sign],
    ['owner.code', owner.code.sign],
  ]);
  const known = new Map<string, Cbor>();
  for (const [name, person] of Object.entries(people)) {
    keys.set(name, person.keys.sign);
    known.set(name, bytesOfHex(person.account));
    known.set(`${name}.key`, person.keys.sign.publicKey);
  }
  for (const [name, grant] of Object.entries({ reading, writing, ended })) {
    known.set(`${name}.id`, bytesOfHex(grant.consent));
    known.set(`${name}.body`, grant.body).set(`${name}.salt`, grant.salt);
  }
  known.set('north', bytesOfHex(town.north.organisation));
  known.set('south', bytesOfHex(town.south.organisation));
  known.set('newcomer', bytesOfHex(newcomer.account));
  known.set('chain', townChain).set('ticket', ticket);
  known.set('shard', bytesOfHex(shard.name)).set('shard.hash', shard.sha256);
  known.set('owner.code', owner.code.sign.publicKey);
  known.set('owner.codeKem', sha256(owner.code.kem.publicKey));
  known.set('desk', `Desk ${town.north.deskToken}`);
  known.set('invitation', await ana.invitation('nurse', 'Nia', 'L'));
  known.set('identity', encodeCbor(identityShape.encode(identity)));
  known.set('tx', bytesOfHex(access.txId satisfies string as TxId));
  known.set('record', bytesOfHex(first.recordId)).set('leaf', first.leaf);
  known.set('waiting.root', rootOf([waiting])).set('root', rootOf(kept));
  for (const [field, bytes] of Object.entries(waiting.row)) known.set(`waiting.${field}`, bytes);
  known.set('blob', blobOf(first.row.leafContent));
  known.set('other.blob', blobOf(waiting.row.leafContent));
  return { town, people, keys, known };
}

/** What changes from one use to the next. */
export async function freshValue(
  { town, people }: Neighbourhood,
  name: string,
): Promise<Cbor | undefined> {
  if (name === 'now') return Date.now();
  if (name === 'soon') return Date.now() + 60_000;
  if (name === 'later') return Date.now() + 3_600_000;
  if (name === 'nonce') return randomBytes(16);
  const [kind, who = ''] = name.split(':');
  const person = people[who];
  if (person === undefined) return undefined;
  if (kind === 'next') {
    const account = await town.north.gateway.view.account(person.account);
    return (account?.window.top ?? 0) + 1;
  }
  if (kind === 'serial') {
    return town.north.gateway.wallets.copies.newestSerial(person.account) + 1;
  }
  if (kind !== 'challenge') return undefined;
  const json = { account: person.account };
  const answer = await person.call('POST', '/v1/session', { json, anonymous: true });
  const { challenge } = accepted<{ challenge: string }>(answer);
  return new Uint8Array(Buffer.from(challenge, 'base64url'));
}

export function textOf(value: Cbor): string {
  if (value instanceof Uint8Array) return bytesToHex(value);
  return typeof value === 'string' ? value : String(value);
}

export const base64Of = (value: Cbor): string =>
  textOfBytes(value instanceof Uint8Array ? value : encodeCbor(value));

function bytesOfHex(text: string): Uint8Array {
  const bytes = hexToBytes(text);
  if (bytes === undefined) throw new TypeError('not hex');
  return bytes;
}

function blobOf(leafContent: Uint8Array): string {
  const text = Buffer.from(leafContent).toString('latin1');
  return /baf[a-z2-7]{56}/.exec(text)?.[0] ?? '';
}
