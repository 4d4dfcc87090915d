import { sha256 } from '../../crypto/hash.ts';
import { bytesToHex, equalBytes, utf8, utf8ToText } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { RecordId } from '../../primitives/ids.ts';
import type { Action } from '../action.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { stopIfAborted } from '../client/http.ts';
import { knownPeople } from '../grants/address-book.ts';
import { amendmentOf } from '../records/amendment.ts';
import { contentOf } from '../records/carried.ts';
import { fileNameOf } from '../records/file-name.ts';
import { chartHistory } from './chart-history.ts';
import { receiptOfTx } from './fetch-receipt.ts';
import { exportAll } from './give-back.ts';
import type { OpenedRecord } from './own-records.ts';

/** A folder that an account's records go to. Names have no `..` and only `/` between folders. */
export interface ExportFolder {
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** As it lies there, not as it was handed over. */
  read(name: string): Promise<Uint8Array>;
}

export interface ExportedAccount {
  readonly imports: number;
  /** That no import gave back: what others wrote, and what is left of a file of which a part was erased. */
  readonly records: number;
  readonly receipts: number;
  readonly files: number;
}

/**
 * Everything of an account into a folder: what `exportAll` gives back, who wrote what and when, receipts of all anchors,
 * grants and looks with theirs, cards, the trust root. `manifest.json` comes last and has the SHA-256 of each; then all
 * of it is read back and compared. What an earlier try for this account left there, whole and with its manifest, stays and stays listed:
 * a part of the chart may be erased since.
 *
 * Throws EXPORT_INCOMPLETE (what was read back is not what was written), and what opening throws.
 * Source: docs/protocol/commands.md, `person leave`.
 */
export const exportAccount: Action<ExportFolder, ExportedAccount> = {
  name: 'accounts/export',
  async run(ctx, folder, options) {
    const { account, organisationName } = ctx.account;
    const earlier = await earlierExport(folder, account);
    const written = new Map<string, Uint8Array>();
    const write = async (name: string, bytes: Uint8Array): Promise<void> => {
      stopIfAborted(options.signal);
      await folder.write(name, bytes);
      written.set(name, sha256(bytes));
    };
    const isPatient = ctx.account.role === 'patient';
    const counts = isPatient
      ? await writeChart(ctx, { write, earlier }, options)
      : { imports: 0, records: 0, receipts: 0 };
    if (isPatient) {
      for (const [at, file] of (await chartHistory(ctx, options)).entries()) {
        await write(`grants-and-looks-${at + 1}.json`, file);
      }
    }
    await writeCards(ctx, write);
    const now = [...written].map(([name, hash]) => ({ name, sha256: bytesToHex(hash) }));
    const before = [...earlier.files].flatMap(([name, hash]) =>
      written.has(name) ? [] : { name, sha256: hash },
    );
    const files = [...now, ...before];
    await write('manifest.json', json({ account, organisationName, files }));
    for (const [name, hash] of written) {
      stopIfAborted(options.signal);
      if (!equalBytes(sha256(await folder.read(name)), hash)) {
        throw new CodedError('EXPORT_INCOMPLETE', { name });
      }
    }
    return { ...counts, files: written.size };
  },
};

type Write = (name: string, bytes: Uint8Array) => Promise<void>;

const json = (value: unknown): Uint8Array => utf8(`${JSON.stringify(value, undefined, 1)}\n`);

/** What an earlier try left in the folder: hex SHA-256 by name, and what its records.json says. */
interface EarlierExport {
  readonly files: ReadonlyMap<string, string>;
  readonly records: readonly { readonly recordId: string; readonly height: number }[];
}

const nothingEarlier: EarlierExport = { files: new Map(), records: [] };

/** Files that its manifest names and that lie there unchanged; no manifest of this account: nothing. */
async function earlierExport(folder: ExportFolder, account: string): Promise<EarlierExport> {
  const manifest = await jsonIn(folder, 'manifest.json');
  const { account: its, files: listed } = Object(manifest);
  if (its !== account || !Array.isArray(listed)) return nothingEarlier;
  const files = new Map<string, string>();
  for (const { name, sha256: hash } of listed) {
    const bytes = await folder.read(String(name)).catch(() => new Uint8Array(0));
    if (bytesToHex(sha256(bytes)) === hash) files.set(String(name), hash);
  }
  const records = files.has('records.json') ? await jsonIn(folder, 'records.json') : [];
  return { files, records: Array.isArray(records) ? records : [] };
}

