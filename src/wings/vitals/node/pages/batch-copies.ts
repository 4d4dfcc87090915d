import { sha256 } from '../../../../crypto/hash.ts';
import { verifyLabelled } from '../../../../crypto/signature.ts';
import { leafHash, merkleRoot } from '../../../../ledger/merkle.ts';
import { equalBytes } from '../../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import {
  bytes,
  decodeAs,
  decodeViewsAs,
  encodeAs,
  hexId,
  list,
  type Of,
  struct,
  uint,
} from '../../../../primitives/shape.ts';
import { batchLeafContent } from '../../api/batch-leaf.ts';
import { type PageManifest, pageManifest } from '../../api/page.ts';
import { pageIdOf } from '../../crypto/pages/page-head.ts';
import type { StatBatchRow } from '../../ledger/tables/stat-batches.ts';
import { vitalsNames } from '../../names.ts';
import type { DataServerBase } from '../data-server-base.ts';
import { askPeer } from '../statements.ts';
import type { KeptRegistration, PageNames, StandingPage } from '../stores/page-store.ts';
import { type OwnTrio, ownTrio } from '../trio.ts';
import { askedAhead } from './asked-ahead.ts';
import { registrationIn } from './registering.ts';
import { isOfTrio } from './trio-people.ts';

/** Manifests of so many pages an answer: 500 bytes each. */
const pagesPerCopy = 256;
const askedBatch = struct({ trio: hexId(32), number: uint, from: uint });
const copied = struct({ manifest: bytes(), signature: bytes(64), sensor: bytes(32) });
const copies = list(copied, { most: pagesPerCopy });

const peoplePerCopy = 64;
const askedPeople = struct({ trio: hexId(32), from: uint });
export const people = struct({ next: uint, registrations: list(bytes(), { most: peoplePerCopy }) });

/** What was signed of a sealed batch's pages: no share, and nothing that the other two do not have. Throws UNAUTHENTICATED, BATCH_UNKNOWN. Rule VT-11. */
export async function answerBatch(
  base: DataServerBase,
  from: AccountId,
  payload: Uint8Array,
  follow: (trio: string) => Promise<number>,
): Promise<Uint8Array> {
  const asked = decodeAs(askedBatch, payload);
  await requirePeer(base, asked.trio, from);
  await follow(asked.trio);
  const batch = await base.store.sealedBatch(asked.trio, asked.number);
  if (batch === undefined) throw new CodedError('BATCH_UNKNOWN', { number: asked.number });
  const pages = batch.pages.slice(asked.from, asked.from + pagesPerCopy);
  const found = await Promise.all(pages.map((page) => base.store.page(page)));
  return encodeAs(
    copies,
    found.filter((it) => it !== undefined),
  );
}

/** Registrations of this trio's patients, as they signed them. Rule VT-11. */
export async function answerPeople(
  base: DataServerBase,
  from: AccountId,
  payload: Uint8Array,
): Promise<Uint8Array> {
  const asked = decodeAs(askedPeople, payload);
  await requirePeer(base, asked.trio, from);
  const all = await base.store.registrationsSince(asked.from, peoplePerCopy + 1);
  const some = all.slice(0, peoplePerCopy);
  const own: KeptRegistration[] = [];
  for (const it of some) if (await isOfTrio(base, asked.trio, it)) own.push(it);
  return encodeAs(people, {
    next: all.length > some.length ? (some.at(-1)?.place ?? 0) : 0,
    registrations: own.map(({ signed }) => signed),
  });
}

async function requirePeer(base: DataServerBase, trioId: string, from: AccountId): Promise<void> {
  const trio = await ownTrio(base, trioId);
  if (!trio.others.some(({ account }) => account === from)) throw new CodedError('UNAUTHENTICATED');
}

/** A page by its names, and what stands of it at this server. */
export interface CopiedPage {
  readonly names: PageNames;
  readonly standing: StandingPage | undefined;
}

/** Of pages, in their order, what of this server's own rows holds. */
export type LookAtOwn = (
  pages: readonly Uint8Array[],
) => Promise<readonly (StandingPage | undefined)[]>;

/** That these pages, in this order, are the batch of a root. */
export const haveRoot = (pages: readonly CopiedPage[], root: Uint8Array): boolean =>
  equalBytes(merkleRoot(pages.map(({ names }) => leafHash(names.leaf))), root);

/**
 * The pages of a sealed batch as one of the other two has them, held to the root on the ledger; a sensor's signature is verified
 * unless this server has the very same page with it. Throws ROOT_DIFFERS or SIGNATURE_WRONG {server}: what the last of them said
 * is not what was sealed; and what asking throws. Rule VT-11.
 */
export async function copyBatch(
  base: DataServerBase,
  trio: OwnTrio,
  of: {
    readonly number: number;
    readonly row: Pick<StatBatchRow, 'root' | 'pages'>;
    readonly look: LookAtOwn;
    /** The other two, as they are asked. */
    readonly from: readonly AccountId[];
    /** What it said is not what was sealed, or it said nothing. */
    readonly passedOver: (server: AccountId) => void;
  },
): Promise<readonly CopiedPage[]> {
  const { number, row, look } = of;
  let last: unknown = new CodedError('ROOT_DIFFERS', { number });
  for (const account of of.from) {
    try {
      const from = { trio: trio.id, account, number, count: row.pages };
      const pages = await pagesFrom(base, from, look);
      if (!haveRoot(pages, row.root))
        throw new CodedError('ROOT_DIFFERS', { number, server: account });
      return pages;
    } catch (error) {
      if (!isCoded(error)) throw error;
      of.passedOver(account);
      last = error;
    }
  }
  throw last;
}

