import { generateKeyPairSync, sign } from 'node:crypto';
import { textOfBytes } from '../../src/api/message-parts.ts';
import type { HeaderAnswer } from '../../src/api/tx.ts';
import { sha256 } from '../../src/crypto/hash.ts';
import { appHashOf, type LogHeads, type StateHeads } from '../../src/ledger/app-hash.ts';
import { emptyRoot, encodeCommit } from '../../src/ledger/chain/commit.ts';
import { encodeHeader, headerHashBytes, noBlockId } from '../../src/ledger/chain/header.ts';
import type { SignedHeaderParts } from '../../src/ledger/chain/light-client.ts';
import { timestampOfMs } from '../../src/ledger/chain/timestamp.ts';
import { type TrustRoot, trustRootOf } from '../../src/ledger/chain/trust-root.ts';
import { appendToLog, emptyLog, logConsistency, type ReadTile } from '../../src/ledger/log-tree.ts';
import { leafHash } from '../../src/ledger/merkle.ts';
import { utf8 } from '../../src/primitives/bytes.ts';
import { headerOf, type Signer, signedHeader } from '../signed-headers.ts';

/** An operator's key. */
export function operator(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const { x = '' } = publicKey.export({ format: 'jwk' });
  return {
    publicKey: new Uint8Array(Buffer.from(x, 'base64url')),
    power: 1,
    sign: (bytes) => new Uint8Array(sign(null, bytes, privateKey)),
  };
}

/** The user log of a ledger whose transactions are these words. */
class Log {
  readonly #tiles = new Map<string, Uint8Array>();
  readonly #read: ReadTile = (level, index) => this.#tiles.get(`${level}/${index}`);
  head = emptyLog;

  add(word: string): void {
    const { head, tiles } = appendToLog(this.#read, this.head, [leafHash(sha256(utf8(word)))]);
    for (const { level, index, hashes } of tiles) this.#tiles.set(`${level}/${index}`, hashes);
    this.head = head;
  }

  path(from: number, to: number): Uint8Array[] {
    return logConsistency(this.#read, from, to);
  }
}

interface ShownBlock {
  readonly parts: SignedHeaderParts;
  /** What the state is made of after it. */
  readonly heads: StateHeads;
}

/**
 * What a gateway shows to somebody who follows its ledger, signed by a key at hand, and so also what only a lying
 * operator can show. A block takes one word, or none.
 */
export class ShownLedger {
  readonly signer: Signer;
  readonly #log = new Log();
  readonly #blocks: ShownBlock[] = [];
  /** Of the first block; a block follows each second. */
  readonly #beganMs: number;
  /** Of the state after each block from now on; one without a word changes it as evidence does. */
  stateRoot = new Uint8Array(32).fill(7);
  /** Of a header: how many of the validators signed. */
  votes = 1;
  /** Shown in place of the true heads. */
  heads: StateHeads | undefined;

  constructor(signer = operator(), beganMs = 1_700_000_000_000) {
    this.signer = signer;
    this.#beganMs = beganMs;
  }

  static async of(words: readonly string[], from?: ShownLedger): Promise<ShownLedger> {
    const made = new ShownLedger(from?.signer, from === undefined ? undefined : from.#beganMs);
    for (const word of words) await made.add(word);
    return made;
  }

  get height(): number {
    return this.#blocks.length;
  }

  timeMs(height = this.height): number {
    return this.#beganMs + height * 1_000;
  }

  /** One more block; '' is an empty one. `logs`: what its state pretends the logs to be. */
  async add(word: string, logs?: LogHeads): Promise<void> {
    const before = this.#blocks.at(-1);
    if (word !== '') this.#log.add(word);
    const hash = before && headerHashBytes(before.parts.header);
    const none = { user: emptyLog, doc: emptyLog };
    const state = before?.heads ?? { stateRoot: this.stateRoot, logs: none };
    const header = headerOf(this.height + 1, [this.signer], {
      time: timestampOfMs(this.timeMs(this.height + 1)),
      lastBlockId: hash === undefined ? noBlockId : { hash, parts: { total: 1, hash } },
      dataHash: word === '' ? emptyRoot : sha256(utf8(word)),
      appHash: appHashOf(state.stateRoot, state.logs),
    });
    const parts = await signedHeader(header, [this.signer], this.votes);
    const heads = {
      stateRoot: this.stateRoot,
      logs: logs ?? { user: this.#log.head, doc: emptyLog },
    };
    this.#blocks.push({ parts, heads });
  }

  trustRoot(witnesses: readonly Uint8Array[] = []): TrustRoot {
    const [first] = this.#blocks;
    if (first === undefined) throw new Error('no block');
    return trustRootOf(first.parts.header, sha256(), witnesses);
  }

  answer(height: number): HeaderAnswer | undefined {
    const parts = this.#blocks[height - 1]?.parts;
    return (
      parts && {
        height,
        header: textOfBytes(encodeHeader(parts.header)),
        commit: textOfBytes(encodeCommit(parts.commit)),
        validators: parts.validators.map(({ publicKey, power }) => ({
          publicKey: textOfBytes(publicKey),
          power,
        })),
      }
    );
  }

  /** As a gateway answers. */
  readonly fetch = async (url: string): Promise<Response> => {
    const { pathname, searchParams } = new URL(url);
    const [, , what, name = ''] = pathname.split('/');
    if (what === 'headers') {
      const answer = this.answer(name === 'latest' ? this.height : Number(name));
      return answer === undefined ? refused('HEIGHT_UNKNOWN') : Response.json(answer);
    }
    const size = (key: string) => Number(searchParams.get(key));
    if (name !== '') {
      if (size('to') > this.#log.head.size) return refused('HEIGHT_UNKNOWN');
      return Response.json({ path: this.#log.path(size('from'), size('to')).map(textOfBytes) });
    }
    const heads = this.heads ?? this.#blocks.at(-1)?.heads;
    if (heads === undefined) return refused('HEIGHT_UNKNOWN');
    const { user, doc } = heads.logs;
    const textOf = (log: LogHeads['user']) => ({ size: log.size, root: textOfBytes(log.root) });
    return Response.json({
      ...{ height: this.height, stateRoot: textOfBytes(heads.stateRoot) },
      ...{ user: textOf(user), doc: textOf(doc) },
    });
  };
}

function refused(code: string): Response {
  const kind = 'not-valid';
  return Response.json({ ok: false, code, kind, sentence: 'No.' }, { status: 404 });
}
