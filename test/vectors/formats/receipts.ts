import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '../../../src/crypto/hash.ts';
import { verifyVote } from '../../../src/crypto/signature.ts';
import { resultLeaf, txLeaf } from '../../../src/ledger/chain/block-leaves.ts';
import {
  type Commit,
  commitSignBytes,
  decodeCommit,
  voteAbsent,
  voteForBlock,
  voteForNil,
} from '../../../src/ledger/chain/commit.ts';
import { decodeHeader, type Header, headerHashBytes } from '../../../src/ledger/chain/header.ts';
import {
  encodeReceipt,
  type Receipt,
  verifyReceipt,
  witnessMessage,
} from '../../../src/ledger/chain/receipt.ts';
import {
  formatTrustRoot,
  parseTrustRoot,
  type TrustRoot,
  trustRootOf,
} from '../../../src/ledger/chain/trust-root.ts';
import {
  sortValidators,
  type Validator,
  validatorAddress,
  validatorsHash,
} from '../../../src/ledger/chain/validators.ts';
import { genesisHash } from '../../../src/ledger/genesis.ts';
import { leafHash, merkleTree } from '../../../src/ledger/merkle.ts';
import { bytesToHex } from '../../../src/primitives/bytes.ts';
import { isCoded } from '../../../src/primitives/errors.ts';
import { batchLeaves, genesis, ledger } from './chain.ts';
import { looks } from './grants.ts';
import { sealedItems } from './items.ts';
import { type Format, hex, pattern } from './write.ts';

/** What `verify_receipt.py` prints too. */
async function verdictOf(receipt: Uint8Array, trust: string): Promise<object> {
  let root: TrustRoot;
  try {
    root = parseTrustRoot(trust);
  } catch (error) {
    // Which field of the trust root it was is no part of the verdict.
    if (!isCoded(error)) throw error;
    return { ok: false, code: error.code, reason: '' };
  }
  try {
    const said = await verifyReceipt(receipt, root, verifyVote);
    const { tx: _, data, claim, ...rest } = said;
    return { ok: true, ...rest, data: hex(data), claim: claim?.kind ?? null };
  } catch (error) {
    if (!isCoded(error)) throw error;
    return { ok: false, code: error.code, reason: error.details.reason };
  }
}

const secretOf = new Map<string, Uint8Array>();
function signer(start: number, power: number): Validator {
  const secret = pattern(32, start);
  const publicKey = ed25519.getPublicKey(secret);
  secretOf.set(bytesToHex(publicKey), secret);
  return { publicKey, power };
}
const signWith = (publicKey: Uint8Array, message: Uint8Array): Uint8Array =>
  ed25519.sign(message, secretOf.get(bytesToHex(publicKey)) ?? new Uint8Array(32));

const none = new Uint8Array(0);

/** The header of block `height` as a set of several validators would have made it. */
function under(
  header: Header,
  set: readonly Validator[],
  next: readonly Validator[] = set,
): Header {
  return {
    ...header,
    validatorsHash: validatorsHash(set),
    nextValidatorsHash: validatorsHash(next),
  };
}

function signed(header: Header, set: readonly Validator[], flags: readonly number[]) {
  const hash = headerHashBytes(header);
  const blockId = { hash, parts: { total: 2, hash: pattern(32, 77) } };
  const unsigned: Commit = { height: header.height, round: 1, blockId, signatures: [] };
  const signatures = set.map(({ publicKey }, i) => {
    const flag = flags[i] ?? voteForBlock;
    const time = { seconds: header.time.seconds, nanos: header.time.nanos + i + 1 };
    if (flag === voteAbsent) return { flag, address: none, time, signature: none };
    const vote = { flag, address: validatorAddress(publicKey), time, signature: none };
    return {
      ...vote,
      signature: signWith(publicKey, commitSignBytes(header.chainId, unsigned, vote)),
    };
  });
  return { header, commit: { ...unsigned, signatures }, validators: set };
}

async function example(
  height: number,
  index: number,
): Promise<{ receipt: Receipt; trust: string }> {
  const { genesisBytes, blocks } = await ledger();
  const [first] = blocks;
  const block = blocks[height - 1];
  const next = blocks[height];
  const tx = block?.txs[index];
  const result = block?.results[index];
  if (
    first === undefined ||
    block === undefined ||
    next === undefined ||
    tx === undefined ||
    result === undefined
  ) {
    throw new TypeError('no such transaction');
  }
  const receipt: Receipt = {
    ...{ tx, height, index, count: block.txs.length, result },
    txPath: merkleTree(block.txs.map((each) => txLeaf(sha256(each)))).path(index),
    resultPath: merkleTree(block.results.map(resultLeaf)).path(index),
    header: decodeHeader(block.header),
    nextHeader: decodeHeader(next.header),
    nextCommit: decodeCommit(next.commit),
    nextValidators: genesis.validators,
    ...{ witnesses: [], changes: [], claim: undefined },
  };
  const root = trustRootOf(decodeHeader(first.header), genesisHash(genesisBytes), []);
  return { receipt, trust: formatTrustRoot(root) };
}

