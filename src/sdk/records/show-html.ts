import { sha256 } from '../../crypto/hash.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { type Attachment, attachmentsIn, sizeOfAttachment } from './attachments.ts';
import { bytesToBase64 } from './base64.ts';
import { type CdaDocument, readCda } from './cda/cda-document.ts';
import { readFhirXml } from './fhir-xml.ts';
import { fileNameOf } from './file-name.ts';
import { shownHeadline } from './headline/derive.ts';
import { spokenName } from './headline/headline.ts';
import { namingReference } from './headline/name.ts';
import { readTree } from './headline/readable-resource.ts';
import type { CheckedCards } from './health-card/check-card.ts';
import { showCards } from './health-card/show-cards.ts';
import { fieldOf, type JsonTree, parseJsonTree, textOf } from './json-tree.ts';
import { recordLimits } from './limits.ts';
import { bareMediaType } from './media-type.ts';
import { html, type SafeHtml } from './safe-html.ts';
import { showCda } from './show-cda.ts';
import { showResource } from './show-fhir.ts';
import { shortened } from './show-values.ts';
import { decodeSkeleton, skeletonMediaType } from './skeleton.ts';
import { standAlonePage } from './stand-alone-page.ts';
import { textOfFile } from './text-of-html.ts';

/** An opened item, as far as showing needs it. */
export interface ItemToShow {
  readonly name: string;
  readonly mediaType: string;
  readonly recordClass: string;
  readonly writtenMs: number;
  /** Who wrote it, as the reader knows them. */
  readonly authorName: string | undefined;
  /** Typed by the patient themselves. */
  readonly enteredByPatient?: boolean;
  /** Whose chart it is of: a printed page names them. */
  readonly patientName?: string | undefined;
  readonly bytes: Uint8Array;
  /** What `checkHealthCards` found in it: without it a file of health cards is only a file. */
  readonly healthCards?: CheckedCards | undefined;
}

/** Up to here a page carries the file itself. */
const maxEmbeddedBytes = 5 * 1024 * 1024;
/** Up to here JSON is read at all. */
const maxShownBytes = recordLimits.maxBundleBytes;

const style = `
body { max-width: 46rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.25rem; } h3 { font-size: 1rem; }
dl { display: grid; grid-template-columns: minmax(8rem, 1fr) 3fr; gap: .25rem 1rem; margin: .5rem 0; }
dt { color: var(--soft); } dd { margin: 0; min-width: 0; overflow-wrap: anywhere; } dd, pre, h1, .result { unicode-bidi: plaintext; } dd, h1 { text-align: left; }
dd dl { border-left: 2px solid var(--line); padding-left: .5rem; margin: 0; }
ul { margin: 0; padding-left: 1.2rem; } pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: 0; }
article article, section { border-top: 1px solid var(--line); margin-top: 1rem; padding-top: .5rem; }
.kind, .code { color: var(--soft); font-size: .875rem; margin: 0; }
.absent { color: var(--care); font-style: italic; } .none { color: var(--good); font-weight: 600; }
.technical, footer { color: var(--soft); font-size: .8125rem; border-top: 1px solid var(--line); padding-top: .5rem; }
.patient { border-bottom: 2px solid var(--ink); } .result { font-size: 1.25rem; margin: .25rem 0; }
.care { border-left: 4px solid var(--care); padding-left: .5rem; }
img { max-width: 100%; }
@media (max-width: 34rem) { dl { grid-template-columns: minmax(5rem, 1fr) 2fr; } dd > dl, dd dl { grid-template-columns: minmax(0, 1fr); } }
@media print { article, section, dl > * { break-inside: avoid-page; } }
`;

/**
 * One item as a page that stands alone: no script, nothing fetched, every text of the record escaped.
 * "Not recorded", "none known" and a list look different. For a file to keep, to print or to hand over.
 *
 * Never throws for what an item holds: what cannot be read as its media type says is shown as facts.
 */
export function showItem(item: ItemToShow): string {
  const document = readCda(item.mediaType, item.bytes);
  const title = document?.title ?? spokenName(shownHeadline(item));
  const { patientName } = item;
  const patient =
    patientName === undefined ? '' : html`<p class="patient">Patient: <b>${patientName}</b></p>`;
  const body = html`${patient}<main>${contentOf(item, document)}</main>
<footer><dl>${factsOf(item)}</dl></footer>`;
  return standAlonePage({ title, style, body, hasPictures: true });
}

