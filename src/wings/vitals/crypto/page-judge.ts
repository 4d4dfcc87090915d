import { equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { PageArithmetic, SharePage } from './page-arithmetic.ts';
import {
  expandClinical,
  expandJointRand,
  expandQueryRand,
  expandShare,
  jointPartOf,
  saltOf,
  shareStream,
} from './page-expansion.ts';
import { binderOf, type OfThree, type PageHead, type ServerNumber, sizeOf } from './page-head.ts';
import { type KeptShare, keptOf, requireHash } from './page-keep.ts';
import { type ExplicitBody, measurementOf, requireBody, type SeedBody } from './page-open.ts';
import { type PreparedShare, withOwnPart } from './page-verify.ts';

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
  const { server, head, body } = of;
  const size = sizeOf(head);
  const { secret } = body;
  requireBody(arithmetic, of, size);
  const measured = 'elements' in body ? measurementOf(body, size) : undefined;
  const known = {
    share:
      measured === undefined
        ? { stream: await shareStream(secret, head) }
        : { elements: await measured.share(arithmetic, head) },
    parts:
      measured === undefined
        ? of.parts
        : withOwnPart(of.parts, server, jointPartOf(server, secret, head, measured.used)),
    clinical: 'elements' in body ? body.clinical : undefined,
  };
  const judged = arithmetic.judge({
    ...{ ...size, ...known, server, secret, verifyKey: of.verifyKey, binder: binderOf(head) },
  });
  if (judged === undefined) return judgeInParts(arithmetic, of, known);
  if (!equalBytes(judged.hash, of.hash)) throw new CodedError('SHARE_HASH_MISMATCH', { server });
  const { part, verifier, jointRand } = judged;
  return { share: { part, verifier, jointRand }, kept: keptOf(judged.elements, judged) };
}

/** The same with the expansions of the platform. */
async function judgeInParts(
  arithmetic: PageArithmetic,
  of: JudgedPage,
  known: Pick<SharePage, 'share' | 'parts' | 'clinical'>,
): Promise<PageJudgement> {
  const { server, head, body } = of;
  const size = sizeOf(head);
  const { secret } = body;
  const part = server === 3 ? known.parts[2] : jointPartOf(server, secret, head);
  const [jointRand, queryRand, clinical] = await Promise.all([
    expandJointRand(arithmetic, withOwnPart(known.parts, server, part), head),
    expandQueryRand(arithmetic, of.verifyKey, head),
    known.clinical ?? expandClinical(secret, head, size.n * size.k),
  ]);
  const at = { ...size, jointRand, queryRand, isFirst: server === 1 };
  const prepared =
    arithmetic.prepare(known.share, at) ??
    arithmetic.prepare({ elements: await expandShare(arithmetic, secret, head) }, at);
  if (prepared === undefined) throw new CodedError('INTERNAL');
  const kept = keptOf(prepared.kept, { clinical, salt: saltOf(secret, head) });
  requireHash(kept, of);
  return { share: { part, verifier: prepared.verifier, jointRand }, kept };
}
