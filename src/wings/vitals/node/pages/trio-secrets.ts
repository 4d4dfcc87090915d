import { deriveKey, labelledHash } from '../../../../crypto/hash.ts';
import { openWith, sealTo } from '../../../../crypto/letter.ts';
import { keys } from '../../../../ledger/tables/keys.ts';
import { hexToBytes } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../../../primitives/ids.ts';
import { bytes, decodeAs, encodeAs, struct } from '../../../../primitives/shape.ts';
import type { MaskKeys } from '../../crypto/statistics/answer-masks.ts';
import { vitalsNames } from '../../names.ts';
import type { DataServerBase } from '../data-server-base.ts';
import { askPeer } from '../statements.ts';
import type { OwnTrio } from '../trio.ts';

const { labels } = vitalsNames;
const none = new Uint8Array(0);
const hexBytes = (hex: string): Uint8Array => hexToBytes(hex) ?? none;

/** What one server gives another of its trio. */
const given = struct({ contribution: bytes(32), mask: bytes(32) });

/** The secrets of one trio, as all three have them. */
export interface TrioSecrets {
  /** 32 bytes. */
  readonly verifyKey: Uint8Array;
  readonly maskKeys: MaskKeys;
}

const contribution = ({ rootSecret }: DataServerBase, trio: string): Uint8Array =>
  deriveKey(rootSecret, labels.contributionKey, [hexBytes(trio)]);

/** Of the noise of one server; never told. Rule VQ-12. */
export const noiseKeyOf = ({ rootSecret }: DataServerBase, trio: string): Uint8Array =>
  deriveKey(rootSecret, labels.noiseKey, [hexBytes(trio)]);

/** Of the mask that `from` makes for the next in the ring. */
const maskKey = ({ rootSecret }: DataServerBase, trio: string, to: AccountId): Uint8Array =>
  deriveKey(rootSecret, labels.maskKey, [hexBytes(trio), idBytes(to)]);

const contextOf = (trio: string, from: AccountId, to: AccountId) => [
  hexBytes(trio),
  idBytes(from),
  idBytes(to),
];

/** What this server gives another one, sealed to it. Rule VS-4. */
export async function secretsFor(
  base: DataServerBase,
  { id }: OwnTrio,
  to: AccountId,
): Promise<Uint8Array> {
  const directory = await base.ledger.row(keys, to);
  const inUse = directory?.identities.find(({ untilHeight }) => untilHeight === 0);
  if (inUse === undefined) throw new CodedError('ACCOUNT_UNKNOWN', { account: to });
  const plain = encodeAs(given, {
    contribution: contribution(base, id),
    mask: maskKey(base, id, to),
  });
  const context = contextOf(id, base.account, to);
  return sealTo(inUse.identity.kemKey, labels.secret, context, none, plain);
}

const known = new WeakMap<DataServerBase, Map<string, TrioSecrets>>();

/** Asked of the others once, and kept. Throws GATEWAY_UNREACHABLE, CANNOT_OPEN, and what they refuse. */
export async function trioSecrets(base: DataServerBase, trio: OwnTrio): Promise<TrioSecrets> {
  const ofServer = known.get(base) ?? new Map<string, TrioSecrets>();
  known.set(base, ofServer);
  const secrets = ofServer.get(trio.id) ?? (await agreedSecrets(base, trio));
  ofServer.set(trio.id, secrets);
  return secrets;
}

async function agreedSecrets(base: DataServerBase, trio: OwnTrio): Promise<TrioSecrets> {
  const fromPeers = new Map<AccountId, Uint8Array>();
  for (const { account } of trio.others)
    fromPeers.set(account, await secretOf(base, trio, account));
  const opened = (account: AccountId) => decodeAs(given, fromPeers.get(account) ?? none);
  const contributions = trio.servers.map((account) =>
    account === base.account ? contribution(base, trio.id) : opened(account).contribution,
  );
  const verifyKey = labelledHash(labels.verifyKey, hexBytes(trio.id), ...contributions);
  const [first, second, third] = trio.servers;
  const [before, after] =
    trio.place === 1 ? [third, second] : trio.place === 2 ? [first, third] : [second, first];
  const maskKeys = { next: maskKey(base, trio.id, after), previous: opened(before).mask };
  return { verifyKey, maskKeys };
}

async function secretOf(
  base: DataServerBase,
  { id }: OwnTrio,
  peer: AccountId,
): Promise<Uint8Array> {
  const name = `secret ${id} ${peer}`;
  const kept = await base.store.kept(name);
  if (kept !== undefined) return kept;
  const payload = hexBytes(id);
  const sealed = await askPeer(base, peer, { word: 'secrets', payload });
  const context = contextOf(id, peer, base.account);
  const plain = await openWith(base.kem, labels.secret, context, none, sealed);
  decodeAs(given, plain);
  return base.store.keepOnce(name, plain);
}
