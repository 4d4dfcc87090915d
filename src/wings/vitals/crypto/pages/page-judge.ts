import { equalBytes } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import type { PageArithmetic, SharePage } from './page-arithmetic.ts';
import { jointPartOf, shareStream, wiresStream } from './page-expansion.ts';
import { binderOf, type OfThree, type PageHead, type ServerNumber, sizeOf } from './page-head.ts';
import { type KeptShare, keepShare, keptOf } from './page-keep.ts';
import type { PageSize } from './page-layout.ts';
import {
  type ExplicitBody,
  measurementOf,
  openBody,
  requireBody,
  type SeedBody,
} from './page-open.ts';
import { type PreparedShare, prepareShare, withOwnPart } from './page-verify.ts';

/** A page as one server judges it. */
export interface JudgedPage {
  readonly server: ServerNumber;
  readonly head: PageHead;
  readonly body: SeedBody | ExplicitBody;
  /** Those of the manifest. */
  readonly parts: OfThree<Uint8Array>;
  /** What the manifest says of this server's kept share. */
  readonly hash: Uint8Array;
  /** 32 bytes that the three servers share and no device knows. */
  readonly verifyKey: Uint8Array;
}

/** What a server says and keeps of a page. */
export interface PageJudgement {
  readonly share: PreparedShare;
  readonly kept: KeptShare;
}

/**
 * As `openBody`, `prepareShare` and `keepShare`, and what they throw, without the share ever leaving the kernel.
 * Rules VP-13 and VP-15.
 */
export async function judgeShare(
  arithmetic: PageArithmetic,
  of: JudgedPage,
): Promise<PageJudgement> {
  const { server, head, body, verifyKey } = of;
  const size = sizeOf(head);
  requireBody(arithmetic, of, size);
  const judged = arithmetic.judge({
    ...{ ...size, server, secret: body.secret, binder: binderOf(head), verifyKey },
    ...(await expandedOf(of, size)),
  });
  if (judged === undefined) return judgeInParts(arithmetic, of);
  if (!equalBytes(judged.hash, of.hash)) throw new CodedError('SHARE_HASH_MISMATCH', { server });
  const { part, verifier, jointRand } = judged;
  return { share: { part, verifier, jointRand }, kept: keptOf(judged.elements, judged) };
}

/** The share and what goes with it, by the platform. */
async function expandedOf(
  { server, head, body, parts }: JudgedPage,
  size: PageSize,
): Promise<Pick<SharePage, 'share' | 'parts' | 'clinical'>> {
  const { secret } = body;
  if (!('elements' in body))
    return { share: { stream: await shareStream(secret, head) }, parts, clinical: undefined };
  const part = jointPartOf(server, secret, head, measurementOf(body, size).used);
  return {
    share: { sent: body.elements, wires: await wiresStream(secret, head) },
    parts: withOwnPart(parts, server, part),
    clinical: body.clinical,
  };
}

/** The same with all expansions by the platform. */
async function judgeInParts(arithmetic: PageArithmetic, of: JudgedPage): Promise<PageJudgement> {
  const opened = await openBody(arithmetic, of);
  const share = await prepareShare(arithmetic, { ...of, opened });
  return { share, kept: keepShare(arithmetic, { ...of, opened }) };
}
