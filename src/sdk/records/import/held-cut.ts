import { CodedError, isCoded } from '../../../primitives/errors.ts';
import { type CutFile, cutFile, cutOpaque, type FilePart } from '../fhir-file.ts';
import { fhirXmlMediaType, readFhirXml } from '../fhir-xml.ts';
import { fhirXmlFacts } from '../fhir-xml-facts.ts';
import type { FileNote } from '../found.ts';
import { cardsName } from '../health-card/card-words.ts';
import { type CardsOfFiles, labelsOfCards } from '../health-card/cards-in-file.ts';
import type { CheckedCards } from '../health-card/check-card.ts';
import { labelsOfCda, labelsOfTree } from '../labels.ts';
import { recordLimits } from '../limits.ts';
import { headBytes, isXml, judgeFormat, textOf } from '../media-type.ts';
import { isPacked, type Member } from '../unpack.ts';

interface CutInput {
  /** Without folders. */
  readonly fileName: string;
  readonly strict?: boolean | undefined;
  readonly cards?: CardsOfFiles | undefined;
}

/** Of a file that is held in memory: itself, or what it holds (`unpack.ts`). Throws what `cutFile` throws. */
export function cutHeld(
  input: CutInput,
  bytes: Uint8Array,
  members: readonly Member[] | undefined,
): CutFile {
  if (members === undefined) return cutOne(input, bytes);
  const { mediaType } = judgeFormat(input.fileName, bytes.subarray(0, headBytes));
  return cutMembers(input, { members, mediaType, byteLength: bytes.length });
}

/** A packed file that is not held, with what was read in it. */
export interface ArchiveToCut {
  readonly members: readonly Member[];
  readonly unread?: readonly { readonly name: string; readonly reason: string }[];
  readonly mediaType: string;
  readonly byteLength: number;
}

/** The records inside, and the file itself, which is the owner's alone where it holds any. */
export function cutArchive(
  input: CutInput,
  archive: ArchiveToCut,
): { readonly cut: CutFile; readonly whole: FilePart } {
  const inside = cutMembers(input, archive);
  const unread = (archive.unread ?? []).map(
    ({ name, reason }) => ({ kind: 'unreadable', reason: `${name}: ${reason}`, at: 0 }) as const,
  );
  const cut = { ...inside, notes: [...inside.notes, ...unread] };
  const [part] = cutOpaque(archive.mediaType, archive.byteLength).parts;
  if (part === undefined) throw new CodedError('INTERNAL');
  const labels = cut.parts.flatMap((it) => it.facts?.labels ?? it.labels ?? []);
  const about = { ...part, labels: [...new Set(labels)] };
  return { cut, whole: cut.parts.length === 0 ? about : { ...about, ownersOnly: true } };
}

function cutOne({ fileName, strict, cards }: CutInput, bytes: Uint8Array): CutFile {
  const cut = labelledCut(cutFile(fileName, bytes, { strict }), bytes);
  const found = cards?.get(bytes);
  if (found !== undefined) return cutOfCards(cut, found);
  if (!isPacked(cut.mediaType)) return cut;
  return { ...cut, notes: [{ kind: 'foreign', type: 'a packed file, not opened', at: 0 }] };
}

/** A file that is read as what it holds; itself it stays in the skeleton. */
function cutMembers(input: CutInput, { members, mediaType, byteLength }: ArchiveToCut): CutFile {
  const limit = recordLimits.maxItemsPerFile;
  const cuts: CutFile[] = [];
  let [items, others] = [0, 0];
  for (const member of members) {
    for (const cut of cutMember(input, member, members.length > 1)) {
      items += cut.parts.length;
      others += cut.notes.length + cut.deletions.length;
      if (items > limit || others > limit) throw new CodedError('BUNDLE_TOO_MANY', { limit });
      cuts.push(cut);
    }
  }
  const parts = cuts.flatMap((it) => it.parts);
  const [only] = cuts;
  return {
    kind: cuts.length === 1 && only !== undefined ? only.kind : 'bundle',
    mediaType,
    byteLength,
    bundleType: cuts.length === 1 ? only?.bundleType : undefined,
    parts,
    notes: cuts.flatMap((it) => it.notes),
    deletions: cuts.flatMap((it) => it.deletions),
    persons: cuts.flatMap((it) => it.persons),
  };
}

function cutMember(input: CutInput, member: Member, isOneOfMany: boolean): CutFile[] {
  const { name, bytes } = member;
  if (bytes.length === 0) return [];
  try {
    const cut = cutOne({ ...input, fileName: name }, bytes);
    const parts = cut.parts.map((part) => {
      const own = bytes.subarray(part.offset, part.offset + part.length);
      return { ...part, unpacked: { bytes: own, name } };
    });
    return [{ ...cut, parts }];
  } catch (error) {
    if (!isOneOfMany || input.strict === true || !isCoded(error)) throw error;
    const reason = `${name} cannot be read`;
    const none = cutOpaque('application/octet-stream', bytes.length);
    return [{ ...none, parts: [], notes: [{ kind: 'unreadable', reason, at: 0 }] }];
  }
}

/** What the cards say is told apart from the notes, with what is known of their signatures. */
function cutOfCards(cut: CutFile, cards: CheckedCards): CutFile {
  const says = { title: cardsName(cards), labels: labelsOfCards(cards) };
  return { ...cut, notes: [], parts: cut.parts.map((part) => ({ ...part, ...says })) };
}

/** FHIR as XML is one record with a name, a class and its labels; what lies in a Bundle of it is not cut apart. */
function cutOfFhirXml(cut: CutFile, bytes: Uint8Array): CutFile {
  const tree = readFhirXml(cut.mediaType, bytes);
  if (tree === undefined) {
    return { ...cut, notes: [{ kind: 'foreign', type: 'FHIR in XML, kept and not read', at: 0 }] };
  }
  const { title, count, ...judgedAs } = fhirXmlFacts(tree);
  const says = { title, judgedAs, labels: labelsOfTree(tree) };
  const notes: FileNote[] =
    count === 0
      ? []
      : [{ kind: 'foreign', type: `one record: FHIR in XML with ${count} inside`, at: 0 }];
  return { ...cut, notes, parts: cut.parts.map((part) => ({ ...part, ...says })) };
}

/** A CDA document says inside what restricts it, also one whose first words do not say yet what it is. */
function labelledCut(cut: CutFile, bytes: Uint8Array): CutFile {
  if (!isXml(cut.mediaType)) return cut;
  if (cut.mediaType.startsWith(fhirXmlMediaType)) return cutOfFhirXml(cut, bytes);
  const labels = labelsOfCda(textOf(bytes, cut.mediaType));
  return { ...cut, parts: cut.parts.map((part) => ({ ...part, labels })) };
}