function withWitnesses(trust: string, keys: readonly Uint8Array[]): string {
  return formatTrustRoot({ ...parseTrustRoot(trust), witnesses: keys.map(bytesToHex) });
}

/** A leaf of a batch has its salt inside: its first 32 bytes stand in the salt's place. */
const batchClaim = (leaf: Uint8Array, index: number) => ({
  ...{ kind: 'leaf' as const, act: 0, salt: leaf.slice(0, 32), content: leaf.slice(32), index },
  path: merkleTree(batchLeaves.map(leafHash)).path(index),
});

type Example = { readonly name: string; readonly receipt: Receipt; readonly trust: string };

async function examples(): Promise<readonly Example[]> {
  const anchor = await example(3, 0);
  const access = await example(3, 5);
  const refused = await example(3, 3);
  const batch = await example(3, 6);
  const items = await sealedItems();
  const entries = await looks();
  const [, , third] = entries;
  const item = items[2]?.item;
  if (third === undefined || item === undefined)
    throw new TypeError('vectors have items and looks');
  const { header, nextHeader } = anchor.receipt;
  const message = witnessMessage(
    nextHeader.chainId,
    nextHeader.height,
    headerHashBytes(nextHeader),
  );
  const [w1, w2, w3] = [signer(201, 1), signer(202, 1), signer(203, 1)];
  const witness = ({ publicKey }: Validator) => ({
    publicKey,
    signature: signWith(publicKey, message),
  });
  const trustWitnesses = withWitnesses(anchor.trust, [w1.publicKey, w2.publicKey]);

  const set = sortValidators([signer(210, 5), signer(211, 5), signer(212, 7), signer(213, 2)]);
  const at = under(header, set);
  const atHash = headerHashBytes(at);
  const next = {
    ...under(nextHeader, set),
    lastBlockId: { hash: atHash, parts: { total: 1, hash: atHash } },
  };
  const trustSet = formatTrustRoot({
    ...parseTrustRoot(anchor.trust),
    validatorsHash: bytesToHex(validatorsHash(set)),
    headerHash: headerHashOf(at),
    height: at.height,
  });
  const voted = (flags: readonly number[]) => {
    const parts = signed(next, set, flags);
    return {
      ...anchor.receipt,
      header: at,
      nextHeader: next,
      nextCommit: parts.commit,
      nextValidators: set,
    };
  };
  const other = sortValidators([signer(220, 1), signer(221, 1), signer(222, 1)]);
  const link = (height: number, by: readonly Validator[], to: readonly Validator[]) =>
    signed({ ...under(header, by, to), height }, by, []);
  const trustOther = formatTrustRoot({
    ...parseTrustRoot(anchor.trust),
    validatorsHash: bytesToHex(validatorsHash(other)),
    headerHash: headerHashOf(link(1, other, other).header),
  });
  const leafClaim = {
    ...{ kind: 'leaf' as const, act: 0, salt: item.salt, content: item.leafContent, index: 2 },
    path: merkleTree(items.map((each) => each.item.leaf)).path(2),
  };
  const entryClaim = {
    ...{
      kind: 'entry' as const,
      act: 0,
      entry: 3,
      salt: third.salt,
      signedRequest: third.travelling,
    },
  };
  const list: Example[] = [
    { name: 'operator', ...anchor },
    { name: 'a refusal', ...refused },
    {
      name: 'one witness of two, one unknown',
      trust: trustWitnesses,
      receipt: { ...anchor.receipt, witnesses: [witness(w3), witness(w2)] },
    },
    {
      name: 'two witnesses, one twice',
      trust: trustWitnesses,
      receipt: { ...anchor.receipt, witnesses: [witness(w1), witness(w2), witness(w1)] },
    },
    {
      name: 'a wrong witness',
      trust: trustWitnesses,
      receipt: { ...anchor.receipt, witnesses: [{ ...witness(w1), publicKey: w2.publicKey }] },
    },
    { name: 'four validators', trust: trustSet, receipt: voted([]) },
    { name: 'one absent', trust: trustSet, receipt: voted([2, 2, 2, voteAbsent]) },
    { name: 'one for nil', trust: trustSet, receipt: voted([2, 2, voteForNil, 2]) },
    { name: 'a vote of an unknown kind', trust: trustSet, receipt: voted([2, 2, 4, 2]) },
    { name: 'every vote of no kind', trust: trustSet, receipt: voted([0, 0, 0, 0]) },
    { name: 'too little power', trust: trustSet, receipt: voted([voteAbsent, 2, 2, 2]) },
    { name: 'another set than trusted', trust: anchor.trust, receipt: voted([]) },
    {
      name: 'a set that follows',
      trust: trustOther,
      receipt: { ...voted([]), changes: [link(1, other, other), link(2, other, set)] },
    },
    {
      name: 'changes out of order',
      trust: trustOther,
      receipt: { ...voted([]), changes: [link(2, other, other), link(2, other, set)] },
    },
    {
      name: 'a link too late',
      trust: trustOther,
      receipt: { ...voted([]), changes: [link(4, other, set)] },
    },
    { name: 'an item', trust: anchor.trust, receipt: { ...anchor.receipt, claim: leafClaim } },
    {
      name: 'an item at another place',
      trust: anchor.trust,
      receipt: { ...anchor.receipt, claim: { ...leafClaim, index: 3 } },
    },
    {
      name: 'an item of an act that is not there',
      trust: anchor.trust,
      receipt: { ...anchor.receipt, claim: { ...leafClaim, act: 1 } },
    },
    ...batchLeaves.map((leaf, index) => ({
      name: `leaf ${index} of a batch`,
      trust: batch.trust,
      receipt: { ...batch.receipt, claim: batchClaim(leaf, index) },
    })),
    { name: 'a look', trust: access.trust, receipt: { ...access.receipt, claim: entryClaim } },
    {
      name: 'a look at another entry',
      trust: access.trust,
      receipt: { ...access.receipt, claim: { ...entryClaim, entry: 0 } },
    },
    {
      name: 'a leaf where there are looks',
      trust: access.trust,
      receipt: { ...access.receipt, claim: leafClaim },
    },
    { name: 'another height', trust: anchor.trust, receipt: { ...anchor.receipt, height: 4 } },
    {
      name: 'another result',
      trust: anchor.trust,
      receipt: { ...anchor.receipt, result: { code: 1, data: none } },
    },
    {
      name: 'another transaction',
      trust: anchor.trust,
      receipt: { ...anchor.receipt, tx: access.receipt.tx },
    },
    { name: 'another place', trust: anchor.trust, receipt: { ...anchor.receipt, index: 1 } },
    {
      name: 'no next header of this one',
      trust: anchor.trust,
      receipt: { ...anchor.receipt, header: at },
    },
    {
      name: 'another chain',
      trust: anchor.trust.replace('salus-vectors-1', 'salus-vectors-2'),
      receipt: anchor.receipt,
    },
    {
      name: 'another header at the height of the trust root',
      trust: formatTrustRoot({ ...parseTrustRoot(anchor.trust), height: 3 }),
      receipt: anchor.receipt,
    },
    ...strangeTrust(anchor.trust).map((trust, i) => ({
      name: `trust root ${i}`,
      trust,
      receipt: anchor.receipt,
    })),
  ];
  return list;
}

