import type { AnswerOf } from '../../src/api/route.ts';
import type { walletKeptGet } from '../../src/api/routes/wallet-kept-get.ts';
import { walletPut } from '../../src/api/routes/wallet-put.ts';
import { walletShardPut } from '../../src/api/routes/wallet-shard-put.ts';
import {
  copyWrapBytes,
  decodeCopyHead,
  decodeSignedCopy,
  encodeCopyHead,
  encodeSignedCopy,
  type KeptCopy,
  type NamedShard,
  type WalletCopyHead,
} from '../../src/api/wallet-copy.ts';
import { sha256 } from '../../src/crypto/hash.ts';
import { labels } from '../../src/crypto/labels.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import { type SigningKey, signLabelled } from '../../src/crypto/signature.ts';
import { bytesToHex } from '../../src/primitives/bytes.ts';
import {
  type CodeKeys,
  codeKeysOf,
  deriveAccountKeys,
  recoveryHashOf,
  rotationIdentity,
} from '../../src/sdk/wallet/identity.ts';
import { type Answer, accepted, Person } from './person.ts';
import { type Hospital, type Town, townChain } from './town.ts';

const wrap = new Uint8Array(copyWrapBytes);

/** Somebody with a printed code who keeps copies of a wallet: what is in them nobody here asks. */
export class CopyOwner extends Person {
  code!: CodeKeys;

  static async open(town: Town, hospital: Hospital): Promise<CopyOwner> {
    const keys = await deriveAccountKeys(randomBytes(32), hospital.organisation, 0);
    const owner = new CopyOwner(town, hospital, keys);
    owner.code = await codeKeysOf(randomBytes(20), hospital.organisation);
    await owner.enrol('patient', 'patient', undefined, recoveryHashOf(owner.code));
    await owner.signIn();
    return owner;
  }

  /** A signed copy, good but for what `change` says. */
  async copy(change: Partial<WalletCopyHead> = {}, key: SigningKey = this.keys.sign) {
    const head = encodeCopyHead({
      ...{ organisation: this.hospital.organisation, account: this.account, serial: 1 },
      ...{ wraps: Array.from({ length: 8 }, () => wrap), sealed: randomBytes(60), shards: [] },
      ...change,
    });
    const signature = await signLabelled(key, labels.walletCopySign, head);
    return encodeSignedCopy({ head, publicKey: key.publicKey, signature });
  }

  putCopyBytes(bytes: Uint8Array): Promise<Answer> {
    return this.call('PUT', '/v1/wallet', { bytes, type: walletPut.stream });
  }

  async putCopy(change: Partial<WalletCopyHead> = {}, key?: SigningKey): Promise<Answer> {
    return this.putCopyBytes(await this.copy(change, key));
  }

  /** Stores a shard, and answers how a head names it. */
  async shard(sealed: Uint8Array = randomBytes(100), name = shardName()): Promise<NamedShard> {
    accepted(await this.putShard(sealed, name));
    return named(sealed, name);
  }

  putShard(bytes: Uint8Array, name = shardName()): Promise<Answer> {
    const type = walletShardPut.stream;
    return this.call('PUT', `/v1/wallet/shards/${name}`, { bytes, type });
  }

  getShard({ name }: NamedShard): Promise<Answer> {
    return this.call('GET', `/v1/wallet/shards/${name}`);
  }

  async newest(): Promise<WalletCopyHead> {
    return headIn(await this.call('GET', '/v1/wallet'));
  }

  /** A session with the printed code; the token is the caller's. */
  async tokenByCode(): Promise<string> {
    return accepted<{ token: string }>(await this.sessionByCode()).token;
  }

  sessionByCode(change: Parameters<Person['session']>[0] = {}): Promise<Answer> {
    const { sign, kem } = this.code;
    const codeKemHash = sha256(kem.publicKey);
    return this.session({ key: sign, label: labels.sessionRecover, codeKemHash, ...change });
  }

  async byCode(path: string): Promise<Answer> {
    const headers = { authorization: `Bearer ${await this.tokenByCode()}` };
    return this.call('GET', path, { anonymous: true, headers });
  }

  async kept(): Promise<readonly KeptCopy[]> {
    return accepted<AnswerOf<typeof walletKeptGet>>(await this.byCode('/v1/wallet/kept')).copies;
  }

  /** To fresh keys, by the key in use or with the printed code. */
  async rotate(by: 'key' | 'code', counter = 1): Promise<void> {
    const next = await deriveAccountKeys(randomBytes(32), this.hospital.organisation, 0);
    const identity = await rotationIdentity(next, {
      ...{ chainId: townChain, account: this.account },
      recovery: recoveryHashOf(this.code),
    });
    const none = new Uint8Array(0);
    const { sign, kem } = this.code;
    const shown =
      by === 'key'
        ? { recoveryKey: none, codeKemHash: none }
        : { recoveryKey: sign.publicKey, codeKemHash: sha256(kem.publicKey) };
    const as = by === 'key' ? {} : { key: sign, nonce: counter };
    accepted(await this.submit([{ kind: 'RotateKey', identity, ...shown, endGrantsFrom: 0 }], as));
    this.took(next);
    await this.signIn();
  }
}

export const headIn = (answer: Answer): WalletCopyHead => {
  accepted(answer);
  return decodeCopyHead(decodeSignedCopy(answer.bytes).head);
};

export const shardName = (): string => bytesToHex(randomBytes(16));

export const named = (sealed: Uint8Array, name = shardName()): NamedShard => ({
  ...{ name, sha256: sha256(sealed), bytes: sealed.length },
});