function contentOf(item: ItemToShow, document: CdaDocument | undefined): SafeHtml {
  const { bytes, healthCards } = item;
  const mediaType = bareMediaType(item.mediaType);
  if (healthCards !== undefined) {
    const nobody = { nameOf: () => undefined, attachmentOf: () => undefined };
    const cards = showCards(healthCards, { ...nobody, linkTo: withoutLink });
    return html`<h1>${item.name}</h1>${cards}${linkTo(item)}`;
  }
  if (/[/+]json$/.test(mediaType) && bytes.length <= maxShownBytes) {
    return tryTo(() => showJson(item)) ?? showFile(item);
  }
  if (mediaType === skeletonMediaType) return tryTo(() => showImport(item)) ?? showFile(item);
  const fhirXml = readFhirXml(item.mediaType, bytes);
  if (fhirXml !== undefined && bytes.length <= maxEmbeddedBytes) {
    return html`${showTree(item, fhirXml)}${linkTo(item)}`;
  }
  if (document !== undefined) return html`${showCda(document)}${linkTo(item)}`;
  const text = bytes.length <= maxEmbeddedBytes ? textOfFile(item) : undefined;
  return text === undefined
    ? showFile(item)
    : html`<h1>${item.name}</h1><pre>${shortened(text)}</pre>${linkTo(item)}`;
}

/** Documents inside are no part of what a page is asked to show: without them a record is small. Undefined: too large. */
function showJson(item: ItemToShow): SafeHtml | undefined {
  const { bytes } = item;
  const tree = parseJsonTree(bytes);
  if (textOf(fieldOf(tree, 'resourceType')) === undefined) return undefined;
  return showTree(item, tree);
}

function showTree(item: ItemToShow, tree: JsonTree): SafeHtml | undefined {
  const { bytes } = item;
  const attachments = attachmentsIn(tree);
  let ofDocuments = 0;
  for (const { data } of attachments.values()) ofDocuments += data.length;
  if (bytes.length - ofDocuments > maxEmbeddedBytes) return undefined;
  let room = maxEmbeddedBytes;
  return showResource(tree, {
    nameOf: nameFromOutside(item, tree),
    attachmentOf: (object) => attachments.get(object),
    linkTo: (attachment, decoded) => {
      if (decoded === undefined || decoded.length > room) return withoutLink(attachment);
      room -= decoded.length;
      return savingLink(attachment.fileName, decoded, 'Save this document');
    },
  });
}

/** Only the record itself may be called by what it was brought with, and only where its bytes name nothing. */
function nameFromOutside(
  item: ItemToShow,
  tree: JsonTree,
): (reference: string) => string | undefined {
  const { name, nameIsFromOutside } = shownHeadline(item);
  const reference = nameIsFromOutside ? namingReference(readTree(tree)) : undefined;
  return (asked) => (reference !== undefined && asked === reference ? name : undefined);
}

function withoutLink(attachment: Attachment): SafeHtml {
  const { number } = attachment;
  return html`<p>Document ${number}, about ${sizeOfAttachment(attachment)} bytes, is not on this page: salus record open ID --attachment ${number} --out FILE</p>`;
}

function tryTo(show: () => SafeHtml | undefined): SafeHtml | undefined {
  try {
    return show();
  } catch {
    return undefined;
  }
}

function showFile(item: ItemToShow): SafeHtml {
  const { name, bytes } = item;
  const mediaType = bareMediaType(item.mediaType);
  const isImage = mediaType === 'image/png' || mediaType === 'image/jpeg';
  const picture =
    isImage && bytes.length <= maxEmbeddedBytes
      ? html`<p><img alt="${name}" src="data:${mediaType};base64,${bytesToBase64(bytes)}"></p>`
      : undefined;
  return html`<h1>${name}</h1>${picture}${linkTo(item)}`;
}

function linkTo({ name, bytes }: ItemToShow): SafeHtml {
  if (bytes.length > maxEmbeddedBytes) {
    return html`<p>This file is too large for this page; export it to open it.</p>`;
  }
  return savingLink(name, bytes, 'Save this file');
}

/** Of a neutral type: the browser saves it, and never shows it as a page. */
function savingLink(name: string, bytes: Uint8Array, words: string): SafeHtml {
  return html`<p><a download="${fileNameOf(name) ?? 'record'}" href="data:application/octet-stream;base64,${bytesToBase64(bytes)}">${words}</a></p>`;
}

function showImport({ bytes }: ItemToShow): SafeHtml {
  const { fileName, fileHash, byteLength, ranges } = decodeSkeleton(bytes);
  return html`<h1>${fileName}</h1><p class="kind">An imported file</p>
<dl><dt>Records from it</dt><dd>${ranges.length}</dd><dt>Size</dt><dd>${byteLength} bytes</dd>
<dt>SHA-256</dt><dd>${bytesToHex(fileHash)}</dd></dl>`;
}

function factsOf(item: ItemToShow): SafeHtml[] {
  const written = new Date(item.writtenMs);
  const facts: readonly (readonly [string, string])[] = [
    ['Class', item.recordClass],
    ['Written by', item.authorName ?? 'not known here'],
    [
      'Written',
      Number.isNaN(written.getTime())
        ? ''
        : `${written.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    ],
    ...(item.enteredByPatient === true ? [['Entered', 'by the patient'] as const] : []),
    ['Form', bareMediaType(item.mediaType)],
    ['Size', `${item.bytes.length} bytes`],
    ['SHA-256', bytesToHex(sha256(item.bytes))],
  ];
  return facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`);
}
