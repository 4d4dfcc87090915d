import assert from 'node:assert/strict';
import { textOfBytes } from '../../../src/api/message-parts.ts';
import {
  type CommitSig,
  commitSignBytes,
  encodeCommit,
  voteForNil,
} from '../../../src/ledger/chain/commit.ts';
import {
  encodeHeader,
  type Header,
  headerHashBytes,
  noBlockId,
} from '../../../src/ledger/chain/header.ts';
import type { SignedHeaderParts } from '../../../src/ledger/chain/light-client.ts';
import { timestampOfMs } from '../../../src/ledger/chain/timestamp.ts';
import { trustRootOf } from '../../../src/ledger/chain/trust-root.ts';
import {
  sortValidators,
  validatorAddress,
  validatorsHash,
} from '../../../src/ledger/chain/validators.ts';
import { CodedError } from '../../../src/primitives/errors.ts';
import { GatewayClient } from '../../../src/sdk/client/gateway-client.ts';
import { Http } from '../../../src/sdk/client/http.ts';
import { VerifiedHeaders } from '../../../src/sdk/ledger/verified-headers.ts';
import { operator } from '../../fakes/shown-ledger.ts';
import { headerOf, headersChain, type Signer, signedHeader } from '../../signed-headers.ts';
import type { ShownHeaders } from './light-client.ts';

const signers = Array.from({ length: 14 }, (): Signer => ({ ...operator(), power: 10 }));

/** Validators by number, each with the power given or 10, in the order of their votes. */
export function setOf(...at: readonly (number | readonly [number, number])[]): readonly Signer[] {
  const chosen = at.map((it) => {
    const [index, power] = typeof it === 'number' ? [it, 10] : it;
    return { ...(signers[index] ?? assert.fail()), power };
  });
  return sortValidators(chosen) as Signer[];
}

export const many = (count: number, set: readonly Signer[]) =>
  Array.from({ length: count }, () => set);

/** A ledger whose set of each height is given, the first of height 1. `timeOf`: ms since 1970. */
export class SeveralLedger {
  readonly #sets: readonly (readonly Signer[])[];
  readonly #timeOf: (height: number) => number;
  readonly headers = new Map<number, SignedHeaderParts>();

  private constructor(sets: readonly (readonly Signer[])[], timeOf: (height: number) => number) {
    this.#sets = sets;
    this.#timeOf = timeOf;
  }

  static async of(
    sets: readonly (readonly Signer[])[],
    timeOf: (height: number) => number,
  ): Promise<SeveralLedger> {
    const ledger = new SeveralLedger(sets, timeOf);
    for (let height = 1; height < sets.length; height++) {
      ledger.headers.set(height, await signedHeader(ledger.honest(height), ledger.setAt(height)));
    }
    return ledger;
  }

  setAt(height: number): readonly Signer[] {
    return this.#sets[height - 1] ?? assert.fail();
  }

  /** The header of this height, or one that says otherwise in these fields. */
  honest(height: number, fields: Partial<Header> = {}): Header {
    return headerOf(height, this.setAt(height), {
      nextValidatorsHash: validatorsHash(this.setAt(height + 1)),
      lastBlockId: this.headers.get(height - 1)?.commit.blockId ?? noBlockId,
      time: timestampOfMs(this.#timeOf(height)),
      proposerAddress: validatorAddress((this.setAt(height)[0] ?? assert.fail()).publicKey),
      ...fields,
    });
  }

  at(height: number): SignedHeaderParts {
    return this.headers.get(height) ?? assert.fail(`no header ${height}`);
  }

  /** The same headers, but these. */
  showing(others: readonly SignedHeaderParts[]): ShownHeaders {
    return new Map([...this.headers, ...others.map((it) => [it.header.height, it] as const)]);
  }
}

/** One vote of the commit said anew. */
export function withVote(
  parts: SignedHeaderParts,
  index: number,
  change: (vote: CommitSig) => CommitSig,
): SignedHeaderParts {
  const signatures = parts.commit.signatures.map((it, at) => (at === index ? change(it) : it));
  return { ...parts, commit: { ...parts.commit, signatures } };
}

/** A validator that voted for no block in this round, and signed that. */
export async function withNil(parts: SignedHeaderParts, index: number): Promise<SignedHeaderParts> {
  const signer = parts.validators[index] as Signer;
  const [before] = parts.commit.signatures.slice(index);
  const nil = { ...(before ?? assert.fail()), flag: voteForNil };
  const signature = await signer.sign(commitSignBytes(headersChain, parts.commit, nil));
  return withVote(parts, index, () => ({ ...nil, signature }));
}

/** Votes made for one header, under another that names them as its own: nobody signed it. */
export function underVotesOf(
  header: Header,
  { commit, validators }: SignedHeaderParts,
): SignedHeaderParts {
  const blockId = { ...commit.blockId, hash: headerHashBytes(header) };
  return { header, validators, commit: { ...commit, blockId } };
}

/** What a person's device says of the header at `height`, trusting that at `from`: 'believed', or code and reason. */
export async function ourVerdict(
  shown: ShownHeaders,
  of: { readonly from: Header; readonly height: number },
): Promise<string> {
  const answer: typeof fetch = async (url) => {
    const height = Number(new URL(String(url)).pathname.split('/').at(-1));
    const parts = shown.get(height);
    if (parts === undefined) {
      const refused = { ok: false, code: 'HEIGHT_UNKNOWN', kind: 'not-valid', sentence: 'No.' };
      return Response.json(refused, { status: 404 });
    }
    return Response.json({
      height,
      header: textOfBytes(encodeHeader(parts.header)),
      commit: textOfBytes(encodeCommit(parts.commit)),
      validators: parts.validators.map(({ publicKey, power }) => ({
        publicKey: textOfBytes(publicKey),
        power,
      })),
    });
  };
  const http = new Http('http://gateway.test', { fetch: answer, retryDelaysMs: [] });
  const root = trustRootOf(of.from, new Uint8Array(32), []);
  try {
    await new VerifiedHeaders(new GatewayClient(http), root).header(of.height);
    return 'believed';
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const { reason } = error.details;
    return reason === undefined ? error.code : `${error.code} ${reason}`;
  }
}