const headerHashOf = (header: Header) => trustRootOf(header, new Uint8Array(32), []).headerHash;

function strangeTrust(trust: string): readonly string[] {
  return [
    '',
    '[]',
    trust.replace('"witnesses": []', '"witnesses": [""]'),
    trust.replace('"witnesses": []', '"witnesses": {}'),
    trust.replace('"witnesses": []', '"witnesses": [], "more": 1'),
    trust.replace('"height": 1', '"height": 0'),
    trust.replace('"height": 1', '"height": 1.5'),
    trust.replace('"height": 1', '"height": "1"'),
    trust.replace('"chain": "salus-vectors-1"', '"chain": ""'),
    trust.replace(/"genesisHash": "./, '"genesisHash": "G'),
    trust.replace(/"headerHash": "./, '"headerHash": "'),
  ];
}

export const receipts: Format = {
  about:
    'receipts.md R-1, R-5 to R-9: receipt, trust root and the verdict, as verify_receipt.py prints it; flips: [byte, mask, verdict] for the receipt with that byte changed by exclusive or',
  async cases() {
    const cases = [];
    for (const { name, receipt, trust } of await examples()) {
      const bytes = encodeReceipt(receipt);
      const verdict = await verdictOf(bytes, trust);
      const flips = [];
      if ('ok' in verdict && verdict.ok === true) {
        for (let i = 0; i < 40; i++) {
          const at = (i * 7919 + bytes.length) % bytes.length;
          const mask = 1 << (i % 8);
          const changed = bytes.slice();
          changed[at] = (changed[at] ?? 0) ^ mask;
          flips.push([at, mask, await verdictOf(changed, trust)]);
        }
      }
      cases.push({ name, trust, receipt: hex(bytes), verdict, flips });
    }
    return cases;
  },
};
