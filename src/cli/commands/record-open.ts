import type { Command } from 'commander';
import { CodedError } from '../../primitives/errors.ts';
import { contentOf, parsePurpose } from '../../sdk/index.ts';
import { type Acting, openActing, work } from '../acting.ts';
import { issuerKeysHelp } from '../card-lines.ts';
import { findOwnRecord, findSharedRecord } from '../finding-record.ts';
import { offlineOption, openKeptOf, orFromDevice, type Whose } from '../from-device.ts';
import { NameBook } from '../name-book.ts';
import { during } from '../output.ts';
import { findReceived, readUnder } from '../received.ts';
import type { CommandContext } from './command.ts';
import { gather, wholeNumber } from './options.ts';
import { type Opened, type ShowFlags, showOpened } from './record-shown.ts';

interface OpenFlags extends ShowFlags {
  readonly consent?: string;
  readonly patient?: string;
  readonly purpose?: string;
  readonly offline?: boolean;
}

/** One record, opened: to read it, to keep its bytes, or as a page. */
export function addRecordOpen(record: Command, context: CommandContext): void {
  record
    .command('open <id>')
    .description('open one record: by its id, its number in the last list, or its name')
    .option('--out <file>', 'write its bytes (with --html: the page) to a file; - is stdout')
    .option('--html', 'as a page that a person can read and print')
    .option('--raw', 'its bytes as they are, numbers as they are spelled')
    .option('--attachment <number>', 'a document inside it, with --out', wholeNumber(1, 10_000))
    .option('--issuer-keys <file>', issuerKeysHelp, gather)
    .option('--consent <id>', "under this grant (or a patient's name); not needed for the only one")
    .option('--patient <name>', 'of this patient, by all live grants')
    .option('--purpose <purpose>', 'of this look; default: the first that was granted')
    .option(...offlineOption)
    .action((id: string, flags: OpenFlags) => open(context, id, flags));
}

async function open(context: CommandContext, id: string, flags: OpenFlags): Promise<void> {
  const isOffline = flags.offline === true;
  const acting = await openActing(context, { takeBack: !isOffline });
  const isOwn = acting.accounts.some((it) => it.role === 'patient');
  const who = flags.patient ?? flags.consent;
  const whose: Whose = who === undefined && isOwn ? { own: true } : { own: false, who };
  const opened = await orFromDevice(acting, isOffline, {
    hospital: () =>
      whose.own ? openOwn(context, acting, id) : openShared(context, acting, id, flags),
    device: (noAnswer) => openHere(context, acting, id, { whose, noAnswer }),
  });
  const names = new NameBook(context, acting);
  if (opened.fromDevice === undefined) await names.learn([contentOf(opened).head.author]);
  await showOpened(context, opened, flags, names);
}

async function openOwn(context: CommandContext, acting: Acting, id: string): Promise<Opened> {
  return during(context.output, 'Opening', async (progress) => {
    const { recordId, account } = await findOwnRecord(context, acting, id);
    const opened = await acting.person.openRecord(recordId, work(context, account, progress));
    const { height, timeMs, epoch, txId, consent } = opened;
    const facts = { height, timeMs, epoch, txId, consent };
    return { ...opened, patientName: acting.person.name, facts };
  });
}

async function openHere(
  context: CommandContext,
  acting: Acting,
  id: string,
  { whose, noAnswer }: { readonly whose: Whose; readonly noAnswer: string | undefined },
): Promise<Opened | undefined> {
  const found = await openKeptOf(context, acting, id, whose);
  if (found === undefined) return undefined;
  const { height, timeMs, epoch, txId, kept } = found;
  const { consent = found.consent, patient, endMs } = kept;
  const under = whose.own ? {} : { patient, endMs };
  return {
    ...found,
    patientName: whose.own ? acting.person.name : kept.patientName,
    facts: { height, timeMs, epoch, txId, consent, ...under },
    fromDevice: { asOfMs: kept.openedMs, noAnswer },
  };
}

async function openShared(
  context: CommandContext,
  acting: Acting,
  id: string,
  flags: OpenFlags,
): Promise<Opened> {
  const purpose = flags.purpose === undefined ? undefined : parsePurpose(flags.purpose);
  return during(context.output, 'Opening', async (progress) => {
    const { grant, grants, account } = await findReceived(context, acting, {
      who: flags.patient ?? flags.consent,
      fits: (it) => it.terms.readClasses.length > 0,
    });
    const options = { ...work(context, account, progress), purpose };
    const { person } = acting;
    const { recordId, grants: opening } = await findSharedRecord(acting, grants, id, options);
    const read = await readUnder(person, opening, { ...options, recordIds: [recordId] });
    const [record] = read.records;
    const [gone] = read.missing;
    if (record === undefined && gone !== undefined)
      throw gone.because ?? new CodedError(gone.code, { recordId });
    if (record === undefined) {
      throw new CodedError(read.erased.length > 0 ? 'RECORD_ERASED' : 'RECORD_UNKNOWN', {
        recordId,
      });
    }
    const { height, timeMs, epoch, txId } = record.row;
    const looks = read.accesses.map((it) => ({ txId: it.txId, height: it.height }));
    const { consent, patient, patientName } = opening[0] ?? grant;
    const facts = { height, timeMs, epoch, txId, consent, patient, looks };
    return { ...record, patientName, facts };
  });
}
