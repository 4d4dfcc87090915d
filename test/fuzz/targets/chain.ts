import assert from 'node:assert/strict';
import { labelledHash, sha256 } from '../../../src/crypto/hash.ts';
import { labels } from '../../../src/crypto/labels.ts';
import { signingKeyFromSeed, verifyVote } from '../../../src/crypto/signature.ts';
import { resultLeaf, txLeaf } from '../../../src/ledger/chain/block-leaves.ts';
import {
  commitHash,
  commitSignBytes,
  decodeCommit,
  emptyRoot,
  encodeCommit,
} from '../../../src/ledger/chain/commit.ts';
import { decodeHeader, encodeHeader, headerHashBytes } from '../../../src/ledger/chain/header.ts';
import {
  decodeReceipt,
  encodeReceipt,
  type Receipt,
  type ReceiptVerdict,
  verifyReceipt,
  witnessMessage,
} from '../../../src/ledger/chain/receipt.ts';
import { zeroTime } from '../../../src/ledger/chain/timestamp.ts';
import {
  formatTrustRoot,
  parseTrustRoot,
  type TrustRoot,
  trustRootOf,
} from '../../../src/ledger/chain/trust-root.ts';
import { sortValidators, validatorsHash } from '../../../src/ledger/chain/validators.ts';
import { encodeTx } from '../../../src/ledger/codec.ts';
import { leafHash, merkleTree } from '../../../src/ledger/merkle.ts';
import { concatBytes, utf8, utf8ToText } from '../../../src/primitives/bytes.ts';
import { decodeCbor, encodeCbor, readArray, readBytes } from '../../../src/primitives/cbor.ts';
import { CodedError } from '../../../src/primitives/errors.ts';
import { headerOf, headersChain, type Signer, signedHeader } from '../../signed-headers.ts';
import { bytesOf, consentOf, World } from '../../world.ts';
import type { Target, TargetModule } from '../target.ts';
import { codecModule, mustEqual } from './codec.ts';

const chain = headersChain;

async function signersOf(name: string, powers: readonly number[]): Promise<readonly Signer[]> {
  const signers = await Promise.all(
    powers.map(async (power, i) => {
      const key = await signingKeyFromSeed(bytesOf(`${name} ${i}`));
      return { sign: key.sign, power, publicKey: key.publicKey };
    }),
  );
  return sortValidators(signers).flatMap(({ publicKey }) =>
    signers.filter((signer) => signer.publicKey === publicKey),
  );
}

const salt = new Uint8Array(32).fill(7);
const request = utf8('a signed request');
const content = utf8('leaf content');
const entryHash = labelledHash(labels.readEntry, salt, request);

/** A transaction whose acts commit to an entry and to a leaf. */
function committingTx(): Uint8Array {
  const world = new World();
  const consent = consentOf('reading');
  const entries = [
    { consent, entryHash: bytesOf('other') },
    { consent, entryHash },
  ];
  const root = leafHash(concatBytes(salt, content));
  return encodeTx(
    world.tx({
      from: 'hospital',
      acts: [
        { kind: 'AccessLog', entries },
        { kind: 'BatchAnchor', batch: 'refusal', root, count: 1, firstMs: 1, lastMs: 2 },
      ],
    }),
  );
}

interface Example {
  readonly receipt: Receipt;
  readonly trustRoot: TrustRoot;
}

async function example(
  set: readonly Signer[],
  options: { votes?: number; from?: readonly Signer[]; witnesses?: readonly Signer[] } = {},
): Promise<Example> {
  const tx = committingTx();
  const txs = [utf8('a'), tx, utf8('c')];
  const results = txs.map((_, i) => ({ code: i === 1 ? 0 : 7, data: Uint8Array.of(0x81, 0x40) }));
  const txTree = merkleTree(txs.map((one) => txLeaf(sha256(one))));
  const resultTree = merkleTree(results.map(resultLeaf));
  const at = headerOf(5, set, { dataHash: txTree.root });
  const hash = headerHashBytes(at);
  const next = headerOf(6, set, {
    lastBlockId: { hash, parts: { total: 1, hash } },
    lastCommitHash: commitHash((await signedHeader(at, set)).commit),
    lastResultsHash: resultTree.root,
  });
  const proof = await signedHeader(next, set, options.votes);
  const { from = [], witnesses = [] } = options;
  const changing = headerOf(3, from, { nextValidatorsHash: validatorsHash(set) });
  const message = witnessMessage(chain, 6, headerHashBytes(next));
  const receipt: Receipt = {
    ...{ tx, height: 5, index: 1, count: 3, result: { code: 0, data: Uint8Array.of(0x81, 0x40) } },
    ...{ txPath: txTree.path(1), resultPath: resultTree.path(1), header: at, nextHeader: next },
    nextCommit: proof.commit,
    nextValidators: set,
    witnesses: await Promise.all(
      witnesses.map(async (key) => ({
        publicKey: key.publicKey,
        signature: await key.sign(message),
      })),
    ),
    changes: from.length === 0 ? [] : [await signedHeader(changing, from)],
    claim: undefined,
  };
  const first = headerOf(1, from.length === 0 ? set : from);
  const known = witnesses.map((key) => key.publicKey);
  return { receipt, trustRoot: trustRootOf(first, emptyRoot, known) };
}

