import type { AddedFile } from '../sdk/index.ts';
import { cardFacts, cardText } from './card-lines.ts';
import { amount } from './format.ts';
import { named } from './harmless.ts';

/** What adding a file did, for `--json`. */
export function addedFacts(file: AddedFile): Record<string, unknown> {
  const { importId, fileName, sha256, kind, items, unchanged, epoch, txId, height } = file;
  const { notes, deleted, withdrawn, ofOthers, erasedBefore, restricted, healthCards, healthData } =
    file;
  return {
    ...(importId !== undefined && { importId }),
    fileName,
    sha256,
    ...(kind !== undefined && { kind }),
    added: items.length,
    unchanged: unchanged.length,
    items,
    ...(deleted > 0 && { deleted, withdrawn }),
    ...(restricted > 0 && { restricted }),
    ...(ofOthers > 0 && { ofOthers }),
    ...(erasedBefore > 0 && { erasedBefore }),
    ...(healthCards.length > 0 && { healthCards: healthCards.map(cardFacts) }),
    ...(healthData.length > 0 && { healthData }),
    ...(notes.length > 0 && { notes }),
    ...(txId !== undefined && { txId, height, epoch }),
  };
}

/** The same for people. */
export function addedText(file: AddedFile): string {
  const { fileName, items, unchanged, kind, height, importId, notes } = file;
  if (kind === undefined)
    return `${named(fileName)} was added before: nothing to do (import ${importId})`;
  const counts = new Map<string, number>();
  for (const it of items) counts.set(it.recordClass, (counts.get(it.recordClass) ?? 0) + 1);
  const classes = [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
  const what = classes === '' ? '' : ` (${classes})`;
  const same = unchanged.length > 0 ? `, ${unchanged.length} unchanged` : '';
  const where =
    importId === undefined ? '' : `, anchored at height ${height}\n  import ${importId}`;
  const cards = file.healthCards.flatMap(cardText);
  const lines = [
    ...cards,
    ...healthLines(file),
    ...besides(file),
    ...notes.slice(0, maxNotes).map(noteText),
  ];
  if (notes.length > maxNotes) lines.push(`and ${notes.length - maxNotes} more of the kind`);
  return [
    `${named(fileName)}: ${amount(items.length, 'record')} added${what}${same}${where}`,
    ...lines.map((line) => `  ${line}`),
  ].join('\n');
}

const maxNotes = 20;

/** How many of each kind a phone wrote down, the most first. */
function healthLines({ healthData }: AddedFile): readonly string[] {
  if (healthData.length === 0) return [];
  const total = healthData.reduce((sum, it) => sum + it.count, 0);
  const lines = healthData.slice(0, maxNotes).map(({ kind, count, first, last, newest }) => {
    const when = first === '' ? '' : ` from ${first} to ${last}`;
    return `  ${named(kind)}: ${count}${when}${newest === '' ? '' : `, last ${named(newest)}`}`;
  });
  const more = healthData.length - lines.length;
  return [
    `${amount(total, 'measurement')} of a phone, counted and kept in the file, not as records:`,
    ...lines,
    ...(more > 0 ? [`  and ${more} more kinds`] : []),
  ];
}

function besides(file: AddedFile): readonly string[] {
  const { restricted, deleted, withdrawn, ofOthers, erasedBefore, items } = file;
  const older = items.filter((it) => it.isOlder).length;
  const lines: string[] = [];
  if (restricted > 0) lines.push(`${amount(restricted, 'record')} marked restricted by the source`);
  if (deleted > 0) {
    lines.push(
      `${amount(deleted, 'record')} deleted at the source, ${withdrawn.length} of them here`,
    );
  }
  if (ofOthers > 0) lines.push(`${amount(ofOthers, 'record')} of other people left out`);
  if (erasedBefore > 0) {
    lines.push(
      `${amount(erasedBefore, 'record')} that you erased left out (--again brings them back)`,
    );
  }
  if (older > 0)
    lines.push(`${amount(older, 'record')} older than what is here: kept as an older version`);
  return lines;
}

function noteText(note: AddedFile['notes'][number]): string {
  if (note.kind === 'outcome') return `the source said: ${named(note.text)}`;
  if (note.kind === 'page') {
    return note.total === undefined
      ? `this is one page of more: ${note.shown} are here`
      : `this is one page of more: ${note.shown} of ${note.total}`;
  }
  const where = note.entry === undefined ? '' : `entry ${note.entry}`;
  const id = note.id === undefined ? '' : ` (id ${named(note.id)})`;
  const place = where === '' ? '' : `${where}${id}: `;
  return note.kind === 'foreign'
    ? `${place}kept as ${note.type}, which is not FHIR R4`
    : `${place}not read, ${note.reason}; it stays in the file`;
}
