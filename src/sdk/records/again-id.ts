import { recordClasses } from '../../api/classes.ts';
import { deriveKey } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { type AccountId, idBytes, type RecordId, recordIdOf } from '../../primitives/ids.ts';

/** Which record, and where it is to stand: its chart and class from then on. */
export interface Again {
  readonly recordId: RecordId;
  readonly account: AccountId;
  readonly recordClass: string;
}

/**
 * The id of a record that its owner moves or files anew: random to everybody else, and known before it is made. So what
 * was moved is not moved twice, on whichever device it goes on, and a list of parts that names the old id still finds it.
 * Source: docs/protocol/items.md, rule I-83.
 */
export function againId(
  rootSecret: Uint8Array,
  { recordId, account, recordClass }: Again,
): RecordId {
  const context = [idBytes(account), recordClass, idBytes(recordId)];
  return recordIdOf(deriveKey(rootSecret, labels.recordAgain, context, 16));
}

/** Of every class. */
export function idsAgain(
  rootSecret: Uint8Array,
  account: AccountId,
  recordId: RecordId,
): readonly RecordId[] {
  return recordClasses.map((recordClass) =>
    againId(rootSecret, { recordId, account, recordClass }),
  );
}

/** A chart, as far as finding a record again goes. */
interface Chart {
  isLive(recordId: RecordId): boolean;
  isErased(recordId: RecordId): boolean;
}

/** How often one record may have been filed anew. */
const maxSteps = 64;

/** Where a record is now that had this id once; undefined: nowhere. */
export function foundAgain(
  rootSecret: Uint8Array,
  account: AccountId,
  recordId: RecordId,
  chart: Chart,
): RecordId | undefined {
  const open = [recordId];
  const seen = new Set<RecordId>();
  for (let at = open.shift(); at !== undefined && seen.size < maxSteps; at = open.shift()) {
    if (chart.isLive(at)) return at;
    if (seen.has(at)) continue;
    seen.add(at);
    for (const id of idsAgain(rootSecret, account, at)) {
      if (chart.isLive(id) || chart.isErased(id)) open.push(id);
    }
  }
  return undefined;
}