interface CopyFrom {
  /** Hex. */
  readonly trio: string;
  readonly account: AccountId;
  readonly number: number;
  readonly count: number;
}

async function pagesFrom(
  base: DataServerBase,
  of: CopyFrom,
  look: LookAtOwn,
): Promise<readonly CopiedPage[]> {
  const { trio, account, number, count } = of;
  const places = Array.from(
    { length: Math.ceil(count / pagesPerCopy) },
    (_, at) => at * pagesPerCopy,
  );
  const ask = async (from: number) => {
    const payload = encodeAs(askedBatch, { trio, number, from });
    return decodeViewsAs(copies, await askPeer(base, account, { word: 'batch', payload }));
  };
  // Signatures are verified while the next are asked for.
  const pages: Promise<readonly CopiedPage[]>[] = [];
  for await (const [from, some] of askedAhead(places, ask)) {
    // Fewer than there are: it lost some, or the batch is another.
    if (some.length !== Math.min(pagesPerCopy, count - from))
      throw new CodedError('ROOT_DIFFERS', { number, server: account });
    const read = pagesIn(base, of, { some, look });
    // Heard of below, unless another one is why this server is passed over.
    read.catch(() => {});
    pages.push(read);
  }
  return (await Promise.all(pages)).flat();
}

async function pagesIn(
  base: DataServerBase,
  { trio, account }: CopyFrom,
  { some, look }: { readonly some: readonly Of<typeof copied>[]; readonly look: LookAtOwn },
): Promise<readonly CopiedPage[]> {
  const read = some.map((copy) => ({ copy, said: decodeViewsAs(pageManifest, copy.manifest) }));
  const own = await look(read.map(({ said }) => said.page));
  return Promise.all(
    read.map(async ({ copy, said }, at) => {
      const standing = own[at];
      if (standing !== undefined && isCopyOf(standing.names, copy))
        return { names: standing.names, standing };
      if (!(await isSigned(base, copy, said)))
        throw new CodedError('SIGNATURE_WRONG', { server: account });
      return { names: namesOf(trio, copy, said), standing };
    }),
  );
}

const isCopyOf = (names: PageNames, { manifest, signature, sensor }: Of<typeof copied>): boolean =>
  equalBytes(names.manifest, manifest) &&
  equalBytes(names.signature, signature) &&
  equalBytes(names.sensor, sensor);

/** Whether the sensor of this page signed it. */
async function isSigned(
  { verify = verifyLabelled }: DataServerBase,
  { manifest, signature, sensor }: Of<typeof copied>,
  { page, panel, sequence }: PageManifest,
): Promise<boolean> {
  const isHis = equalBytes(pageIdOf(sensor, panel, sequence), page);
  return isHis && verify(sensor, vitalsNames.labels.pageManifest, manifest, signature);
}

function namesOf(
  trio: string,
  { manifest, signature, sensor }: Of<typeof copied>,
  said: PageManifest,
): PageNames {
  const { page, panel, pseudonym, startHour, n } = said;
  return {
    ...{ page, trio, manifestHash: sha256(manifest), manifest, signature, sensor, pseudonym },
    ...{ panel, startHour, n, leaf: batchLeafContent(manifest, said) },
  };
}

/** More answers than six million patients need are no true ones. */
const mostAnswersOfPeople = 100_000;
/** Each was held against the ledger when it came: of an honest server none is. */
const mostOfNobody = 1_024;

/**
 * Registrations that the other two have, first those of the one, of each account the first; each is held against the ledger by who takes
 * it, who says whether it is somebody's. Throws SERVER_LIED: there is no end to it, or too many are nobody's.
 */
export async function copyPeople(
  base: DataServerBase,
  trio: OwnTrio,
  take: (signed: Uint8Array, from: AccountId) => Promise<boolean>,
): Promise<void> {
  for (const { account } of trio.others) {
    let [answers, nobodys] = [0, 0];
    const had = new Set<AccountId>();
    for (let from: number | undefined = 0; from !== undefined; answers++) {
      if (answers >= mostAnswersOfPeople) throw new CodedError('SERVER_LIED', { server: account });
      const { next, registrations } = await askPeople(base, account, { trio: trio.id, from });
      for (const signed of registrations) {
        const whose = accountIn(signed);
        if (whose !== undefined && had.has(whose)) continue;
        const isSomebodys = whose !== undefined && (await take(signed, account));
        if (whose !== undefined && isSomebodys) had.add(whose);
        if (!isSomebodys) nobodys++;
        if (nobodys > mostOfNobody) throw new CodedError('SERVER_LIED', { server: account });
      }
      from = next === 0 ? undefined : next;
    }
  }
}

/** Some of what another server has, after a place in its order. Throws what asking throws, and SERVER_LIED: it goes round. */
export async function askPeople(
  base: DataServerBase,
  server: AccountId,
  asked: Of<typeof askedPeople>,
): Promise<Of<typeof people>> {
  const payload = encodeAs(askedPeople, asked);
  const answer = decodeAs(people, await askPeer(base, server, { word: 'people', payload }));
  if (answer.next !== 0 && answer.next <= asked.from)
    throw new CodedError('SERVER_LIED', { server });
  return answer;
}

/** Undefined: it is no registration. */
function accountIn(signed: Uint8Array): AccountId | undefined {
  try {
    return registrationIn(signed).account;
  } catch (error) {
    if (isCoded(error)) return undefined;
    throw error;
  }
}