async function jsonIn(folder: ExportFolder, name: string): Promise<unknown> {
  try {
    return JSON.parse(utf8ToText(await folder.read(name)));
  } catch {
    return undefined;
  }
}

/** The first number under which nothing else lies: what an earlier try wrote may be all that is left of it. */
function importName(
  given: { readonly fileName: string; readonly sha256: string },
  { files }: EarlierExport,
  taken: Set<string>,
): string {
  for (let number = taken.size + 1; ; number++) {
    const name = `imports/${number}-${safeName(given.fileName)}`;
    const hash = files.get(name);
    if (taken.has(name) || (hash !== undefined && hash !== given.sha256)) continue;
    taken.add(name);
    return name;
  }
}

async function writeChart(
  ctx: Context,
  { write, earlier }: { readonly write: Write; readonly earlier: EarlierExport },
  options: WorkOptions,
) {
  const imports = new Set<string>();
  const facts = new Map<RecordId, RecordFacts>();
  const counts = { imports: 0, records: 0 };
  const told = (record: OpenedRecord, file: string): void => {
    // A record may stand in two files: the first is named.
    const { recordId } = record.head;
    if (!facts.has(recordId)) facts.set(recordId, factsOf(record, file));
  };
  await exportAll(
    ctx,
    async (given) => {
      if (given.kind === 'import') {
        counts.imports += 1;
        const name = importName(given, earlier, imports);
        await write(name, given.bytes);
        for (const record of given.records) told(record, name);
      } else if (given.kind === 'missing') {
        // Whoever leaves erases it first, or has it brought back: it is not left behind in silence.
        throw new CodedError(given.code, { recordId: given.recordId });
      } else {
        counts.records += 1;
        const { head, bytes } = contentOf(given.record);
        const name = `records/${given.record.head.recordId}-${safeName(head.name)}`;
        await write(name, bytes);
        told(given.record, name);
      }
    },
    options,
  );
  const listed = [...facts.values()].sort((a, b) => a.height - b.height);
  const ids = new Set<string>(facts.keys());
  const before = earlier.records.filter((it) => !ids.has(it.recordId));
  const all = [...before, ...listed].sort((a, b) => a.height - b.height);
  await write('records.json', json(all));
  const anchors = [...new Set(listed.map((it) => it.txId))];
  for (const txId of anchors) {
    const receipt = await receiptOfTx(ctx, txId, { signal: options.signal });
    await write(`receipts/${txId}.receipt`, receipt);
  }
  return { ...counts, receipts: anchors.length };
}

type RecordFacts = ReturnType<typeof factsOf>;

function factsOf(record: OpenedRecord, file: string) {
  const { head, bytes, path } = contentOf(record);
  const { recordId, recordClass, name, mediaType, author, previous, writtenMs } = head;
  const { height, timeMs, txId, consent } = record;
  return {
    ...{ recordId, class: recordClass, name, mediaType, author, previous, writtenMs },
    ...{ height, timeMs, txId, consent, file, sha256: bytesToHex(sha256(bytes)) },
    amends: amendmentOf(mediaType),
    movedFrom: path.map(({ account, from, notVerified }) => ({ account, from, notVerified })),
  };
}

async function writeCards(ctx: Context, write: Write): Promise<void> {
  const { content } = ctx.vault;
  const { card, chainId } = ctx.account;
  await write('own.card', card);
  const names = new Map(knownPeople(content).map((it) => [it.card.account, it.nickname]));
  for (const it of content.cards) {
    await write(`cards/${it.account}-${safeName(names.get(it.account) ?? '')}.card`, it.card);
  }
  const trust = content.trust.find((it) => it.chainId === chainId);
  if (trust !== undefined) await write('trust.json', utf8(trust.rootJson));
}

/** Short, for what stands before it. */
const safeName = (name: string): string => fileNameOf(name, { most: 120 }) ?? 'record';