async function examples(): Promise<readonly Example[]> {
  const four = await signersOf('four', [1, 1, 1, 1]);
  const witnesses = await signersOf('witness', [1, 1]);
  const alone = await example(await signersOf('alone', [10]), { witnesses });
  const changed = await example(four, { votes: 3, from: await signersOf('before', [2, 1, 1]) });
  const entry = { kind: 'entry', act: 0, entry: 1, salt, signedRequest: request } as const;
  const leaf = { kind: 'leaf', act: 1, salt, content, index: 0, path: [] } as const;
  return [
    alone,
    changed,
    { ...alone, receipt: { ...alone.receipt, claim: entry } },
    { ...changed, receipt: { ...changed.receipt, claim: leaf } },
  ];
}

/** Everything that a receipt says about what happened; fewer votes, witnesses or no claim say less, not else. */
function said({ chain: of, height, timeMs, txId, code, data, headerHash }: ReceiptVerdict) {
  return { chain: of, height, timeMs, txId, code, data: encodeCbor([data]), headerHash };
}

/** Input `[number of the trust root, receipt]`. */
export const receipts: TargetModule = {
  async open(): Promise<Target> {
    const all = await examples();
    const verdicts = await Promise.all(
      all.map(({ receipt, trustRoot }) =>
        verifyReceipt(encodeReceipt(receipt), trustRoot, verifyVote),
      ),
    );
    return {
      ...{ name: 'receipts', shape: 'cbor', words: [salt, request, content, emptyRoot, zeroHash] },
      seeds: all.map(({ receipt }, i) => encodeCbor([i, encodeReceipt(receipt)])),
      allows: ['RECEIPT_INVALID', 'TRUST_ROOT_WRONG', 'CBOR_INVALID', 'CBOR_SHAPE'],
      run: async (input) => {
        const [number, file] = readArray(decodeCbor(input), 'input', 2);
        const at = typeof number === 'number' ? number % all.length : 0;
        const [chosen, verdict] = [all[at], verdicts[at]];
        assert.ok(chosen !== undefined && verdict !== undefined);
        const bytes = readBytes(file, 'receipt');
        const found = await verifyReceipt(bytes, chosen.trustRoot, verifyVote);
        assert.deepEqual(said(found), said(verdict), 'another verdict');
        assert.ok(found.validatorsSigned <= verdict.validatorsSigned, 'more votes');
        assert.equal(found.validatorsTotal, verdict.validatorsTotal);
        assert.ok(found.witnesses <= verdict.witnesses, 'more witnesses');
        mustEqual(encodeReceipt(decodeReceipt(bytes)), bytes, 'another encoding');
        if (found.claim?.kind === 'entry') mustEqual(found.claim.signedRequest, request, 'claim');
        if (found.claim?.kind === 'leaf') mustEqual(found.claim.content, content, 'claim');
      },
    };
  },
};

const zeroHash = new Uint8Array(32);

export const trustRoots: TargetModule = {
  async open(): Promise<Target> {
    const seeds = (await examples()).map(({ trustRoot }) => utf8(formatTrustRoot(trustRoot)));
    const fields = ['chain', 'genesisHash', 'height', 'headerHash', 'validatorsHash', 'witnesses'];
    return {
      ...{ name: 'trust-roots', shape: 'json', seeds, words: fields.map((name) => `"${name}"`) },
      allows: ['TRUST_ROOT_WRONG'],
      run: (input) => {
        const root = parseTrustRoot(textOf(input));
        assert.deepEqual(parseTrustRoot(formatTrustRoot(root)), root);
      },
    };
  },
};

/** Files that are not UTF-8 never reach the parsers of text. */
export function textOf(input: Uint8Array): string {
  try {
    return utf8ToText(input);
  } catch {
    throw new CodedError('TRUST_ROOT_WRONG', { reason: 'json' });
  }
}

export const headers = codecModule(() => ({
  ...{ name: 'headers', shape: 'bytes' as const, decode: decodeHeader, encode: encodeHeader },
  seeds: [
    encodeHeader(headerOf(1, [{ publicKey: zeroHash, power: 1 }])),
    encodeHeader(
      headerOf(2 ** 40, [], {
        lastBlockId: { hash: salt, parts: { total: 3, hash: salt } },
        time: { seconds: 1_700_000_000, nanos: 999_999_999 },
        lastResultsHash: new Uint8Array(0),
      }),
    ),
    encodeHeader(headerOf(7, [], { time: zeroTime })),
  ],
  allows: ['HEADER_INVALID'],
}));

export const commits: TargetModule = {
  async open(): Promise<Target> {
    const set = await signersOf('four', [1, 1, 1, 1]);
    const { commit } = await signedHeader(headerOf(9, set), set, 3);
    return {
      ...{ name: 'commits', shape: 'bytes', allows: ['HEADER_INVALID'] },
      seeds: [encodeCommit(commit)],
      run: (input) => {
        const read = decodeCommit(input);
        mustEqual(encodeCommit(read), input, 'another encoding');
        for (const vote of read.signatures) commitSignBytes(chain, read, vote);
      },
    };
  },
};
